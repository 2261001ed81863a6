"""The exercises of notebook 24_trees."""

from collections import Counter
from collections.abc import Callable

from course.exercises.exercise import Exercise, Mistake, as_number, call_cases, explain, first_wrong, near

CHAIN = ("f", ("f", ("f", ("f", 1))))
HEIGHTS = (
    (("and", 0, 1),),
    (0,),
    (1,),
    (("not", 1),),
    (("and", ("not", ("not", 0)), 1),),
    (("or", 1, ("xor", 0, ("not", 1))),),
    (CHAIN,),
    (("three", 0, ("f", 1), 0),),
    (("three", ("f", ("f", 1)), ("two", 0, 0), ("f", 1)),),
    (("five", 0, 1, ("two", ("f", ("f", 0)), 1), 1, CHAIN),),
)


def check_height(answer: object) -> None:
    right = [height(*case) for case in HEIGHTS]
    results = call_cases(answer, HEIGHTS, WRONG_HEIGHT, 1e-6, right, as_number)
    if near(results, right):
        return
    explain(results, HEIGHTS, WRONG_HEIGHT)
    place = first_wrong(results, right)
    raise Mistake(f"for {HEIGHTS[place][0]} you return {results[place]:g}, expected {right[place]}.")


def height(tree):
    if tree in (0, 1):
        return 0
    return 1 + max(height(child) for child in tree[1:])


def _fold(leaf: int, join: Callable) -> Callable:
    """Return a function of a tree: what leaves are worth, and what a node makes of its children's results."""

    def walk(tree):
        return leaf if tree in (0, 1) else join([walk(child) for child in tree[1:]])

    return walk


WRONG_HEIGHT = (
    (_fold(0, lambda below: 1 + min(below)), "you take the lowest child: the height is that of the highest, and 1."),
    (_fold(0, lambda below: 1 + below[0]), "you look at the first child only: the highest may be another."),
    (_fold(0, lambda below: 1 + below[-1]), "you look at the last child only: the highest may be another."),
    (
        _fold(0, lambda below: 1 + max(below[:2])),
        "you look at the first two children only: an operation may have more.",
    ),
    (_fold(1, lambda below: 1 + max(below)), "you count the leaf as well: its height is 0."),
    (_fold(0, lambda below: max(below)), "nothing is ever added: a node is 1 higher than its highest child."),
    (_fold(1, lambda below: 1 + sum(below)), "you count all nodes, expected those on the longest way down."),
    (_fold(0, lambda below: 1 + sum(below)), "you count all operations, expected those on the longest way down."),
    (_fold(1, lambda below: sum(below)), "you count the leaves, expected the steps of the longest way down."),
    (lambda tree: 0 if tree in (0, 1) else 1, "you look one level down only: a child has a height of its own."),
)

WORTHS = (
    (("nand", 1, 1),),
    (("nand", 0, 1),),
    (("nand", 1, 0),),
    (("nand", 0, 0),),
    (("nand", 1),),
    (("nand", 0),),
    (("nand", 1, 1, 1),),
    (("nand", 1, 1, 0),),
    (("nand", 0, 1, 1),),
    (("nand", 0, 0, 1),),
    (("nand", 0, 1, 0),),
    (("nand", 1, 0, 1, 1),),
    (("and", ("nand", 1, 1), 1),),
    (("or", 0, ("nand", 1, ("nand", 1, 0))),),
    (("nand", ("or", 0, 1), ("and", 1, 1), ("not", 0)),),
    (("nand", ("nand", ("not", 0), 1), ("nand", 0)),),
    (("not", ("nand", 1, 1)),),
    (("and", 0, 1),),
    (("or", 1, 0),),
    (("or", ("and", 1, 0), 0),),
    (("not", ("or", 0, 0)),),
    (("not", 1),),
    (("and", ("not", 0), ("or", 0, 1)),),
    (0,),
    (1,),
)


def check_nand(answer: object) -> None:
    right = [worth(*case) for case in WORTHS]
    results = call_cases(answer, WORTHS, WRONG_WORTH, 1e-6, right, _read_bit)
    if near(results, right):
        return
    explain(results, WORTHS, WRONG_WORTH)
    place = first_wrong(results, right)
    raise Mistake(f"{WORTHS[place][0]} is worth {right[place]}, you return {results[place]:g}.")


