"""Answers to trees.levels, written from its text alone."""


def height(tree):
    return 0 if tree in (0, 1) else 1 + max(map(height, tree[1:]))


def nodes(tree):
    return [] if tree in (0, 1) else [tree, *(node for child in tree[1:] for node in nodes(child))]


def mended(join=max, leaf=0):
    def levels(tree):
        found = []

        def visit(node):
            if node in (0, 1):
                return leaf
            place = join([visit(child) for child in node[1:]])
            while len(found) <= place:
                found.append([])
            found[place].append(node)
            return place + 1

        visit(tree)
        return found

    return levels


def by_height(tree):
    return [[node for node in nodes(tree) if height(node) == high] for high in range(1, height(tree) + 1)]


def as_tuples(tree):
    return tuple(tuple(level) for level in by_height(tree))


def turned_round(tree):
    return [level[::-1] for level in by_height(tree)]


def by_rounds(tree):
    waiting, done, rounds = nodes(tree), {0, 1}, []
    while waiting:
        ready = [node for node in waiting if all(child in done for child in node[1:])]
        waiting = [node for node in waiting if node not in ready]
        done |= set(ready)
        rounds.append(ready)
    return rounds


def by_depth(tree):
    found = []

    def visit(node, depth):
        if node in (0, 1):
            return
        while len(found) <= depth:
            found.append([])
        found[depth].append(node)
        for child in node[1:]:
            visit(child, depth + 1)

    visit(tree, 0)
    return found


def deepest_first(tree):
    return by_depth(tree)[::-1]


def root_first(tree):
    return by_height(tree)[::-1]


def without_twins(tree):
    return [list(dict.fromkeys(level)) for level in by_height(tree)]


def empty_at_first(tree):
    return [[], *by_height(tree)] if height(tree) else []


def flat(tree):
    return sorted(nodes(tree), key=height)


def as_dict(tree):
    return dict(enumerate(by_height(tree)))


def without_the_root(tree):
    return by_height(tree)[:-1]


def forgets(tree):
    by_height(tree)


RIGHT = [
    (mended(), "min became max"),
    (by_height, "by the height of each node"),
    (as_tuples, "tuples"),
    (turned_round, "another order within a level"),
    (by_rounds, "round by round, what is ready"),
]
WRONG = [
    (mended(min), "as given", "wait for all of them"),
    (mended(lambda below: below[0]), "the first child", "first child only"),
    (mended(lambda below: below[-1]), "the last child", "last child only"),
    (mended(sum), "the sum", "take the highest"),
    (by_depth, "by the way from the root", "the root comes first"),
    (deepest_first, "deepest first", "some nodes could come earlier"),
    (root_first, "turned round", "wrong order"),
    (without_twins, "each node once", "listed twice"),
    (empty_at_first, "an empty list", "your first list is empty"),
    (flat, "no levels", "expected"),
    (as_dict, "a dict", "expected a list of lists"),
    (without_the_root, "the root is missing", "lists, expected"),
    (forgets, "no return", "returns nothing"),
]
