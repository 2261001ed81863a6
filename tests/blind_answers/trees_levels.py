"""Answers to trees.levels, written from its text alone."""


def plain(tree):
    found = []

    def visit(node):
        if node in (0, 1):
            return 0
        place = max(visit(child) for child in node[1:])
        while len(found) <= place:
            found.append([])
        found[place].append(node)
        return place + 1

    visit(tree)
    return found


def height(node):
    return 0 if node in (0, 1) else 1 + max(height(child) for child in node[1:])


def nodes(tree):
    return [] if tree in (0, 1) else [tree, *(node for child in tree[1:] for node in nodes(child))]


def by_height(tree):
    return [[node for node in nodes(tree) if height(node) == place] for place in range(1, height(tree) + 1)]


def by_dict(tree):
    found = {}
    for node in nodes(tree):
        found.setdefault(height(node), []).append(node)
    return [found[place] for place in sorted(found)]


def as_tuples(tree):
    return tuple(map(tuple, plain(tree)))


def sort_by(place_of):
    def levels(tree):
        found = {}

        def visit(node, depth):
            if node in (0, 1):
                return 0
            place = place_of([visit(child, depth + 1) for child in node[1:]], depth)
            found.setdefault(place, []).append(node)
            return place + 1

        visit(tree, 0)
        return [found.get(place, []) for place in range(max(found, default=-1) + 1)]

    return levels


def backwards(tree):
    return plain(tree)[::-1]


def deepest_first(tree):
    return sort_by(lambda below, depth: depth)(tree)[::-1]


def names(tree):
    return [[node[0] for node in level] for level in plain(tree)]


def once(tree):
    return [list(dict.fromkeys(level)) for level in plain(tree)]


def a_number(tree):
    return height(tree)


def nothing(tree):
    plain(tree)


RIGHT = [
    (plain, "max"),
    (by_height, "by height"),
    (by_dict, "a dict"),
    (as_tuples, "tuples"),
]
WRONG = [
    (sort_by(lambda below, depth: min(below)), "as given", "wait for all of them"),
    (sort_by(lambda below, depth: below[0]), "the first child", "first child only"),
    (sort_by(lambda below, depth: below[-1]), "the last child", "last child only"),
    (sort_by(lambda below, depth: sum(below)), "the sum", "take the highest"),
    (sort_by(lambda below, depth: depth), "from the root", "the root comes first"),
    (deepest_first, "the deepest first", "could come earlier"),
    (backwards, "backwards", "wrong order"),
    (names, "names", "expected ('"),
    (once, "once", "listed twice"),
    (a_number, "a number", "expected a list of lists"),
    (nothing, "returns nothing", "returns nothing"),
]
