def given_height(tree): ...


def given_worth(tree):
    if tree in (0, 1):
        return tree
    name, *children = tree
    if name == "not":
        return 1 - given_worth(children[0])
    if name == "and":
        return given_worth(children[0]) & given_worth(children[1])
    return given_worth(children[0]) | given_worth(children[1])


def given_levels(tree):
    found = []

    def visit(node):
        if node in (0, 1):
            return 0
        place = min(visit(child) for child in node[1:])
        while len(found) <= place:
            found.append([])
        found[place].append(node)
        return place + 1

    visit(tree)
    return found


def of_the_first(tree):
    return 0 if tree in (0, 1) else 1 + of_the_first(tree[1])


def lowest(tree):
    return 0 if tree in (0, 1) else 1 + min(map(lowest, tree[1:]))


def with_the_leaf(tree):
    return 1 if tree in (0, 1) else 1 + max(map(with_the_leaf, tree[1:]))


def of_two(tree):
    return 0 if tree in (0, 1) else 1 + max(of_two(tree[1]), of_two(tree[2]))


def counts(tree):
    return 1 if tree in (0, 1) else 1 + sum(map(counts, tree[1:]))


def nand_of_two(tree):
    if isinstance(tree, tuple) and tree[0] == "nand":
        return 1 - (nand_of_two(tree[1]) & nand_of_two(tree[-1]))
    return at_other_places(tree, nand_of_two)


def nor(tree):
    if isinstance(tree, tuple) and tree[0] == "nand":
        return 1 - max(map(nor, tree[1:]))
    return at_other_places(tree, nor)


def only_at_the_root(tree):
    if isinstance(tree, tuple) and tree[0] == "nand":
        return 1 - min(map(given_worth, tree[1:]))
    return given_worth(tree)


def at_other_places(tree, worth):
    if tree in (0, 1):
        return tree
    inputs = [worth(child) for child in tree[1:]]
    return {"not": 1 - inputs[0], "and": min(inputs), "or": max(inputs)}[tree[0]]


def from_the_root(tree):
    found = []

    def visit(node, depth):
        if node not in (0, 1):
            found.extend([] for _ in range(depth + 1 - len(found)))
            found[depth].append(node)
            for child in node[1:]:
                visit(child, depth + 1)

    visit(tree, 0)
    return found


def from_the_deepest(tree):
    return from_the_root(tree)[::-1]


def names_only(tree):
    return [[node[0] for node in level] for level in given_levels(tree)]


UNTOUCHED = {"trees.height": given_height, "trees.nand": given_worth, "trees.levels": given_levels}
WRONG = {
    "trees.height": [
        (of_the_first, "the first child only"),
        (lowest, "the lowest child"),
        (with_the_leaf, "its height is 0"),
        (of_two, "IndexError"),
        (counts, "you count all nodes"),
    ],
    "trees.nand": [
        (given_worth, "taken for or"),
        (nand_of_two, "the first and the last child"),
        (nor, "this is nor"),
        (only_at_the_root, "at the root only"),
    ],
    "trees.levels": [
        (given_levels, "wait for all of them"),
        (from_the_root, "the root comes first"),
        (from_the_deepest, "some nodes could come earlier"),
        (names_only, "expected ('"),
    ],
}
