"""MNIST in seconds: recipes of a few tricks, and Muon."""

from course.speedrun.muon import Muon, orthogonalize
from course.speedrun.recipes import RECIPES, Net, Recipe, batches, cut_patches, move_images, train, triangle

__all__ = [
    "RECIPES",
    "Muon",
    "Net",
    "Recipe",
    "batches",
    "cut_patches",
    "move_images",
    "orthogonalize",
    "train",
    "triangle",
]
