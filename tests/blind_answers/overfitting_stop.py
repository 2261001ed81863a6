"""Answers to overfitting.stop, written from its text alone."""

import math
from functools import partial
from itertools import accumulate

import numpy as np

# ---------------------------------------------------------------- wrong


def as_given(losses, patience):
    for epoch in range(2, len(losses) + 1):
        if losses[epoch - 1] > losses[epoch - 2]:
            return epoch - 1, epoch
    return len(losses), len(losses)


def worse_than_the_one_before(losses, patience):
    best, waited = 1, 0
    for epoch in range(2, len(losses) + 1):
        if losses[epoch - 1] < losses[epoch - 2]:
            best, waited = epoch, 0
        else:
            waited += 1
        if waited == patience:
            return best, epoch
    return best, len(losses)


def counter_never_reset(losses, patience):
    best, waited = 1, 0
    for epoch in range(2, len(losses) + 1):
        if losses[epoch - 1] < losses[best - 1]:
            best = epoch
        else:
            waited += 1
        if waited == patience:
            return best, epoch
    return best, len(losses)


def a_tie_is_progress(losses, patience):
    best = 1
    for epoch in range(2, len(losses) + 1):
        if losses[epoch - 1] <= losses[best - 1]:
            best = epoch
        if epoch - best >= patience:
            return best, epoch
    return best, len(losses)


def a_tie_stops_the_count(losses, patience):
    best, waited = 1, 0
    for epoch in range(2, len(losses) + 1):
        if losses[epoch - 1] < losses[best - 1]:
            best, waited = epoch, 0
        elif losses[epoch - 1] > losses[best - 1]:
            waited += 1
        if waited == patience:
            return best, epoch
    return best, len(losses)


def one_epoch_too_patient(losses, patience):
    best = 1
    for epoch in range(2, len(losses) + 1):
        if losses[epoch - 1] < losses[best - 1]:
            best = epoch
        elif epoch - best > patience:
            return best, epoch
    return best, len(losses)


def one_epoch_too_hasty(losses, patience):
    best = 1
    for epoch in range(2, len(losses) + 1):
        if losses[epoch - 1] < losses[best - 1]:
            best = epoch
        elif epoch - best >= patience - 1:
            return best, epoch
    return best, len(losses)


def counted_from_zero(losses, patience):
    best = 0
    for epoch, loss in enumerate(losses):
        if loss < losses[best]:
            best = epoch
        if epoch - best >= patience:
            return best, epoch
    return best, len(losses) - 1


def best_of_all_losses(losses, patience):
    best = 1
    for epoch in range(2, len(losses) + 1):
        if losses[epoch - 1] < losses[best - 1]:
            best = epoch
        if epoch - best >= patience:
            return losses.index(min(losses)) + 1, epoch
    return best, len(losses)


def global_best_plus_patience(losses, patience):
    best = min(range(len(losses)), key=losses.__getitem__) + 1
    return best, min(best + patience, len(losses))


def last_may_be_beyond_the_end(losses, patience):
    best = 1
    for epoch in range(2, len(losses) + 1):
        if losses[epoch - 1] < losses[best - 1]:
            best = epoch
        if epoch - best >= patience:
            break
    return best, best + patience


def best_is_the_end_if_never_stopped(losses, patience):
    best = 1
    for epoch in range(2, len(losses) + 1):
        if losses[epoch - 1] < losses[best - 1]:
            best = epoch
        if epoch - best >= patience:
            return best, epoch
    return len(losses), len(losses)


def best_is_where_the_row_began(losses, patience):
    best, waited = 1, 0
    for epoch in range(2, len(losses) + 1):
        if losses[epoch - 1] < losses[best - 1]:
            best, waited = epoch, 0
        else:
            waited += 1
        if waited == patience:
            return epoch - patience + 1, epoch
    return best, len(losses)


def compares_with_patience_epochs_ago(losses, patience):
    for epoch in range(patience + 1, len(losses) + 1):
        if losses[epoch - 1] >= losses[epoch - 1 - patience]:
            return losses.index(min(losses[:epoch])) + 1, epoch
    return losses.index(min(losses)) + 1, len(losses)


