"""The exercises of notebook 10_nine_ways."""

import copy
import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr

import numpy as np
import torch
from torch import Tensor, nn

from course.exercises.exercise import (
    Exercise,
    Mistake,
    Mistakes,
    call,
    describe_error,
    expect_like,
    explain,
    near,
)

SIZES = ((4, 3, 2), (5, 2), (3, 6, 4, 2))  # of layers; the first tells most mistakes apart


def check_module(answer: object) -> None:
    for sizes in SIZES:
        for dtype in (torch.float64, torch.float32):
            _check_module(answer, sizes, dtype)


def _check_module(answer: object, sizes: tuple[int, ...], dtype: torch.dtype) -> None:
    generator = torch.Generator().manual_seed(len(sizes))
    weights = [torch.randn(pair, generator=generator, dtype=dtype) for pair in zip(sizes, sizes[1:])]
    x = torch.randn(7, sizes[0], generator=generator, dtype=dtype)
    given = [weight.clone() for weight in weights]
    module = call(answer, given)
    if not isinstance(module, nn.Module):
        raise Mistake(f"you return a {type(module).__name__}, expected an nn.Module.")
    expected = _through(x, weights)
    output = _forward(module, x)
    expect_like(f"what the module returns for {len(weights)} weights of {dtype}", output, expected)
    if not near(output, expected, 1e-5):
        _explain_output(output, x, weights)
    _check_parameters(module, weights)
    before = [weight.clone() for weight in given]
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
    for _ in range(2):
        optimizer.zero_grad()
        _forward(module, x).square().mean().backward()
        if any(parameter.grad is None for parameter in module.parameters()):
            raise Mistake(
                "no gradient reaches some parameters, so they cannot be trained: is there a detach, or a copy?"
            )
        optimizer.step()
    if not near(before, given, 0) or not near(given, weights, 0):
        raise Mistake("training the module changes the given weights: they share their memory, so take copies.")
    trained = _forward(module, x)
    if near(trained, output, 1e-7):
        raise Mistake("two steps of SGD change nothing: which parameters does the module use?")
    if not near(trained, _trained(x, weights), 1e-4):
        raise Mistake("after two steps of SGD the outputs are not those of these weights, each trained by itself.")


def _forward(module: nn.Module, x: Tensor) -> Tensor:
    try:
        return module(x)
    except Exception as error:
        raise Mistake(f"the module raises {describe_error(error)}.") from None


def _through(x: Tensor, weights: list[Tensor]) -> Tensor:
    for weight in weights[:-1]:
        x = (x @ weight).relu()
    return x @ weights[-1]


def _trained(x: Tensor, weights: list[Tensor]) -> Tensor:
    own = [weight.clone().requires_grad_() for weight in weights]
    for _ in range(2):
        gradients = torch.autograd.grad(_through(x, own).square().mean(), own)
        own = [(weight - 0.1 * d).detach().requires_grad_() for weight, d in zip(own, gradients)]
    return _through(x, own)


def _explain_output(output: Tensor, x: Tensor, weights: list[Tensor]) -> None:
    straight = x
    for weight in weights:
        straight = straight @ weight
    if near(output, _through(x, weights).relu(), 1e-5):
        raise Mistake("a ReLU follows the last weight, too: nothing negative can come out.")
    if near(output, straight, 1e-5):
        raise Mistake("no ReLU stands between the weights, so all of them are one matrix.")
    if near(output - output[:1], (_through(x, weights) - _through(x, weights)[:1]), 1e-5):
        raise Mistake("a constant is added to what is expected: does a layer have a bias?")
    if output.shape == x.shape[:1] + weights[-1].shape[1:] and len(weights) > 1:
        raise Mistake(
            "the outputs are not x through these weights: are they the given ones (transposed for nn.Linear), "
            "without any bias, and with a ReLU between each two?"
        )
    raise Mistake("for one weight alone the output is x @ weights[0]: are there a bias, a ReLU or other weights?")


def _check_parameters(module: nn.Module, weights: list[Tensor]) -> None:
    count, expected = sum(p.numel() for p in module.parameters()), sum(map(Tensor.numel, weights))
    if not count:
        raise Mistake("the module has no parameters: a plain list registers nothing, nn.ParameterList or layers do.")
    if count != expected:
        raise Mistake(f"the module has {count} numbers to train, expected {expected}: those of the given weights.")
    if not all(parameter.requires_grad for parameter in module.parameters()):
        raise Mistake("some parameters do not ask for a gradient, so they cannot be trained.")