def _read_bit(result: object) -> float:
    """Return a number, also for True, NumPy's or Python's."""
    if isinstance(result, bool) or type(result).__name__ in ("bool", "bool_"):
        return float(bool(result))
    return as_number(result)


def worth(tree):
    if tree in (0, 1):
        return tree
    name, *children = tree
    inputs = [worth(child) for child in children]
    if name in ("not", "nand"):
        return 1 - min(inputs)
    if name == "and":
        return min(inputs)
    return max(inputs)


def _with_nand(nand: Callable) -> Callable:
    """Return `worth` with another function of the inputs of nand."""

    def walk(tree):
        if tree in (0, 1):
            return tree
        name, *children = tree
        inputs = [walk(child) for child in children]
        if name == "nand":
            return nand(inputs)
        return {"not": 1 - inputs[0], "and": min(inputs[:2]), "or": max(inputs[:2])}[name]

    return walk


def _nand_at_the_root(tree):
    if tree not in (0, 1) and tree[0] == "nand":
        return 1 - min(map(_without_nand, tree[1:]))
    return _without_nand(tree)


def _without_nand(tree):
    if tree in (0, 1):
        return tree
    inputs = [_without_nand(child) for child in tree[1:]]
    return {"not": 1 - inputs[0], "and": min(inputs[:2])}.get(tree[0], inputs[0] | inputs[-1])


WRONG_WORTH = (
    (_nand_at_the_root, "nand is known at the root only: call `worth` itself for the children."),
    (_with_nand(lambda x: x[0] | x[-1]), "nand is still taken for or: what comes after the last `if` needs its own."),
    (_with_nand(lambda x: x[0] | x[1]), "nand is still taken for or: what comes after the last `if` needs its own."),
    (_with_nand(min), "this is and: nand is its opposite."),
    (_with_nand(lambda x: x[0] & x[1]), "this is and: nand is its opposite."),
    (_with_nand(max), "this is or: nand is 0 if all its children are worth 1, else 1."),
    (_with_nand(lambda x: 1 - max(x)), "this is nor: nand is 0 only if all its children are worth 1."),
    (_with_nand(lambda x: 1 - (x[0] | x[1])), "this is nor: nand is 0 only if all its children are worth 1."),
    (_with_nand(lambda x: 1 - (x[0] & x[-1])), "you look at the first and the last child: nand may have more."),
    (_with_nand(lambda x: 1 - min(x[:2])), "you look at the first two children only: nand may have more."),
    (_with_nand(lambda x: 1 - (x[0] & x[1])), "you look at the first two children only: nand may have more, or one."),
    (_with_nand(lambda x: 1 - x[0]), "you look at the first child only: nand may have more."),
    (_with_nand(lambda x: sum(x) % 2), "this is xor: nand is 0 if all its children are worth 1, else 1."),
    (_with_nand(lambda x: 1 - sum(x) % 2), "this is the opposite of xor: nand is 0 only if all children are worth 1."),
    (
        _with_nand(lambda x: 1 if len(x) > 1 and min(x) == 0 else 1 - x[0] if len(x) == 1 else min(x)),
        "nand is 0 if all its children are worth 1.",
    ),
    (_with_nand(lambda x: ~min(x)), "`~` turns all bits of a number round, ~1 is -2: take 1 - x."),
)

LEVELS = (
    (("and", ("not", 0), ("or", 0, 1)),),
    (("and", ("not", ("not", 0)), 1),),
    (("and", 1, ("not", ("not", 0))),),
    (("or", 1, ("xor", ("not", 1), ("and", ("not", 1), ("not", ("not", 1))))),),
    (("if", 0, ("not", ("or", 0, 0)), ("not", 1)),),
    (("if", ("not", ("not", 0)), ("not", 1), ("not", ("not", ("not", 0)))),),
    (("not", ("not", ("not", ("not", 1)))),),
    (("and", ("and", ("not", 0), ("not", 0)), ("or", 0, ("not", 0))),),
    (("not", 1),),
    (0,),
    (1,),
)


