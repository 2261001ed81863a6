"""The exercises of notebook 17_layers."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from course.exercises.exercise import Exercise, Mistake, as_number, call, call_cases, explain, first_wrong, near


def _states(rows: int, channels: int, noise: float, level: float) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(rows)
    h = torch.randn(rows, channels, generator=generator) + torch.arange(channels)
    wanted = h.square().sum(1) / channels * noise + h.sum(1) + level
    return h, wanted


PROBES = (
    _states(40, 3, 0.3, 10.0),
    _states(41, 1, 0.5, -2.0),
    _states(26, 5, 1.0, 0.0),
    _states(12, 2, 0.0, 4.0),  # all is explained
    (torch.arange(8.0)[:, None], torch.tensor([0.0, 2.0, 1.0, 3.0, 3.0, 1.0, 2.0, 0.0])),  # worse than the mean
)


def check_r2(answer: object) -> None:
    right = [r2(*case) for case in PROBES]
    results = call_cases(answer, PROBES, WRONG_R2, 1e-3, right, as_number)
    if near(results, right, 1e-3):
        return
    explain(results, PROBES, WRONG_R2, 1e-3)
    place = first_wrong(results, right, 1e-3)
    raise Mistake(
        f"for h of shape {tuple(PROBES[place][0].shape)} you return {results[place]:.4f}, expected {right[place]:.4f}: "
        "fit on the first half, judge by the rest."
    )


def r2(h, wanted):
    half = len(h) // 2
    h = torch.cat([h, torch.ones(len(h), 1)], dim=1)
    fit = torch.linalg.lstsq(h[:half], wanted[:half, None]).solution.flatten()
    rest = wanted[half:] - h[half:] @ fit
    return 1 - (rest.square().mean() / wanted[half:].var(correction=0)).item()


def _score(h: Tensor, wanted: Tensor, fit: slice, judge: slice, constant: bool = True) -> tuple[Tensor, Tensor]:
    """Return what is left over where the fit is judged, and what was wanted there."""
    x = torch.cat([h, torch.ones(len(h), 1)], dim=1) if constant else h
    weights = torch.linalg.lstsq(x[fit], wanted[fit, None]).solution[:, 0]
    return wanted[judge] - x[judge] @ weights, wanted[judge]


def _share(rest: Tensor, wanted: Tensor, around: object = None) -> float:
    middle = wanted.mean() if around is None else around
    return 1 - (rest.square().mean() / (wanted - middle).square().mean()).item()


def _halves(h: Tensor) -> tuple[slice, slice]:
    return slice(0, len(h) // 2), slice(len(h) // 2, None)


def _as_usual(h: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor]:
    return _score(h, wanted, *_halves(h))


def _correlation(h: Tensor, wanted: Tensor) -> float:
    rest, goal = _as_usual(h, wanted)
    return torch.corrcoef(torch.stack([goal - rest, goal]))[0, 1].square().item()


def _row_less_column(h: Tensor, wanted: Tensor) -> float:
    rest, goal = _as_usual(h, wanted)
    return 1 - (((goal - rest)[:, None] - goal).square().mean() / goal.var(correction=0)).item()


def _by_n_less_one(h: Tensor, wanted: Tensor) -> float:
    rest, goal = _as_usual(h, wanted)
    return 1 - (rest.square().mean() / goal.var()).item()


ALL = slice(None)
WRONG_R2 = (
    (
        lambda h, y: _share(*_score(h, y, ALL, _halves(h)[1])),
        "the fit has seen the rows by which you judge it: fit on the first half alone.",
    ),
    (
        lambda h, y: _share(*_score(h, y, _halves(h)[0], _halves(h)[0])),
        "you judge by the same rows on which you fit: what does the fit say of the others?",
    ),
    (
        lambda h, y: _share(*_score(h, y, ALL, ALL)),
        "you judge by the same rows on which you fit: what does the fit say of those it has not seen?",
    ),
    (
        lambda h, y: _share(*_score(h, y, *_halves(h)[::-1])),
        "you fit on the second half: fit on the first half, and judge by the second.",
    ),
    (
        lambda h, y: _share(*_score(h, y, *_halves(h), constant=False)),
        "the constant is missing in your fit: add a column of ones to h.",
    ),
    (
        lambda h, y: _share(*_as_usual(h, y), around=0),
        "you divide by the mean square of wanted: take its mean away first.",
    ),
    (
        lambda h, y: _share(*_as_usual(h, y), around=y.mean()),
        "you take away the mean of all of wanted: on the other rows it has a mean of its own.",
    ),
    (lambda h, y: 1 - _share(*_as_usual(h, y)), "this is the share that is left over: return 1 minus it."),
    (lambda h, y: _as_usual(h, y)[0].square().mean().item(), "this is the error alone: divide it by the spread."),
    (
        lambda h, y: 1 - (1 - _share(*_as_usual(h, y))) ** 0.5,
        "you divide roots: the mean squared error, and the mean squared distance, not their square roots.",
    ),
    (_correlation, "this is a squared correlation, which forgives a forecast that is wrong by a constant or a factor."),
    (_by_n_less_one, "your spread divides by N - 1: both means divide by N, so use var(correction=0)."),
    (
        _row_less_column,
        "a column (N, 1) less a row (N,) makes a table of (N, N): bring both to one shape.",
    ),
    (lambda h, y: max(0.0, r2(h, y)), "a fit worse than the mean has a score below 0: do not cut it off."),
)


class Tower(nn.Module):
    """Twelve layers, so that the name of one begins like that of another, and one weight of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.cells = nn.ModuleList(nn.Linear(2, 2) for _ in range(12))
        self.maps = nn.ModuleDict({"cells": nn.Linear(2, 1), "last": nn.Linear(1, 1)})
        self.last = nn.Linear(2, 1)
        self.last_scale = nn.Parameter(torch.ones(3))


