"""Answers to overfitting.dropout, written from its text alone."""

# p = 1: a right answer cannot keep the mean of sums; the right ones here return zeros, no wrong one fails there only.
import random
from functools import partial

import numpy as np
import torch
from torch.nn import functional as F

# ---------------------------------------------------------------- wrong


def kept_instead_of_dropped(x, p, training):
    if not training:
        return x
    return x * (torch.rand_like(x) < p) / max(1 - p, 1e-9)


def kept_with_p_and_scaled_with_p(x, p, training):
    if not training:
        return x
    return x * (torch.rand_like(x) < p) / max(p, 1e-9)


def not_scaled(x, p, training):
    if not training:
        return x
    return x * (torch.rand_like(x) >= p)


def scaled_the_wrong_way(x, p, training):
    if not training:
        return x
    return x * (torch.rand_like(x) >= p) * (1 - p)


def scaled_by_p(x, p, training):
    if not training:
        return x
    return x * (torch.rand_like(x) >= p) / max(p, 1e-9)


def scaled_by_two(x, p, training):
    if not training:
        return x
    return 2 * x * (torch.rand_like(x) >= p)


def scaled_at_test_instead(x, p, training):
    if not training:
        return x * (1 - p)
    return x * (torch.rand_like(x) >= p)


def ignores_training(x, p, training):
    return x * (torch.rand_like(x) >= p) / max(1 - p, 1e-9)


def mode_turned_round(x, p, training):
    if training:
        return x
    return x * (torch.rand_like(x) >= p) / max(1 - p, 1e-9)


def scales_while_not_training_too(x, p, training):
    scale = 1 / max(1 - p, 1e-9)
    if training:
        x = x * (torch.rand_like(x) >= p)
    return x * scale


def one_coin_for_all(x, p, training):
    if not training:
        return x
    return x * float(torch.rand(()) >= p) / max(1 - p, 1e-9)


def whole_rows_dropped(x, p, training):
    if not training:
        return x
    mask = torch.rand(len(x), *[1] * (x.dim() - 1)) >= p
    return x * mask / max(1 - p, 1e-9)


def one_mask_for_all_rows(x, p, training):
    if not training:
        return x
    mask = torch.rand(x.shape[-1:]) >= p
    return x * mask / max(1 - p, 1e-9)


def same_mask_in_each_call(x, p, training):
    if not training:
        return x
    mask = torch.rand(x.shape, generator=torch.Generator().manual_seed(0)) >= p
    return x * mask / max(1 - p, 1e-9)


def exact_share_dropped(x, p, training):
    if not training:
        return x
    mask = torch.ones(x.numel())
    mask[torch.randperm(x.numel())[: round(p * x.numel())]] = 0
    return x * mask.reshape(x.shape) / max(1 - p, 1e-9)


def scaled_by_the_share_that_was_kept(x, p, training):
    if not training:
        return x
    mask = (torch.rand_like(x) >= p).to(x.dtype)
    return x * mask / mask.mean()


def normal_instead_of_uniform(x, p, training):
    if not training:
        return x
    return x * (torch.randn_like(x) >= p) / max(1 - p, 1e-9)


def in_place(x, p, training):
    if training:
        with torch.no_grad():
            x *= torch.rand_like(x) >= p
            x /= max(1 - p, 1e-9)
    return x


def cut_from_the_graph(x, p, training):
    if not training:
        return x
    return x.detach() * (torch.rand_like(x) >= p) / max(1 - p, 1e-9)


def graph_cut_while_not_training(x, p, training):
    if not training:
        return x.detach()
    return x * (torch.rand_like(x) >= p) / max(1 - p, 1e-9)


def added_noise(x, p, training):
    if not training:
        return x
    return x * (1 + (p / max(1 - p, 1e-9)) ** 0.5 * torch.randn_like(x))


def shorter_tensor(x, p, training):
    if not training:
        return x
    return x[torch.rand_like(x) >= p] / max(1 - p, 1e-9)


def mask_returned(x, p, training):
    if not training:
        return x
    return (torch.rand_like(x) >= p).to(x.dtype) / max(1 - p, 1e-9)


def returns_only_while_training(x, p, training):
    if training:
        return x * (torch.rand_like(x) >= p) / max(1 - p, 1e-9)


def needs_a_module(x, p, training):
    return torch.nn.Dropout(p)(x, training)


# ---------------------------------------------------------------- right


def mask_and_scale(x, p, training):
    if not training:
        return x
    scale = 1 / (1 - p) if p < 1 else 0.0
    return x * (torch.rand_like(x) >= p) * scale


def bernoulli_copy(x, p, training):
    if not training:
        return x.clone()
    keep = torch.bernoulli(torch.full_like(x, 1 - p))
    return x * keep / max(1 - p, 1e-9)


def filled_mask(x, p, training):
    if training:
        dropped = torch.rand(x.shape, device=x.device) < p
        x = x.masked_fill(dropped, 0) / (1 - p if p < 1 else 1)
    return x


