"""Answers to trees.nand, written from its text alone."""


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


def walk(nand):
    def worth(tree):
        if tree in (0, 1):
            return tree
        name, *children = tree
        inputs = [worth(child) for child in children]
        if name == "nand":
            return nand(inputs)
        if name == "not":
            return 1 - inputs[0]
        return inputs[0] & inputs[1] if name == "and" else inputs[0] | inputs[1]

    return worth


def by_product(inputs):
    product = 1
    for number in inputs:
        product *= number
    return 1 - product


def as_given(tree):
    if tree in (0, 1):
        return tree
    name, *children = tree
    if name == "not":
        return 1 - as_given(children[0])
    if name == "and":
        return as_given(children[0]) & as_given(children[1])
    return as_given(children[0]) | as_given(children[1])


def nothing(tree):
    plain(tree)


def root_only(tree):
    if tree in (0, 1) or tree[0] != "nand":
        return as_given(tree)
    return 1 - min(as_given(child) for child in tree[1:])


RIGHT = [
    (plain, "one more if"),
    (walk(lambda inputs: not all(inputs)), "a bool"),
    (walk(lambda inputs: int(0 in inputs)), "looks for a 0"),
    (walk(by_product), "a product"),
    (walk(lambda inputs: max(1 - number for number in inputs)), "or of not"),
]
WRONG = [
    (as_given, "as given", "taken for or"),
    (walk(min), "and", "this is and"),
    (walk(max), "or", "for or"),
    (walk(lambda inputs: 1 - max(inputs)), "nor", "this is nor"),
    (walk(lambda inputs: 1 - min(inputs[:2])), "two children", "first two children"),
    (walk(lambda inputs: 1 - inputs[0]), "one child", "first child only"),
    (walk(lambda inputs: sum(inputs) % 2), "xor", "this is xor"),
    (walk(lambda inputs: ~min(inputs)), "all bits", "is worth"),
    (root_only, "at the root only", "IndexError"),
    (nothing, "returns nothing", "returns nothing"),
]