def row_of_rises(losses, patience):
    rises = 0
    for epoch in range(2, len(losses) + 1):
        rises = rises + 1 if losses[epoch - 1] > losses[epoch - 2] else 0
        if rises == patience:
            return losses.index(min(losses[:epoch])) + 1, epoch
    return losses.index(min(losses)) + 1, len(losses)


def last_comes_first(losses, patience):
    best = 1
    for epoch in range(2, len(losses) + 1):
        if losses[epoch - 1] < losses[best - 1]:
            best = epoch
        if epoch - best >= patience:
            return epoch, best
    return len(losses), best


def best_loss_instead_of_epoch(losses, patience):
    best = 1
    for epoch in range(2, len(losses) + 1):
        if losses[epoch - 1] < losses[best - 1]:
            best = epoch
        if epoch - best >= patience:
            return losses[best - 1], epoch
    return losses[best - 1], len(losses)


def stop_epoch_not_trained(losses, patience):
    best = 1
    for epoch in range(2, len(losses) + 1):
        if epoch - best > patience:
            return best, epoch
        if losses[epoch - 1] < losses[best - 1]:
            best = epoch
    return best, len(losses)


def first_epoch_forgotten(losses, patience):
    best, lowest = 1, 1.0
    for epoch, loss in enumerate(losses, 1):
        if loss < lowest:
            best, lowest = epoch, loss
        if epoch - best >= patience:
            return best, epoch
    return best, len(losses)


def eats_the_losses(losses, patience):
    best, lowest, epoch = 0, math.inf, 0
    while losses and (epoch == 0 or epoch - best < patience):
        epoch += 1
        loss = losses.pop(0)
        if loss < lowest:
            best, lowest = epoch, loss
    return best, epoch


def fixed_patience(losses, patience=3):
    patience = 3
    best = 1
    for epoch in range(2, len(losses) + 1):
        if losses[epoch - 1] < losses[best - 1]:
            best = epoch
        if epoch - best >= patience:
            return best, epoch
    return best, len(losses)


def none_if_never_stopped(losses, patience):
    best = 1
    for epoch in range(2, len(losses) + 1):
        if losses[epoch - 1] < losses[best - 1]:
            best = epoch
        if epoch - best >= patience:
            return best, epoch


def never_returns(losses, patience):
    epoch, best = 1, 1
    while True:
        if losses[epoch - 1] < losses[best - 1]:
            best = epoch
        if epoch < len(losses) and epoch - best < patience:
            epoch += 1


# ---------------------------------------------------------------- right


def epochs_since_the_best(losses, patience):
    best = 1
    for epoch in range(2, len(losses) + 1):
        if losses[epoch - 1] < losses[best - 1]:
            best = epoch
        elif epoch - best == patience:
            return best, epoch
    return best, len(losses)


def counter_and_lowest(losses, patience):
    best, lowest, waited, last = 0, math.inf, 0, 0
    for loss in losses:
        last += 1
        if loss < lowest:
            best, lowest, waited = last, loss, 0
        else:
            waited += 1
            if waited >= patience:
                break
    return [best, last]


def minimum_of_each_prefix(losses, patience):
    losses = list(losses)

    def best_until(epoch):
        seen = losses[:epoch]
        return seen.index(min(seen)) + 1

    for epoch in range(1, len(losses) + 1):
        if epoch - best_until(epoch) >= patience:
            print("stopped after epoch", epoch)
            return best_until(epoch), epoch
    return best_until(len(losses)), len(losses)


def with_numpy(losses, patience):
    losses = np.asarray(losses, dtype=np.float64)
    lowest = np.minimum.accumulate(losses)
    progress = np.append(True, losses[1:] < lowest[:-1])
    epochs = np.arange(1, len(losses) + 1)
    best = np.maximum.accumulate(np.where(progress, epochs, 0))
    ends = np.flatnonzero(epochs - best >= patience)
    last = ends[0] if len(ends) else len(losses) - 1
    return best[last], epochs[last]


def running_pair(losses, patience):
    pairs = accumulate(((loss, epoch) for epoch, loss in enumerate(losses, 1)), min)
    epoch = best = 0
    for epoch, (_, best) in enumerate(pairs, 1):
        if epoch - best >= patience:
            break
    return best, epoch