def where_kept(x: torch.Tensor, p: float, training: bool) -> torch.Tensor:
    def scaled(value: torch.Tensor) -> torch.Tensor:
        return value / max(1 - p, 1e-9)

    if not training:
        return x
    kept = torch.rand_like(x) >= p
    print("kept", kept.sum())
    return torch.where(kept, scaled(x), torch.zeros_like(x))


def library_call(x, p, training):
    return F.dropout(x.clone(), p, training)


def coins_of_python(x, p, training):
    if not training:
        return x
    coins = [random.random() >= p for _ in range(x.numel())]
    return x * torch.tensor(coins, device=x.device).reshape(x.shape) / max(1 - p, 1e-9)


def coins_of_numpy(x, p, training):
    if not training:
        return x
    mask = np.random.binomial(1, 1 - p, size=tuple(x.shape)) / max(1 - p, 1e-9)
    return x * torch.as_tensor(mask, dtype=x.dtype, device=x.device)


def with_source(x, p, training, source):
    if not training or p == 0:
        return x + 0
    out = x / max(1 - p, 1e-9)
    out[source(x) < p] = 0
    return out


class Dropper:
    def __init__(self):
        self.calls = 0

    def __call__(self, x, p, training):
        self.calls += 1
        keep = 1 - p
        if not training:
            return x
        return x * torch.empty_like(x).bernoulli_(keep).div_(keep or 1)


WRONG = [
    (
        kept_instead_of_dropped,
        "p is the probability to keep, right for p = 0.5",
        "80% of the numbers: is p the part to drop or the part",
    ),
    (
        kept_with_p_and_scaled_with_p,
        "keeps with p and scales for it, right for p = 0.5",
        "80% of the numbers: is p the part to drop or the part",
    ),
    (not_scaled, "sums do not keep their mean", "what stays keeps its size, so a sum shrinks to 80%"),
    (scaled_the_wrong_way, "times 1 - p instead of divided", "what stays is multiplied by 1 - p, so a sum shrinks"),
    (scaled_by_p, "divided by p, right for p = 0.5", "what stays is divided by p: with p near 0, when"),
    (scaled_by_two, "hard-coded scale for p = 0.5", "what stays is multiplied by 2: is the mean of many"),
    (
        scaled_at_test_instead,
        "the old way: scales while not training",
        "you shrink at evaluation what was too large in",
    ),
    (ignores_training, "drops always", "numbers are dropped while evaluating, too: what is"),
    (mode_turned_round, "drops while not training", "numbers are dropped while evaluating, and none while"),
    (
        scales_while_not_training_too,
        "scales while not training, too",
        "evaluation changes the numbers: where nothing is",
    ),
    (one_coin_for_all, "one coin for the whole tensor", "all numbers are dropped or none: draw a mask in the"),
    (whole_rows_dropped, "drops whole rows", "a whole row is dropped or kept at a time: draw a mask"),
    (
        one_mask_for_all_rows,
        "the same columns are dropped in each row",
        "a whole column is dropped or kept at a time: draw a",
    ),
    (same_mask_in_each_call, "the same mask in each call", "two calls drop the same numbers: the mask has to be"),
    (
        exact_share_dropped,
        "drops an exact share, numbers are not independent; a single one never or always",
        "every call drops equally many numbers: each is",
    ),
    (
        scaled_by_the_share_that_was_kept,
        "scaled by the share that was kept: nan if none, sums of ones never vary",
        "is the mean of many sums still that of x?",
    ),
    (normal_instead_of_uniform, "normal instead of uniform numbers", "59% of the numbers, expected that part to be p"),
    (in_place, "changes its argument", "your function changes its argument x: make a new one"),
    (cut_from_the_graph, "no gradient while training", "the numbers are right, but while training no gradient"),
    (graph_cut_while_not_training, "no gradient while not training", "the numbers are right, but while evaluating no"),
    (
        added_noise,
        "Gaussian noise with the same mean and variance, nothing is dropped",
        "while training nothing is dropped: what does the mask",
    ),
    (shorter_tensor, "leaves the dropped numbers out, another shape", "while training, the result has shape (16055,)"),
    (mask_returned, "returns the mask, right for ones", "the numbers that stay are not all scaled alike"),
    (
        returns_only_while_training,
        "returns None while not training",
        "your function returns nothing: does every way through",
    ),
    (needs_a_module, "raises a TypeError", "Dropout.forward() takes 2 positional arguments but 3"),
]
RIGHT = [
    (mask_and_scale, "the usual way"),
    (bernoulli_copy, "bernoulli, a copy while not training"),
    (filled_mask, "masked_fill"),
    (where_kept, "where, annotated, nested helper, prints"),
    (library_call, "F.dropout of a copy"),
    (coins_of_python, "coins by Python's random"),
    (coins_of_numpy, "coins by NumPy"),
    (partial(with_source, source=torch.rand_like), "a partial; assigns zeros to a new tensor"),
    (Dropper(), "a callable object with a counter"),
    (
        lambda x, p, training: x * (torch.rand_like(x) >= p).to(x) / max(1 - p, 1e-9) if training else x,
        "a lambda",
    ),
]
