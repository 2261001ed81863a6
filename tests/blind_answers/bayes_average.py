"""Answers to bayes.average, written from its text alone."""

import numpy as np
import torch


def plain(w, x):
    return torch.sigmoid(x @ w.T).mean(1)


def other_way_round(w, x):
    return torch.sigmoid(w @ x.T).mean(0)


def by_numpy(w, x):
    return (1 / (1 + np.exp(-(x.numpy() @ w.numpy().T)))).mean(axis=1)


def draw_by_draw(w, x):
    total = torch.zeros(len(x))
    for weights in w:
        total += (x @ weights).sigmoid()
    return total / len(w)


def place_by_place(w, x):
    return [torch.sigmoid(w @ place).mean() for place in x]


def by_softmax(w, x):
    logits = x @ w.T
    return torch.stack([torch.zeros_like(logits), logits]).softmax(0)[1].mean(-1)


def reduced(reduce):
    def average(w, x):
        return reduce(torch.sigmoid(x @ w.T))

    return average


def as_given(w, x):
    return torch.sigmoid(x @ w.mean(0))


def mean_logit(w, x):
    return torch.sigmoid((x @ w.T).mean(1))


def logits(w, x):
    return (x @ w.T).mean(1)


def votes(w, x):
    return (torch.sigmoid(x @ w.T) > 0.5).double().mean(1)


def last(w, x):
    for weights in w:
        chance = torch.sigmoid(x @ weights)
    return chance


def first(w, x):
    return torch.sigmoid(x @ w[0])


def middle_weights(w, x):
    return torch.sigmoid(x @ w.median(0).values)


def nothing(w, x):
    torch.sigmoid(x @ w.T).mean(1)


RIGHT = [
    (plain, "all at once"),
    (other_way_round, "draws first"),
    (by_numpy, "NumPy"),
    (draw_by_draw, "a loop over draws"),
    (place_by_place, "a list of tensors"),
    (by_softmax, "softmax over two classes"),
]
WRONG = [
    (as_given, "as given", "mean of the chances"),
    (mean_logit, "the mean of the logits", "mean of the chances"),
    (logits, "logits", "logits"),
    (votes, "votes", "how sure"),
    (last, "the last draw", "last draw"),
    (first, "the first draw", "first draw"),
    (middle_weights, "the median weights", "median"),
    (reduced(lambda chances: chances.median(1).values), "the median", "median"),
    (reduced(lambda chances: chances.sum(1)), "the sum", "add"),
    (reduced(lambda chances: chances.max(1).values), "the largest", "largest"),
    (reduced(lambda chances: chances.mean(0)), "over the places", "which dimension"),
    (reduced(lambda chances: chances.mean()), "one number", "expected (4,)"),
    (reduced(lambda chances: chances), "the whole table", "expected (4,)"),
    (reduced(lambda chances: chances.mean(1, keepdim=True)), "a column", "expected (4,)"),
    (reduced(lambda chances: "sure"), "a word", "expected a tensor"),
    (nothing, "returns nothing", "returns nothing"),
]
