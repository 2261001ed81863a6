"""MNIST, or its offline stand-in, and its minibatches."""

from course.mnist.batches import MEAN, STD, Batches, Splits, folds, loader, normalize, split
from course.mnist.drawn import PHOTO, centre_digit, load_photo
from course.mnist.files import Data, ImageSet, describe_data, find_mnist, load_data, load_mnist, verify_mnist

__all__ = [
    "MEAN",
    "PHOTO",
    "STD",
    "Batches",
    "Data",
    "ImageSet",
    "Splits",
    "centre_digit",
    "describe_data",
    "find_mnist",
    "folds",
    "load_data",
    "load_mnist",
    "load_photo",
    "loader",
    "normalize",
    "split",
    "verify_mnist",
]