def as_module(weights):
    layers = []
    for weight in weights:
        inputs, outputs = weight.shape
        layer = nn.Linear(inputs, outputs, bias=False, dtype=weight.dtype)
        layer.weight = nn.Parameter(weight.T.clone())
        layers += [layer, nn.ReLU()]
    return nn.Sequential(*layers[:-1])


DEPTHS = (0, 1, 2, 3)


def check_depth(answer: object) -> None:
    generator = torch.Generator().manual_seed(0)
    sizes = (5, 4), (4, 3), (3, 3), (3, 2)
    # The first middle matrix has no negative number, so that a ReLU too few can only show in the second.
    given = [torch.randn(size, generator=generator, dtype=torch.float64) for size in sizes]
    cases = [(*given, torch.tensor(depth)) for depth in DEPTHS]
    results = []
    for case in cases:
        value = call(answer, *[part.clone() for part in case])
        expect_like("the result", value, roam(*case))
        results.append(value)
    if not near(results, [roam(*case) for case in cases], 1e-9):
        explain(results, cases, DEPTH_MISTAKES, 1e-9)
        wrong = [int(case[-1]) for case, value in zip(cases, results) if not near(value, roam(*case), 1e-9)]
        raise Mistake(f"called plainly, it is wrong for a depth of {' and '.join(map(str, wrong))}.")
    for first in (2, 0):
        _check_exported(answer, cases, first)


def _check_exported(answer: object, cases: list[tuple], first: int) -> None:
    class Roaming(nn.Module):
        def forward(self, x, w1, middle, w2, depth):
            return answer(x, w1, middle, w2, depth)

    try:
        with _silence():
            exported = torch.export.export(Roaming(), cases[first]).module()
    except Exception:
        raise Mistake(
            "called plainly it is right, but torch.export refuses it: while the graph is written, depth has no value, "
            "so nothing in Python can ask for it (int, range, if, .item()). Compute all depths, and choose by tensors."
        ) from None
    for case in cases:
        try:
            value = exported(*case)
        except Exception:
            value = None
        if not near(value, roam(*case), 1e-9):
            raise Mistake(
                f"exported with a depth of {first}, it is wrong for a depth of {int(case[-1])}: the graph has frozen "
                "something that depends on depth."
            )


