"""Answers to optimizers.ema, written from its text alone."""

import functools

import numpy as np


def loop(values, beta):
    average, result = 0, []
    for n, value in enumerate(values):
        average = beta * average + (1 - beta) * value
        result.append(average / (1 - beta ** (n + 1)))
    return result


def weights_written_out(values, beta):
    result = []
    for n in range(1, len(values) + 1):
        weights = np.array([beta ** (n - 1 - k) for k in range(n)])
        result.append(float(weights @ np.array(values[:n]) / weights.sum()))
    return result


def as_array(values, beta):
    return np.array(loop(values, beta))


def generator(values, beta):
    average, share = 0.0, 0.0
    for value in values:
        average = beta * average + (1 - beta) * value
        share = beta * share + (1 - beta)
        yield average / share


class Averager:
    def __call__(self, values, beta):
        return tuple(loop(values, beta))


def plain(values, beta):
    average, result = 0, []
    for value in values:
        average = beta * average + (1 - beta) * value
        result.append(average)
    return result


def from_the_first(values, beta):
    average, result = None, []
    for value in values:
        average = value if average is None else beta * average + (1 - beta) * value
        result.append(average)
    return result


def swapped(values, beta):
    return loop(values, 1 - beta) if 0 < beta < 1 else plain(values, 1 - beta)


def counts_from_zero(values, beta):
    average, result = 0, []
    for n, value in enumerate(values):
        average = beta * average + (1 - beta) * value
        result.append(average / (1 - beta**n) if n else average)
    return result


def only_the_end(values, beta):
    return loop(values, beta)[-1] if values else 0.0


def adds_the_whole(values, beta):
    average, result = 0, []
    for n, value in enumerate(values, 1):
        average = beta * average + value
        result.append(average / (1 - beta**n))
    return result


def with_the_zero(values, beta):
    return [0.0, *loop(values, beta)]


def multiplies(values, beta):
    average, result = 0, []
    for n, value in enumerate(values, 1):
        average = beta * average + (1 - beta) * value
        result.append(average * (1 - beta**n))
    return result


def forgets_to_return(values, beta):
    loop(values, beta)


WRONG = [
    (plain, "without the correction", "nothing is corrected"),
    (from_the_first, "begins at the first value", "it is to begin at 0"),
    (swapped, "old and new exchanged, with a correction to match", "is divided by 1 - "),
    (counts_from_zero, "the power counts from 0", "is divided by 1 - "),
    (only_the_end, "the last one, as a number", "you return a float, expected a list"),
    (adds_the_whole, "adds the whole new value", "is divided by 1 - "),
    (with_the_zero, "the start as well", "expected one for each value"),
    (multiplies, "multiplies by the share", "is divided by 1 - "),
    (forgets_to_return, "a forgotten return", "return"),
]
RIGHT = [
    (loop, "a loop that counts from 0"),
    (weights_written_out, "the weights of all values written out"),
    (as_array, "a NumPy array"),
    (lambda values, beta: list(generator(values, beta)), "the share as an average of ones"),
    (Averager(), "a callable object that gives a tuple"),
    (functools.partial(loop), "functools.partial"),
]