class EarlyStopping:
    def __call__(self, losses: list[float], patience: int) -> tuple[int, int]:
        self.best, self.lowest = 1, losses[0]
        epoch = 1
        while epoch < len(losses) and epoch - self.best < patience:
            epoch += 1
            self.look(epoch, losses[epoch - 1])
        return self.best, epoch

    def look(self, epoch: int, loss: float) -> None:
        if loss < self.lowest:
            self.best, self.lowest = epoch, loss


def with_margin(losses, patience, margin):
    best, left = 1, patience
    for epoch, loss in enumerate(losses[1:], 2):
        if loss < losses[best - 1] - margin:
            best, left = epoch, patience
            continue
        left -= 1
        if not left:
            return best, epoch
    return best, len(losses)


WRONG = [
    (as_given, "the given code, no patience", "2) gives best epoch 2 and last epoch 3. You stop at"),
    (
        worse_than_the_one_before,
        "compares with the epoch before, not with the lowest",
        "2) gives best epoch 5 and last epoch 5. 8, 7, 6: they",
    ),
    (
        counter_never_reset,
        "counts bad epochs altogether, not in a row",
        "2) gives best epoch 4 and last epoch 5. Rises that",
    ),
    (a_tie_is_progress, "an equal loss counts as below", "2) gives best epoch 8 and last epoch 8. 3 came twice"),
    (
        a_tie_stops_the_count,
        "an equal loss is not counted as an epoch without progress",
        "2) gives best epoch 4 and last epoch 7. Expected 4",
    ),
    (one_epoch_too_patient, "> instead of >= patience", "2) gives best epoch 2 and last epoch 5. That is one"),
    (one_epoch_too_hasty, "one epoch too early", "2) gives best epoch 2 and last epoch 3. You stop at"),
    (counted_from_zero, "counted from 0", "2) gives best epoch 2 and last epoch 2. You count"),
    (
        best_of_all_losses,
        "the best epoch may lie after the stop",
        "2) gives best epoch 6 and last epoch 4. You look at",
    ),
    (
        global_best_plus_patience,
        "looks into the future: stops only after the lowest of all",
        "2) gives best epoch 6 and last epoch 6. The losses",
    ),
    (
        last_may_be_beyond_the_end,
        "best + patience even where the losses end before",
        "2) gives best epoch 3 and last epoch 5. There are",
    ),
    (
        best_is_the_end_if_never_stopped,
        "the best epoch is the last one if it never stopped",
        "5) gives best epoch 3 and last epoch 3. Expected 1",
    ),
    (
        best_is_where_the_row_began,
        "the first bad epoch instead of the best",
        "2) gives best epoch 3 and last epoch 4. The best",
    ),
    (
        compares_with_patience_epochs_ago,
        "compares with the loss patience epochs ago",
        "2) gives best epoch 5 and last epoch 6. Expected 5",
    ),
    (row_of_rises, "waits for patience rises in a row", "2) gives best epoch 5 and last epoch 5. 8, 7, 6: they"),
    (last_comes_first, "the two numbers swapped", "2) gives best epoch 4 and last epoch 2. The two"),
    (
        best_loss_instead_of_epoch,
        "the best loss instead of the best epoch",
        "2) gives best epoch 7 and last epoch 3. You return",
    ),
    (stop_epoch_not_trained, "notices the stop one epoch later", "2) gives best epoch 2 and last epoch 5. That is one"),
    (
        first_epoch_forgotten,
        "the lowest so far begins with 1.0, wrong for losses above 1",
        "2) gives best epoch 1 and last epoch 3. With losses",
    ),
    (eats_the_losses, "empties the list of the caller", "your function changes its argument losses: make a new"),
    (fixed_patience, "patience is hard-coded", "2) gives best epoch 2 and last epoch 5. That is one"),
    (none_if_never_stopped, "None if it never stopped", "your function returns nothing: does every way through"),
    (never_returns, "never returns", "your code has not ended after 2 seconds: does a loop"),
]
RIGHT = [
    (epochs_since_the_best, "epochs since the best one"),
    (counter_and_lowest, "a counter, a list instead of a tuple"),
    (minimum_of_each_prefix, "the minimum of each prefix, nested helper, prints"),
    (with_numpy, "NumPy inside and as a result"),
    (running_pair, "accumulate with pairs"),
    (EarlyStopping(), "a callable object, annotated"),
    (partial(with_margin, margin=0.0), "a partial; patience counts down"),
]
