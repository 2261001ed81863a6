"""Plausible wrong answers to every exercise, each with a fragment of the message that it has to get."""

from wrong_answers import (
    n00_start, n01_numpy, n02_tensor, n03_autograd, n04_nn, n05_optim, n06_convlstm, n07_overfitting, n08_files,
    n09_devices,
)

MODULES = (
    n00_start, n01_numpy, n02_tensor, n03_autograd, n04_nn, n05_optim, n06_convlstm, n07_overfitting, n08_files,
    n09_devices,
)
WRONG = {name: cases for module in MODULES for name, cases in module.WRONG.items()}
UNTOUCHED = {name: answer for module in MODULES for name, answer in module.UNTOUCHED.items()}
