"""MNIST, or its offline stand-in, and its minibatches."""

from course.mnist.batches import MEAN, STD, Batches, Splits, folds, loader, normalize, split
from course.mnist.files import Data, ImageSet, describe_data, find_mnist, load_data, load_mnist, verify_mnist

__all__ = [
    "MEAN",
    "STD",
    "Batches",
    "Data",
    "ImageSet",
    "Splits",
    "describe_data",
    "find_mnist",
    "folds",
    "load_data",
    "load_mnist",
    "loader",
    "normalize",
    "split",
    "verify_mnist",
]
