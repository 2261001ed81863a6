"""Plausible wrong answers to every exercise, each with a fragment of the message that it has to get."""

import importlib

from course.exercises import MODULES

HERE = [importlib.import_module(f"wrong_answers.{module.__name__.rpartition('.')[2]}") for module in MODULES]
WRONG = {name: cases for module in HERE for name, cases in module.WRONG.items()}
UNTOUCHED = {name: answer for module in HERE for name, answer in module.UNTOUCHED.items()}
