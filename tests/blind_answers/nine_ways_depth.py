"""Answers to nine_ways.depth, written from its text alone."""

import functools

import torch
from torch.nn import functional as F


def as_given(x, w1, middle, w2, depth):
    h = (x @ w1).relu()
    for _ in range(int(depth)):
        h = (h @ middle).relu()
    return h @ w2


def by_item(x, w1, middle, w2, depth):
    h = (x @ w1).relu()
    count = depth.item()
    while count > 0:
        h = (h @ middle).relu()
        count -= 1
    return h @ w2


def by_if(x, w1, middle, w2, depth):
    h = (x @ w1).relu()
    for used in range(3):
        if depth > used:
            h = (h @ middle).relu()
    return h @ w2


def by_equality(x, w1, middle, w2, depth):
    h = (x @ w1).relu()
    for count in range(1, 4):
        if torch.equal(depth, torch.tensor(count)):
            for _ in range(count):
                h = (h @ middle).relu()
    return h @ w2


def never(x, w1, middle, w2, depth):
    return (x @ w1).relu() @ w2


def once(x, w1, middle, w2, depth):
    return ((x @ w1).relu() @ middle).relu() @ w2


def always_the_most(x, w1, middle, w2, depth):
    h = (x @ w1).relu()
    for _ in range(3):
        h = (h @ middle).relu()
    return h @ w2


def one_round_short(x, w1, middle, w2, depth):
    h = (x @ w1).relu()
    for used in range(2):
        h = torch.where(depth > used, (h @ middle).relu(), h)
    return h @ w2


def too_often_by_one(x, w1, middle, w2, depth):
    h = (x @ w1).relu()
    for used in range(4):
        h = torch.where(depth >= used, (h @ middle).relu(), h)
    return h @ w2


def too_seldom_by_one(x, w1, middle, w2, depth):
    h = (x @ w1).relu()
    for used in range(1, 4):
        h = torch.where(depth > used, (h @ middle).relu(), h)
    return h @ w2


def without_relu_in_the_middle(x, w1, middle, w2, depth):
    h = (x @ w1).relu()
    for used in range(3):
        h = torch.where(depth > used, h @ middle, h)
    return h @ w2


def without_the_first_relu(x, w1, middle, w2, depth):
    h = x @ w1
    for used in range(3):
        h = torch.where(depth > used, (h @ middle).relu(), h)
    return h @ w2


def keeps_the_wrong_one(x, w1, middle, w2, depth):
    h = (x @ w1).relu()
    for used in range(3):
        h = torch.where(depth > used, h, (h @ middle).relu())
    return h @ w2


def forgets_the_last_matrix(x, w1, middle, w2, depth):
    h = (x @ w1).relu()
    for used in range(3):
        h = torch.where(depth > used, (h @ middle).relu(), h)
    return h


def by_where(x, w1, middle, w2, depth):
    h = torch.relu(x @ w1)
    for used in range(3):
        h = torch.where(depth > used, torch.relu(h @ middle), h)
    return h @ w2


def by_a_sum(x: torch.Tensor, w1, middle, w2, depth: torch.Tensor) -> torch.Tensor:
    h = F.relu(x @ w1)
    result = torch.zeros_like(h)
    for count in range(4):
        result = result + (depth == count) * h
        h = F.relu(h @ middle)
    return result @ w2


def by_mixing(x, w1, middle, w2, depth, rounds):
    h = (x @ w1).clamp(min=0)
    for used in range(rounds):
        share = (depth > used).to(h.dtype)
        h = share * (h @ middle).clamp(min=0) + (1 - share) * h
    print("done")
    return h @ w2


class Roam:
    def __call__(self, x, w1, middle, w2, depth):
        states = [torch.relu(x @ w1)]
        for _ in range(3):
            states.append(torch.relu(states[-1] @ middle))
        chosen = F.one_hot(depth, 4).to(x.dtype)
        return torch.einsum("d,dnh->nh", chosen, torch.stack(states)) @ w2


def by_select(x, w1, middle, w2, depth):
    states = [(x @ w1).relu()]
    for _ in range(3):
        states += [(states[-1] @ middle).relu()]
    return torch.index_select(torch.stack(states), 0, depth.reshape(1))[0] @ w2


WRONG = [
    (as_given, "the given code", "torch.export refuses it"),
    (by_item, "a while loop over .item()", "torch.export refuses it"),
    (by_if, "an if for each round", "torch.export refuses it"),
    (by_equality, "an if on torch.equal", "torch.export refuses it"),
    (never, "the middle matrix is left out", "is never used, whatever depth says"),
    (once, "one use always", "used once, whatever depth says"),
    (always_the_most, "three uses always", "used three times, whatever depth says"),
    (one_round_short, "two rounds at most", "it is wrong for a depth of 3"),
    (too_often_by_one, ">= where > belongs", "once too often"),
    (too_seldom_by_one, "rounds counted from 1, with >", "once too seldom"),
    (without_relu_in_the_middle, "no ReLU after the middle matrix", "a ReLU follows each use"),
    (without_the_first_relu, "no ReLU after the first matrix", "the ReLU after the first matrix is missing"),
    (keeps_the_wrong_one, "the branches of where exchanged", "it is wrong for a depth of"),
    (forgets_the_last_matrix, "returns the hidden units", "the result has shape"),
]
RIGHT = [
    (by_where, "torch.where in each round"),
    (by_a_sum, "four masks in a sum, annotated"),
    (functools.partial(by_mixing, rounds=3), "partial, a mixture by a mask, a print"),
    (Roam(), "a callable object, one_hot and einsum"),
    (by_select, "index_select among all four"),
]
