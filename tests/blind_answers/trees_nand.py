"""Answers to trees.nand, written from its text alone."""

import numpy as np
import torch


def plain(tree):
    if tree in (0, 1):
        return tree
    name, *children = tree
    if name == "not":
        return 1 - plain(children[0])
    if name == "and":
        return plain(children[0]) & plain(children[1])
    if name == "nand":
        return 1 - min(plain(child) for child in children)
    return plain(children[0]) | plain(children[1])


def by_all(tree):
    if isinstance(tree, int):
        return tree
    inputs = [by_all(child) for child in tree[1:]]
    if tree[0] == "nand":
        return not all(inputs)
    return {"not": not inputs[0], "and": all(inputs), "or": any(inputs)}[tree[0]]


def by_product(tree):
    if tree in (0, 1):
        return tree
    name, *children = tree
    inputs = np.array([by_product(child) for child in children])
    if name in ("nand", "not"):
        return 1 - inputs.prod()
    return inputs.prod() if name == "and" else inputs.max()


def by_loop(tree):
    if tree in (0, 1):
        return tree
    name, *children = tree
    if name == "nand":
        for child in children:
            if by_loop(child) == 0:
                return 1
        return 0
    first = by_loop(children[0])
    if name == "not":
        return 1 - first
    second = by_loop(children[1])
    return first & second if name == "and" else first | second


def by_torch(tree):
    return torch.tensor(plain(tree))


def with_nand(nand):
    def worth(tree):
        if tree in (0, 1):
            return tree
        inputs = [worth(child) for child in tree[1:]]
        if tree[0] == "nand":
            return nand(inputs)
        return {"not": 1 - inputs[0], "and": min(inputs), "or": max(inputs)}[tree[0]]

    return worth


def as_given(tree):
    if tree in (0, 1):
        return tree
    name, *children = tree
    if name == "not":
        return 1 - as_given(children[0])
    if name == "and":
        return as_given(children[0]) & as_given(children[1])
    return as_given(children[0]) | as_given(children[1])


def not_below(tree):
    if isinstance(tree, tuple) and tree[0] == "nand":
        return 1 - min(as_given(child) for child in tree[1:])
    return as_given(tree)


def breaks_or(tree):
    if tree in (0, 1):
        return tree
    name, *children = tree
    inputs = [breaks_or(child) for child in children]
    if name == "not":
        return 1 - inputs[0]
    return min(inputs) if name == "and" else 1 - min(inputs)


def children_as_they_are(tree):
    if tree in (0, 1):
        return tree
    if tree[0] == "nand":
        return 1 - min(tree[1:])
    return plain(tree)


RIGHT = [
    (plain, "one case more"),
    (by_all, "all and any, booleans"),
    (by_product, "a product, NumPy"),
    (by_loop, "a loop that ends early"),
    (by_torch, "a tensor"),
]
WRONG = [
    (as_given, "as given", "taken for or"),
    (with_nand(min), "and", "this is and"),
    (with_nand(max), "or", "this is or"),
    (with_nand(lambda x: 1 - max(x)), "nor", "this is nor"),
    (with_nand(lambda x: 1 - (x[0] & x[1])), "two children", "or one"),
    (with_nand(lambda x: 1 - min(x[:2])), "the first two", "first two children only"),
    (with_nand(lambda x: 1 - (x[0] & x[-1])), "first and last", "the first and the last"),
    (with_nand(lambda x: 1 - x[0]), "the first", "first child only"),
    (with_nand(lambda x: sum(x) % 2), "xor", "this is xor"),
    (with_nand(lambda x: ~min(x)), "all bits", "`~`"),
    (not_below, "at the root only", "at the root only"),
    (breaks_or, "or is gone", "is worth"),
    (children_as_they_are, "children are not computed", "TypeError"),
    (with_nand(lambda x: None), "returns nothing", "returns nothing"),
]