def check_levels(answer: object) -> None:
    right = [_read_levels(levels(*case)) for case in LEVELS]
    results = call_cases(answer, LEVELS, (), read=_read_levels)
    if results == right:
        return
    for wrong, message in WRONG_LEVELS:
        if results == [_read_levels(wrong(*case)) for case in LEVELS]:
            raise Mistake(message)
    place = next(place for place, found in enumerate(results) if found != right[place])
    tree = LEVELS[place][0]
    for number, (found, expected) in enumerate(zip(results[place], right[place])):
        if found != expected:
            told = f"for {tree} your list {number} has {_words(found)}"
            raise Mistake(f"{told}, expected {_words(expected)}, in any order.")
    raise Mistake(f"for {tree} you return {len(results[place])} lists, expected {len(right[place])}.")


def _words(level: Counter) -> str:
    return ", ".join(map(str, sorted(level.elements(), key=str))) or "nothing"


def _read_levels(result: object) -> list[Counter]:
    """Return the nodes of each level, in any order: lists and tuples are alike."""
    if isinstance(result, dict):
        raise Mistake("you return a dict, expected a list of lists.")
    try:
        return [Counter(map(_as_tuple, level)) for level in result]  # type: ignore[attr-defined]
    except TypeError:
        raise Mistake(f"you return {result!r}, expected a list of lists of nodes.") from None


def _as_tuple(node: object) -> object:
    return tuple(map(_as_tuple, node)) if isinstance(node, (list, tuple)) else node


def levels(tree):
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


def _levels_by(place_of: Callable, leaves: bool = False, once: bool = False) -> Callable:
    """Return `levels` with another place of a node, a function of its children's heights, its depth and its index."""

    def wrong(tree):
        found: dict[int, list] = {}

        def visit(node, depth):
            if node in (0, 1):
                if leaves:
                    found.setdefault(0, []).append(node)
                return 0
            below = [visit(child, depth + 1) for child in node[1:]]
            place = place_of(below, depth)
            level = found.setdefault(place + leaves, [])
            if not (once and node in level):
                level.append(node)
            return place + 1

        visit(tree, 0)
        return [found.get(place, []) for place in range(max(found, default=-1) + 1)]

    return wrong


WRONG_LEVELS = (
    (
        _levels_by(lambda below, depth: min(below)),
        "a node comes as soon as its first child is known: it has to wait for all of them.",
    ),
    (_levels_by(lambda below, depth: below[0]), "a node waits for its first child only, expected for all."),
    (_levels_by(lambda below, depth: below[-1]), "a node waits for its last child only, expected for all."),
    (_levels_by(lambda below, depth: sum(below)), "you add the heights of the children: take the highest."),
    (
        _levels_by(lambda below, depth: depth),
        "you sort by the way from the root: the root comes first, before its children.",
    ),
    (
        lambda tree: _levels_by(lambda below, depth: depth)(tree)[::-1],
        "you sort by the way from the root, deepest first: that is a right order, but some nodes could come earlier.",
    ),
    (lambda tree: levels(tree)[::-1], "your lists are in the wrong order: the root comes first, before its children."),
    (_levels_by(lambda below, depth: max(below), leaves=True), "leaves are in none of the lists."),
    (_levels_by(lambda below, depth: max(below), once=True), "a node that occurs twice has to be listed twice."),
    (
        lambda tree: [[]] + levels(tree) if levels(tree) else [],
        "your first list is empty: nodes over leaves alone can be computed at once.",
    ),
)


EXERCISES: dict[str, Exercise] = {
    "trees.height": Exercise(
        check_height,
        "One line for leaves, one for all other trees: that is how a program follows a tree of any shape.",
        (
            "What is the height of a leaf? And if you knew that of each child?",
            "Call `height` for each child, and take `max`.",
            "`return 1 + max(height(child) for child in tree[1:])`, after an `if` for leaves.",
        ),
        height,
    ),
    "trees.nand": Exercise(
        check_nand,
        "One line more, and all old trees are worth what they were: so it was with the new gate, though nand of one is not.",
        (
            "Whatever is none of the three falls through to the last line. What does that make of nand?",
            "Compute what all children are worth first, however many there are.",
            "`if name == 'nand': return 1 - min(worth(child) for child in children)`, before the last line.",
        ),
        worth,
    ),
    "trees.levels": Exercise(
        check_levels,
        "A node waits for all its children. With min some rows would be read before they are there.",
        (
            "Try `('and', 1, ('not', ('not', 0)))` on paper: when is the root filed, and when is its second child?",
            "How many of its children must be known before a node can be computed?",
            "Replace `min` by the function that waits for the last child: `max`.",
        ),
        levels,
    ),
}
