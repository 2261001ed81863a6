"""Train a classifier: one epoch, evaluation, and `fit` with early stopping and checkpoints that resume exactly."""

from course._checkpoint import load_checkpoint, save_checkpoint
from course.train.epoch import Loss, Metrics, Minibatches, check_together, evaluate, train_epoch
from course.train.fitting import History, fit

__all__ = [
    "History",
    "Loss",
    "Metrics",
    "Minibatches",
    "check_together",
    "evaluate",
    "fit",
    "load_checkpoint",
    "save_checkpoint",
    "train_epoch",
]