@contextmanager
def _silence() -> Iterator[None]:
    """Keep to itself what torch.export writes to stderr when it refuses something: pages of graphs."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with redirect_stderr(io.StringIO()):
            yield
    finally:
        logging.disable(before)


def roam(x, w1, middle, w2, depth):
    h = (x @ w1).relu()
    for used in range(3):
        h = torch.where(depth > used, (h @ middle).relu(), h)
    return h @ w2


def _used(count_for, first=torch.relu, between=torch.relu):
    """The net, with as many uses of the middle matrix as count_for(depth) says."""

    def net(x, w1, middle, w2, depth):
        h = first(x @ w1)
        for _ in range(count_for(int(depth))):
            h = between(h @ middle)
        return h @ w2

    return net


def _same(value):
    return value


DEPTH_MISTAKES: Mistakes = (
    (_used(_same, between=_same), "a ReLU follows each use of the middle matrix, as it was given: yours is missing."),
    (_used(_same, first=_same), "the ReLU after the first matrix is missing."),
    (_used(lambda depth: 0), "the middle matrix is never used, whatever depth says."),
    (_used(lambda depth: 1), "the middle matrix is used once, whatever depth says."),
    (_used(lambda depth: 2), "the middle matrix is used twice, whatever depth says."),
    (_used(lambda depth: 3), "the middle matrix is used three times, whatever depth says."),
    (_used(lambda depth: depth + 1), "the middle matrix is used once too often: compare with depth by > or by >=?"),
    (_used(lambda depth: depth - 1), "the middle matrix is used once too seldom: compare with depth by > or by >=?"),
)


def check_tenth(answer: object) -> None:
    for seed, (examples, inputs, hidden, outputs) in enumerate(((6, 5, 4, 3), (1, 2, 7, 1))):
        rng = np.random.default_rng(seed)
        shapes = (examples, inputs), (examples, outputs), (inputs, hidden), (hidden, outputs)
        case = (*(rng.standard_normal(shape) for shape in shapes), 0.05)
        given = copy.deepcopy(case)
        pair = call(answer, *given)
        _check_pair(pair, case)
        changed = not all(near(before, after, 0) for before, after in zip(case, given))
        right = near(list(pair), list(tenth_step(*case)), 1e-9)
        if changed and right:
            raise Mistake(
                "the new weights are right now, but the given arrays are changed: `-=` writes into them, and all other "
                "ways start from them."
            )
        if changed:
            raise Mistake(
                "the arrays that come in are changed (`-=` writes into them), and the new weights are not those of "
                "the other ways: in what order do things happen?"
            )
        if not right:
            explain([tuple(pair)], [case], TENTH_MISTAKES, 1e-9)
            one, two = (near(new, old, 1e-9) for new, old in zip(pair, tenth_step(*case)))
            wrong = " and ".join(name for name, fine in (("w1", one), ("w2", two)) if not fine)
            raise Mistake(
                f"{wrong} after the step differs from that of the other ways: compare line by line with way 1."
            )


def _check_pair(pair: object, case: tuple) -> None:
    if not isinstance(pair, (tuple, list)) or len(pair) != 2:
        raise Mistake(f"you return a {type(pair).__name__}, expected two arrays: the new w1 and the new w2.")
    for name, value, expected in zip(("w1", "w2"), pair, case[2:4]):
        if not isinstance(value, np.ndarray):
            raise Mistake(f"the new {name} is a {type(value).__name__}, expected an array.")
        if value.shape != expected.shape:
            raise Mistake(f"the new {name} has shape {value.shape}, expected {expected.shape}: do they come in order?")


def tenth_step(x, y, w1, w2, lr):
    z = x @ w1
    h = np.maximum(z, 0)
    d_y = 2 * (h @ w2 - y) / len(x)
    d_w2 = h.T @ d_y
    d_z = (d_y @ w2.T) * (z > 0)
    return w1 - lr * x.T @ d_z, w2 - lr * d_w2


def _new_w2_for_w1(x, y, w1, w2, lr):
    z = x @ w1
    d_y = 2 * (np.maximum(z, 0) @ w2 - y) / len(x)
    new = w2 - lr * np.maximum(z, 0).T @ d_y
    return w1 - lr * x.T @ ((d_y @ new.T) * (z > 0)), new


def _new_w1_for_w2(x, y, w1, w2, lr):
    new, _ = tenth_step(x, y, w1, w2, lr)
    h = np.maximum(x @ new, 0)
    return new, w2 - lr * h.T @ (2 * (h @ w2 - y) / len(x))


def _gradients(x, y, w1, w2, lr):
    one, two = tenth_step(x, y, w1, w2, 1.0)
    return w1 - one, w2 - two


def _uphill(x, y, w1, w2, lr):
    return tenth_step(x, y, w1, w2, -lr)


def _no_mask(x, y, w1, w2, lr):
    d_y = 2 * (np.maximum(x @ w1, 0) @ w2 - y) / len(x)
    return w1 - lr * x.T @ (d_y @ w2.T), tenth_step(x, y, w1, w2, lr)[1]


def _unmoved(x, y, w1, w2, lr):
    return w1, w2


TENTH_MISTAKES: Mistakes = (
    (_new_w2_for_w1, "the given arrays stay as they are now. But the gradient of w1 is taken through the *new* w2."),
    (_new_w1_for_w2, "the gradient of w2 is taken after w1 has moved: both belong to the weights before the step."),
    (_gradients, "you return the gradients, expected the weights after the step."),
    (_uphill, "the step goes uphill: look at the sign."),
    (_no_mask, "no gradient passes where the ReLU was shut: the mask z > 0 is missing."),
    (_unmoved, "you return the weights that came in: the new ones are lost."),
)


EXERCISES: dict[str, Exercise] = {
    "nine_ways.module": Exercise(
        check_module,
        "Any list of matrices is a module now, and the module owns its weights.",
        (
            "nn.Linear(inputs, outputs, bias=False) keeps its weight as (outputs, inputs).",
            "assign nn.Parameter(weight.T.clone()) to the layer's weight; the clone is its own.",
            "build a list of layer, ReLU, layer, ReLU, drop the last ReLU, and hand it on: nn.Sequential(*layers).",
        ),
        as_module,
    ),
    "nine_ways.depth": Exercise(
        check_depth,
        "Three uses are always computed, and tensors choose among them: that is the price of a static graph.",
        (
            "the number of rounds in Python must not depend on depth: three always suffice.",
            "torch.where(condition, a, b) chooses between two tensors; the condition may be a tensor as depth > 1 is.",
            "in round number `used` (0, 1, 2): h = torch.where(depth > used, (h @ middle).relu(), h).",
        ),
        roam,
    ),
    "nine_ways.tenth": Exercise(
        check_tenth,
        "All gradients first, then the step, and never into arrays that belong to somebody else.",
        (
            "which w2 does the line with d_z see: the one of this step, or the next?",
            "`w2 -= ...` writes into the array that was given; `w2 - ...` makes a new one.",
            "compute d_w2 and d_z from the old weights, then return w1 - lr * ..., w2 - lr * d_w2.",
        ),
        tenth_step,
    ),
}
