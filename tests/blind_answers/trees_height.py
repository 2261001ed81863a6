"""Answers to trees.height, written from its text alone."""

import numpy as np
import torch


def plain(tree):
    if tree in (0, 1):
        return 0
    return 1 + max(plain(child) for child in tree[1:])


def by_type(tree):
    if isinstance(tree, int):
        return 0
    _, *children = tree
    return max(map(by_type, children)) + 1


def by_loop(tree):
    highest = -1
    if not isinstance(tree, tuple):
        return 0
    for child in tree[1:]:
        highest = max(highest, by_loop(child))
    return highest + 1


def by_stack(tree):
    longest, waiting = 0, [(tree, 0)]
    while waiting:
        node, above = waiting.pop()
        longest = max(longest, above)
        if isinstance(node, tuple):
            waiting += [(child, above + 1) for child in node[1:]]
    return longest


def by_numpy(tree):
    return np.int64(plain(tree))


def by_torch(tree):
    return torch.tensor(plain(tree))


def folded(leaf, join):
    def height(tree):
        return leaf if tree in (0, 1) else join([height(child) for child in tree[1:]])

    return height


def two_children(tree):
    if tree in (0, 1):
        return 0
    _, left, right = tree
    return 1 + max(two_children(left), two_children(right))


def not_recursive(tree):
    return 0 if tree in (0, 1) else 1


def with_the_name(tree):
    return 0 if tree in (0, 1) else 1 + max(with_the_name(part) for part in tree)


def forgets_the_leaf(tree):
    return 1 + max(forgets_the_leaf(child) for child in tree[1:])


def forgets_to_return(tree):
    if tree in (0, 1):
        return 0
    1 + max(plain(child) for child in tree[1:])


RIGHT = [
    (plain, "max of a generator"),
    (by_type, "asks for int"),
    (by_loop, "a loop"),
    (by_stack, "no recursion"),
    (by_numpy, "NumPy's number"),
    (by_torch, "a tensor"),
]
WRONG = [
    (folded(0, lambda below: 1 + min(below)), "min", "lowest child"),
    (folded(0, lambda below: 1 + below[0]), "the first child", "first child only"),
    (folded(0, lambda below: 1 + below[-1]), "the last child", "last child only"),
    (folded(1, lambda below: 1 + max(below)), "leaves are 1 high", "its height is 0"),
    (folded(0, max), "no 1", "nothing is ever added"),
    (folded(1, lambda below: 1 + sum(below)), "all nodes", "all nodes"),
    (folded(0, lambda below: 1 + sum(below)), "all operations", "all operations"),
    (two_children, "takes two children", "ValueError"),
    (not_recursive, "one level", "one level down only"),
    (with_the_name, "the name is taken for a child", "your function raises"),
    (forgets_the_leaf, "no case for leaves", "TypeError"),
    (forgets_to_return, "no return", "returns nothing"),
]
