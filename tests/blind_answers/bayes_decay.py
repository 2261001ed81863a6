"""Answers to bayes.decay, written from its text alone."""

import math

import numpy as np
import torch


def plain(sigma, tau, n):
    if tau == 0:
        return math.inf
    return 2 * sigma**2 / (n * tau**2)


def by_lambda(sigma, tau, n):
    try:
        lam = (sigma / tau) ** 2
    except ZeroDivisionError:
        return float("inf")
    return lam * 2 / n


def by_numpy(sigma, tau, n):
    with np.errstate(divide="ignore"):
        return np.float64(2 * sigma * sigma) / (n * tau * tau)


def by_torch(sigma, tau, n):
    return torch.tensor(2.0 * sigma**2) / (n * torch.tensor(float(tau)) ** 2)


def conditional(sigma, tau, n):
    return math.inf if not tau else sigma**2 / n / (tau**2 / 2)


def scaled(factor=2.0, noise=2, width=2, count=-1, zero=math.inf):
    def decay(sigma, tau, n):
        return zero if tau == 0 else factor * sigma**noise / tau**width * n**count

    return decay


def divides_by_zero(sigma, tau, n):
    return 2 * sigma**2 / (n * tau**2)


def prints_it(sigma, tau, n):
    print(plain(sigma, tau, n))


def a_text(sigma, tau, n):
    return f"{plain(sigma, tau, n)}"


def whole(sigma, tau, n):
    return math.inf if tau == 0 else 2 * sigma**2 // (n * tau**2)


RIGHT = [
    (plain, "as the formula is written"),
    (by_lambda, "lambda first, and the error caught"),
    (by_numpy, "NumPy's infinity"),
    (by_torch, "a tensor"),
    (conditional, "in other pieces"),
]
WRONG = [
    (scaled(factor=1), "the half forgotten", "half"),
    (scaled(factor=0.5), "the factor on the wrong side", "wrong side"),
    (scaled(count=0), "not divided by n", "divided by n"),
    (scaled(factor=1, count=0), "lambda", "lambda"),
    (scaled(count=1), "times n", "multiply by n"),
    (scaled(noise=-2, width=-2), "prior and noise exchanged", "changed places"),
    (scaled(noise=1, width=1), "widths, not squared", "squares"),
    (scaled(noise=0), "no noise", "noise is missing"),
    (scaled(factor=1, noise=0), "that of cross-entropy", "cross-entropy"),
    (scaled(zero=0.0), "no decay for a prior of width 0", "expected inf"),
    (divides_by_zero, "divides by zero", "math.inf"),
    (prints_it, "prints", "returns nothing"),
    (a_text, "a text", "expected a number"),
    (whole, "whole numbers", "expected"),
]
