"""Answers to writing.ppmi, written from its text alone."""

import math

import numpy as np
import torch


def pmi(counts):
    together = counts / counts.sum()
    return (together / (together.sum(1, keepdim=True) * together.sum(0, keepdim=True))).log2()


def plain(counts):
    return torch.where(counts > 0, pmi(counts), torch.zeros_like(counts)).clamp(min=0)


def by_nan_to_num(counts):
    return pmi(counts).nan_to_num(nan=0.0, neginf=0.0).clamp(min=0)


def by_loops(counts):
    total, rows, columns = counts.sum().item(), counts.sum(1).tolist(), counts.sum(0).tolist()
    table = [[0.0] * counts.shape[1] for _ in counts]
    for i, row in enumerate(counts.tolist()):
        for j, count in enumerate(row):
            if count:
                table[i][j] = max(0.0, math.log2(count * total / (rows[i] * columns[j])))
    return table


def by_numpy(counts):
    together = counts.numpy() / counts.numpy().sum()
    chance = np.outer(together.sum(1), together.sum(0))
    ratio = np.divide(together, chance, out=np.ones_like(together), where=chance > 0)
    return np.log2(np.maximum(ratio, 1.0))


def as_given(counts):
    together = counts / counts.sum()
    alone = together.sum(1)
    return torch.where(counts > 0, (together / (alone[:, None] * alone)).log2(), 0.0).clamp(min=0)


def columns_twice(counts):
    together = counts / counts.sum()
    alone = together.sum(0)
    return torch.where(counts > 0, (together / (alone[:, None] * alone)).log2(), 0.0).clamp(min=0)


def bare(counts):
    return pmi(counts)


def clamped(counts):
    return pmi(counts).clamp(min=0)


def filled(counts):
    return torch.where(counts > 0, pmi(counts), 0.0)


def turned(counts):
    return plain(counts).T


def natural(counts):
    return plain(counts) * math.log(2)


def absolute(counts):
    return torch.where(counts > 0, pmi(counts), 0.0).abs()


def ratio(counts):
    return torch.where(counts > 0, pmi(counts).exp2(), 0.0)


def smoothed(counts):
    return pmi(counts + 1).clamp(min=0)


def signs(counts):
    return (plain(counts) > 0).float()


def one_number(counts):
    return plain(counts).sum()


def nothing(counts):
    plain(counts)


RIGHT = [
    (plain, "where and clamp"),
    (by_nan_to_num, "nan_to_num"),
    (by_loops, "loops"),
    (by_numpy, "NumPy"),
]
WRONG = [
    (as_given, "as given", "the sums of the rows twice"),
    (columns_twice, "the columns twice", "the sums of the columns twice"),
    (bare, "the PMI", "log2(0)"),
    (turned, "turned", "your table is turned"),
    (clamped, "clamped", "0/0"),
    (filled, "not clamped", "rarer than by chance"),
    (natural, "natural logarithms", "natural logarithms"),
    (absolute, "absolute", "not turned round"),
    (ratio, "the ratio", "its logarithm is missing"),
    (smoothed, "smoothed", "you return [["),
    (signs, "signs", "expected by how much"),
    (one_number, "one number", "expected the same"),
    (nothing, "returns nothing", "returns nothing"),
]
