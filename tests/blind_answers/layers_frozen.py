"""Answers to layers.frozen, written from its text alone."""

from torch import nn


def by_names(model, frozen):
    left = []
    for name, weight in model.named_parameters():
        weight.requires_grad = True
        for path in frozen:
            if name == path or name.startswith(path + "."):
                weight.requires_grad = False
        if weight.requires_grad:
            left.append(weight)
    return left


def by_dots(model, frozen):
    paths = tuple(path + "." for path in frozen)
    for name, weight in model.named_parameters():
        weight.requires_grad_(not (name + ".").startswith(paths))
    return [weight for weight in model.parameters() if weight.requires_grad]


def by_parts_of_names(model, frozen):
    held = [path.split(".") for path in frozen]
    free = []
    for name, weight in model.named_parameters():
        words = name.split(".")
        weight.requires_grad = all(words[: len(path)] != path for path in held)
        if weight.requires_grad:
            free += [weight]
    return free


def by_modules(model, frozen):
    model.requires_grad_(True)
    for path in frozen:
        place, _, last = path.rpartition(".")
        getattr(model.get_submodule(place), last).requires_grad_(False)
    return list(filter(lambda weight: weight.requires_grad, model.parameters()))


def a_tuple(model, frozen):
    return tuple(by_names(model, frozen))


def an_iterator(model, frozen):
    return (weight for weight in by_names(model, frozen))


def by_begin(model, frozen):
    for name, weight in model.named_parameters():
        weight.requires_grad_(not any(name.startswith(path) for path in frozen))
    return [weight for weight in model.parameters() if weight.requires_grad]


def by_part(model, frozen):
    for name, weight in model.named_parameters():
        weight.requires_grad_(not any(path in name for path in frozen))
    return [weight for weight in model.parameters() if weight.requires_grad]


def leaves_what_was_frozen(model, frozen):
    for name, weight in model.named_parameters():
        if any((name + ".").startswith(path + ".") for path in frozen):
            weight.requires_grad_(False)
    return [weight for weight in model.parameters() if weight.requires_grad]


def chooses_and_freezes_nothing(model, frozen):
    return [
        weight
        for name, weight in model.named_parameters()
        if not any((name + ".").startswith(path + ".") for path in frozen)
    ]


def returns_all(model, frozen):
    by_names(model, frozen)
    return list(model.parameters())


def returns_the_frozen(model, frozen):
    free = {id(weight) for weight in by_names(model, frozen)}
    return [weight for weight in model.parameters() if id(weight) not in free]


def the_other_way_round(model, frozen):
    for name, weight in model.named_parameters():
        weight.requires_grad_(any((name + ".").startswith(path + ".") for path in frozen))
    return [weight for weight in model.parameters() if weight.requires_grad]


def returns_names(model, frozen):
    by_names(model, frozen)
    return [name for name, weight in model.named_parameters() if weight.requires_grad]


def only_modules(model, frozen):
    model.requires_grad_(True)
    for path in frozen:
        for name, weight in model.named_parameters():
            if name.startswith(path + "."):
                weight.requires_grad_(False)
    return [weight for weight in model.parameters() if weight.requires_grad]


def only_the_first(model, frozen):
    return by_names(model, frozen[:1])


def copies(model, frozen):
    return [nn.Parameter(weight.detach().clone()) for weight in by_names(model, frozen)]


def sets_to_zero(model, frozen):
    free = by_names(model, frozen)
    for weight in model.parameters():
        if not weight.requires_grad:
            weight.data = weight.data * 0
    return free


def backwards(model, frozen):
    return by_names(model, frozen)[::-1]


def forgets(model, frozen):
    by_names(model, frozen)


def given(model, frozen):
    return list(model.parameters())


RIGHT = [
    (by_names, "a loop over the names"),
    (by_dots, "a dot behind all names"),
    (by_parts_of_names, "words between the dots"),
    (by_modules, "modules are looked up"),
    (a_tuple, "a tuple"),
    (an_iterator, "an iterator, as parameters() is one"),
]
WRONG = [
    (by_begin, "compares beginnings without the dot", "a dot"),
    (by_part, "looks for the path anywhere", "begin"),
    (leaves_what_was_frozen, "what was frozen stays so", "frozen before"),
    (chooses_and_freezes_nothing, "freezes nothing", "requires_grad"),
    (returns_all, "returns all weights", "returns all"),
    (returns_the_frozen, "returns the frozen ones", "the frozen ones"),
    (the_other_way_round, "freezes the others", "the other way round"),
    (returns_names, "returns names", "names"),
    (only_modules, "a path of a single weight is not seen", "a single weight"),
    (only_the_first, "only the first path", "the first path"),
    (copies, "returns copies", "copies"),
    (sets_to_zero, "sets frozen weights to zero", "changes"),
    (backwards, "another order", "order"),
    (forgets, "returns nothing", "returns nothing"),
    (given, "as given", "freezes nothing"),
]
