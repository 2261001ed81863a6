"""Answers to trees.height, written from its text alone."""


def plain(tree):
    if tree in (0, 1):
        return 0
    return 1 + max(height_of for height_of in map(plain, tree[1:]))


def with_unpacking(tree):
    if isinstance(tree, int):
        return 0
    _, *children = tree
    return max([with_unpacking(child) for child in children]) + 1


def by_loop(tree):
    highest = 0
    if isinstance(tree, tuple):
        for child in tree[1:]:
            highest = max(highest, by_loop(child) + 1)
    return highest


def by_rounds(tree):
    steps, nodes = 0, [tree]
    while True:
        nodes = [child for node in nodes if isinstance(node, tuple) for child in node[1:]]
        if not nodes:
            return steps
        steps += 1


def as_float(tree):
    return float(plain(tree))


def fold(leaf, join):
    def height(tree):
        return leaf if tree in (0, 1) else join([height(child) for child in tree[1:]])

    return height


def one_level(tree):
    return 0 if tree in (0, 1) else 1


def without_leaf(tree):
    return 1 + max(without_leaf(child) for child in tree[1:])


def nothing(tree):
    plain(tree)


RIGHT = [
    (plain, "max of a map"),
    (with_unpacking, "unpacked"),
    (by_loop, "a loop"),
    (by_rounds, "level by level"),
    (as_float, "a float"),
]
WRONG = [
    (fold(0, lambda below: 1 + min(below)), "the lowest", "lowest child"),
    (fold(0, lambda below: 1 + below[0]), "the first child", "first child only"),
    (fold(0, lambda below: 1 + below[-1]), "the last child", "last child only"),
    (fold(1, lambda below: 1 + max(below)), "one too many", "count the leaf"),
    (fold(0, max), "always 0", "nothing is ever added"),
    (fold(1, lambda below: 1 + sum(below)), "all nodes", "count all nodes"),
    (fold(0, lambda below: 1 + sum(below)), "all operations", "count all operations"),
    (one_level, "one level", "one level down"),
    (without_leaf, "no end", "TypeError"),
    (nothing, "returns nothing", "returns nothing"),
]