FROZEN: tuple[Sequence[str], ...] = (
    ("last",),
    ("cells.0", "cells.1"),
    (),
    ("cells",),
    ("last.bias", "maps"),
    ("cells.11", "last_scale", "maps.last"),
)


def check_frozen(answer: object) -> None:
    model = Tower()  # one for all cases: what one call froze, the next may have to free
    for frozen in FROZEN:
        _check_frozen(answer, model, frozen)


def _check_frozen(answer: object, model: Tower, frozen: Sequence[str]) -> None:
    was_frozen = [name for name, weight in model.named_parameters() if not weight.requires_grad]
    before = {name: weight.detach().clone() for name, weight in model.named_parameters()}
    result = call(answer, model, frozen)
    said = f"to_train(model, {frozen!r})"
    try:
        given = list(result)  # pyright: ignore[reportArgumentType]
    except TypeError:
        raise Mistake(f"you return a {type(result).__name__}, expected a list of weights.") from None
    names = {name: weight for name, weight in model.named_parameters()}
    if any(not torch.equal(weight, before[name]) for name, weight in names.items()):
        raise Mistake("your function changes weights: freezing is a matter of requires_grad alone.")
    free = [name for name in names if not _holds(frozen, name)]
    states = {name: weight.requires_grad for name, weight in names.items()}
    wrong = [name for name in names if states[name] != (name in free)]
    if all(states.values()) and wrong:
        raise Mistake(f"{said} freezes nothing: set requires_grad of the frozen weights to False.")
    if frozen and len(wrong) == len(names):
        raise Mistake(f"{said} freezes the others: it is the other way round.")
    wrong.sort(key=lambda name: any(name.startswith(path) for path in frozen))  # what has less excuse comes first
    for name in wrong:
        _explain_state(name, frozen, said, was_frozen)
    places = {id(weight): name for name, weight in names.items()}
    if any(isinstance(one, str) for one in given):
        raise Mistake("you return names: an optimizer wants the weights themselves.")
    if any(id(one) not in places for one in given):
        raise Mistake("you return copies, or no weights of the model: an optimizer moves what it gets.")
    returned = [places[id(one)] for one in given]
    if frozen and returned == list(names):
        raise Mistake(f"{said} returns all weights: return those that are not frozen.")
    if frozen and returned == [name for name in names if name not in free]:
        raise Mistake(f"{said} returns the frozen ones: return the others.")
    if sorted(returned) == sorted(free) and returned != free:
        raise Mistake("you return the right weights, in another order: keep the order of the model.")
    if returned != free:
        raise Mistake(f"{said} returns {len(returned)} weights, expected {len(free)}: {', '.join(free)}.")


def _holds(frozen: Sequence[str], name: str) -> bool:
    return any((name + ".").startswith(path + ".") for path in frozen)


def _explain_state(name: str, frozen: Sequence[str], said: str, was_frozen: list[str]) -> None:
    """Raise the Mistake for a weight that is frozen and should not be, or the other way round."""
    if _holds(frozen, name):
        if name in frozen:
            raise Mistake(f"{said} leaves {name} free: a path may name a single weight, too.")
        if not _holds(frozen[:1], name):
            raise Mistake(f"{said} leaves {name} free: you look at the first path only.")
        raise Mistake(f"{said} leaves {name} free: it is part of a path.")
    if any(name.startswith(path) for path in frozen):
        raise Mistake(f"{said} freezes {name}, too: behind a path comes a dot, or nothing.")
    if any(path in name for path in frozen):
        raise Mistake(f"{said} freezes {name}, too: its name must begin with a path, not only hold it.")
    if name in was_frozen:
        raise Mistake(f"{said} leaves {name} frozen, which was frozen before: free what is not named.")
    raise Mistake(f"{said} freezes {name}, which no path names.")


def to_train(model, frozen):
    free = []
    for name, weight in model.named_parameters():
        held = any(name == path or name.startswith(path + ".") for path in frozen)
        weight.requires_grad_(not held)
        if not held:
            free.append(weight)
    return free


def _part(seed: int) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return nn.Sequential(nn.Conv2d(3, 8, 3), nn.Linear(6, 12), nn.Linear(1, 1))


def check_twin(answer: object) -> None:
    part = _part(0)
    before = {name: weight.clone() for name, weight in part.state_dict().items()}
    first = _twin(answer, part, 3)
    after = part.state_dict()
    if any(not torch.equal(weight, after[name]) for name, weight in before.items()):
        raise Mistake(
            "now the part itself is mixed: what state_dict() returns are not copies, they share memory with the part."
        )
    for name, weight in before.items():
        _check_mixed(name, weight, first[name])
    again = _twin(answer, part, 3)
    if any(not torch.equal(first[name], again[name]) for name in before):
        raise Mistake("called twice with the same seed, your function gives two results: draw by a seeded generator.")
    other = _twin(answer, part, 4)
    if all(torch.equal(first[name], other[name]) for name in before):
        raise Mistake("seed 3 and seed 4 give the same: does your generator use the seed?")


def _twin(answer: object, part: nn.Module, seed: int) -> dict[str, Tensor]:
    result = call(answer, part, seed)
    if not isinstance(result, dict):
        raise Mistake(f"you return a {type(result).__name__}, expected a state dict: names, and a tensor for each.")
    for name, weight in part.state_dict().items():
        if name not in result:
            raise Mistake(f"your state dict lacks {name}.")
        value = result[name]
        if not isinstance(value, Tensor) or value.shape != weight.shape:
            got = f"shape {tuple(value.shape)}" if isinstance(value, Tensor) else f"type {type(value).__name__}"
            raise Mistake(f"{name} has {got}, expected a tensor of shape {tuple(weight.shape)}.")
        if value.dtype != weight.dtype:
            raise Mistake(f"{name} has dtype {value.dtype}, expected {weight.dtype}.")
    return {name: result[name].detach().clone() for name in part.state_dict()}


def _check_mixed(name: str, weight: Tensor, value: Tensor) -> None:
    """Raise the Mistake if the value is not the weight in another order, mixed over all of it."""
    if not torch.equal(value.flatten().sort().values, weight.flatten().sort().values):
        raise Mistake(f"{name} does not hold the same numbers as before, each once: only their order is to change.")
    if weight.numel() > 1 and torch.equal(value, weight):
        raise Mistake(f"{name} has kept its order.")
    rows = [set(row.flatten().tolist()) for row in weight]
    if weight.dim() > 1 and len(weight) > 1 and all(set(row.flatten().tolist()) in rows for row in value):
        raise Mistake(f"in {name} whole rows have changed places, but each filter is as it was: mix single numbers.")


def shuffle_weights(part, seed):
    generator = torch.Generator().manual_seed(seed)
    mixed = {}
    for name, weight in part.state_dict().items():
        order = torch.randperm(weight.numel(), generator=generator)
        mixed[name] = weight.flatten()[order].view_as(weight)
    return mixed


EXERCISES = {
    "layers.r2": Exercise(
        check_r2,
        "Whatever is read from a layer, its score is one of rows that the fit has not seen.",
        (
            "Glue a column of ones to `h`: then the constant is one more weight.",
            "`torch.linalg.lstsq(x[:half], wanted[:half, None]).solution` is a column; `.flatten()` makes a row of it.",
            "Divide `rest.square().mean()` by `wanted[half:].var(correction=0)`.",
        ),
        r2,
    ),
    "layers.frozen": Exercise(
        check_frozen,
        "Now any part of any network can be kept, and the rest trained.",
        (
            "`model.named_parameters()` gives names such as cells.1.weight, with their weights.",
            'A dot ends the name of a module: "cells.1." is no beginning of cells.11.weight.',
            "Set `weight.requires_grad_(...)` for every weight, so that what was frozen before becomes free.",
        ),
        to_train,
    ),
    "layers.twin": Exercise(
        check_twin,
        "Had the part been mixed as well, you would have compared noise with noise, and called it a tie.",
        (
            "Call it, and look at `part` before and after.",
            "`copy_` writes into the tensor, and the tensor belongs to the part.",
            "Put what you mix into a new dict.",
        ),
        shuffle_weights,
    ),
}
