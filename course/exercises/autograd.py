"""The exercises of notebook 03_autograd."""

import inspect
import traceback
from numbers import Real
from pathlib import Path

import torch
from torch import Tensor
from torch.autograd import Function

from course.exercises.engine import Value, as_value
from course.exercises.exercise import Exercise, Mistake, NotTried, as_number, call, near
from course.exercises.limit import TooLong

N, D_IN, H, D_OUT = 8, 5, 6, 3  # all different, so that no shape fits by accident
RATE, STEPS = 0.05, 4


def check_silu(answer: object) -> None:
    if answer is ...:
        raise NotTried
    if not (isinstance(answer, type) and issubclass(answer, Function)):
        raise Mistake(f"expected the class Silu, a torch.autograd.Function, got a {type(answer).__name__}.")
    for x, d_out in _points():
        sigma = torch.sigmoid(x)
        if not near(_try(answer.apply, x), x * sigma, 1e-9):
            raise Mistake("forward no longer gives x * sigmoid(x): it was right as it came.")
        given = d_out.clone()
        d_x = _d_x(answer, x, given)
        if not torch.equal(given, d_out):
            raise Mistake(
                "d_out itself was changed, but other branches of the graph may still need it: which line works in "
                "place?"
            )
        _check_slope(d_x, sigma + x * sigma * (1 - sigma), x, d_out)
    for x, _ in _points():
        _check_second(answer, x)
        for gradcheck in (torch.autograd.gradcheck, torch.autograd.gradgradcheck):
            if not gradcheck(answer.apply, x.clone().requires_grad_(), raise_exception=False):
                raise Mistake(f"{gradcheck.__name__} is not content at x = {x.flatten()[0]:g}: what does it measure?")


def _check_slope(d_x: Tensor, slope: Tensor, x: Tensor, d_out: Tensor) -> None:
    if near(d_x, d_out * slope, 1e-12):
        return
    if near(d_x, d_out * slope, 1e-5):
        raise Mistake("d_x is right to 6 digits, expected all of float64: something in backward is float32.")
    sigma = torch.sigmoid(x)
    for wrong, message in (
        (slope, "you return the slope alone, whatever d_out is: the chain rule would end here."),
        (d_out + slope, "d_out is added to the slope: what does the chain rule do with two of them?"),
        (d_out * sigma, "one half of the product rule is missing: x moves the sigmoid, too."),
        (d_out * x * sigma * (1 - sigma), "one half of the product rule is missing: x is a factor, too."),
        (d_out * sigma * (1 - sigma), "this is the slope of the sigmoid alone, expected that of x times it."),
        (d_out * (sigma - x * sigma * (1 - sigma)), "the two parts of the product rule are subtracted."),
        (d_out * x * sigma, "this is d_out times the forward pass, expected d_out times its slope."),
        (d_out * (x > 0), "this is the slope of ReLU, expected a smooth one."),
        (-d_out * slope, "the size is right and the sign is wrong."),
    ):
        if near(d_x, wrong, 1e-9):
            raise Mistake(message)
    off = (d_x - d_out * slope).abs().nan_to_num(torch.inf).argmax()
    x, d_out, d_x = x.flatten(), d_out.flatten(), d_x.flatten()
    raise Mistake(
        f"at x = {x[off]:g} with d_out = {d_out[off]:g} you return {d_x[off]:.4f}, "
        "which is not what gradcheck measures: write down the product rule for x * sigmoid(x)."
    )


def _check_second(answer: type, x: Tensor) -> None:
    sigma = torch.sigmoid(x)
    truth = sigma * (1 - sigma) * (2 + x * (1 - 2 * sigma))
    x = x.clone().requires_grad_()
    d_out = torch.ones_like(x).requires_grad_()  # so that d_x has a graph in any case
    (d_x,) = torch.autograd.grad(_try(answer.apply, x), x, d_out, create_graph=True)
    if not d_x.requires_grad:
        raise Mistake("d_x is right, but it has no graph (a detach, numpy or no_grad?): gradgradcheck fails.")
    try:
        d_x.sum().backward()
    except RuntimeError as error:
        if "once_differentiable" not in str(error):
            raise
        raise Mistake(
            "the first derivative is right, and the mark once_differentiable forbids the second: "
            "here you can do without it."
        ) from None
    second = x.grad
    if second is None or near(second, torch.zeros_like(x)):
        raise Mistake(
            "the first derivative is right, but the second is 0: backward uses what forward computed, where nothing is "
            "recorded, or cuts x off itself (a detach, or no_grad)."
        )
    if not near(second, truth, 1e-9):
        raise Mistake(
            "the first derivative is right, the second is not: one part of it was computed in "
            "forward, where nothing is recorded, and counts as a constant."
        )


def _points() -> list[tuple[Tensor, Tensor]]:
    """Pairs of x and d_out: a row with both signs, 0 and large numbers in two dimensions, a single number."""
    row = torch.tensor([-3.0, -1.0, -0.25, 0.5, 1.0, 2.0]), torch.tensor([1.0, -2.0, 0.5, 3.0, 1.0, -1.0])
    table = torch.tensor([[0.0, 30.0], [-30.0, 4.0], [7.0, -6.0]]), torch.tensor([[2.0, -1.0], [1.0, 0.0], [0.5, 4.0]])
    single = torch.tensor(1.5), torch.tensor(-2.0)
    return [(x.double(), d_out.double()) for x, d_out in (row, table, single)]


def _d_x(answer: type, x: Tensor, d_out: Tensor) -> Tensor:
    x = x.clone().requires_grad_()
    y = _try(answer.apply, x)
    _try(y.backward, d_out)
    if x.grad is None:
        raise NotTried  # backward returned None
    return x.grad


def _try(run: object, *arguments: Tensor) -> Tensor:
    """Run a part of the learner's Function; what fails in it is named with the learner's own line."""
    try:
        return run(*arguments)
    except (KeyboardInterrupt, TooLong):
        raise
    except BaseException as error:
        text = (str(error).splitlines() or ["no message"])[0].rstrip(".")
        if "incorrect number of gradients" in text:
            raise Mistake(
                "backward returns several gradients, but forward has one input beside ctx: one gradient for each input."
            ) from None
        if "invalid gradient" in text:
            raise Mistake("d_x has another shape than x: a gradient is shaped like its input.") from None
        frames = traceback.extract_tb(error.__traceback__)
        own = [frame for frame in frames if frame.name in ("forward", "backward") and not _in_torch(frame)]
        place = f"{own[-1].name}, in its line `{own[-1].line}`," if own and own[-1].line else "your Function"
        raise Mistake(f"{place} raises {type(error).__name__}: {text}.") from None


def _in_torch(frame: traceback.FrameSummary) -> bool:
    return "torch" in Path(frame.filename).parts


class Silu(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * torch.sigmoid(x)

    @staticmethod
    def backward(ctx, d_out):
        (x,) = ctx.saved_tensors
        s = torch.sigmoid(x)  # computed here, not saved by forward, so that it can be differentiated again
        return d_out * (s + x * s * (1 - s))


def check_train(answer: object) -> None:
    for seed, rate, steps in ((0, RATE, STEPS), (1, RATE / 2, 1), (2, 2 * RATE, 7)):
        _check_training(answer, seed, rate, steps)
    x, y, w1, w2 = _start(0)
    if (losses := call(answer, x, y, w1, w2, RATE, 0)) != []:
        raise Mistake(f"for 0 steps you return {losses!r}, expected an empty list: there is no loss before a step.")


def _check_training(answer: object, seed: int, rate: float, steps: int) -> None:
    x, y, w1, w2 = _start(seed)
    losses = call(answer, x, y, w1, w2, rate, steps)
    if isinstance(losses, tuple):
        losses = list(losses)
    if not isinstance(losses, list) or len(losses) != steps:
        length = f" of {len(losses)}" if isinstance(losses, list) else ""
        raise Mistake(f"the result is a {type(losses).__name__}{length}, expected a list of {steps} losses.")
    if isinstance(losses[0], Tensor):
        raise Mistake("the losses are tensors, expected numbers: who keeps such a tensor keeps what made it.")
    losses = [as_number(loss) for loss in losses]
    given = _start(seed)
    if not (torch.equal(x, given[0]) and torch.equal(y, given[1])):
        raise Mistake("x or y has changed: only the weights are to be trained.")
    for name, w, start in (("w1", w1, given[2]), ("w2", w2, given[3])):
        if torch.equal(w, start) and losses[-1] < losses[0]:
            raise Mistake(f"the losses fall, but the caller's {name} is as it was: train it in place.")
        if torch.equal(w, start):
            raise Mistake(f"{name} never moves: what does its gradient hold at the moment of the update?")
        if not (w.requires_grad and w.is_leaf):
            raise Mistake(f"after your loop {name} asks for no gradient any more: it could not be trained on.")
    truth = _replay(seed, rate, steps)
    if all(near(ours, right, 1e-9) for ours, right in zip((losses, w1, w2), truth)):
        return
    _check_first_step(answer, seed, rate)
    for emptied, message in {
        (False, True): _symptom(),
        (True, False): "w1 is right now, but the second step moves w2 by the gradients of both steps.",
        (False, False): "the second step moves w1 and w2 by the gradients of both steps: nothing is emptied.",
    }.items():
        _, wrong1, wrong2 = _replay(seed, rate, steps, emptied)
        if near(w1, wrong1, 1e-9) and near(w2, wrong2, 1e-9):
            raise Mistake(message)
    if near(w1, truth[1], 1e-9) and near(w2, truth[2], 1e-9):
        raise Mistake("the weights are right, the losses are not: each is that before its step.")
    raise Mistake("the first step is right, a later one is not: print both gradients before each update.")


def _check_first_step(answer: object, seed: int, rate: float) -> None:
    x, y, w1, w2 = _start(seed)
    call(answer, x, y, w1, w2, rate, 1)
    _, right1, right2 = _replay(seed, rate, 1)
    _, _, start1, start2 = _start(seed)
    for name, w, start, right in (("w1", w1, start1, right1), ("w2", w2, start2, right2)):
        moved, expected = (w - start).detach(), (right - start).detach()
        factor = (moved * expected).sum() / expected.square().sum()
        if near(moved, expected, 1e-9):
            continue
        if near(moved, factor * expected, 1e-9):
            raise Mistake(
                f"already the first step of {name} is {factor:.3g} times as long as rate times "
                "gradient: neither of the two was at fault there."
            )
        raise Mistake(f"already the first step of {name} is not along its gradient, as it came it was.")


def _symptom() -> str:
    first, _, low, high = _replay(0, RATE, STEPS, (False, True))[0]
    return (
        f"on {N} examples the loss falls from ≈ {first:.2f} to ≈ {low:.2f} in two steps, "
        f"and the third lifts it to ≈ {high:.2f}."
    )


def _start(seed: int) -> list[Tensor]:
    """Shapes: x (N, D_IN), y (N, D_OUT), w1 (D_IN, H), w2 (H, D_OUT), float64."""
    generator = torch.Generator().manual_seed(seed)
    x, y, w1, w2 = (
        torch.randn(shape, generator=generator, dtype=torch.float64)
        for shape in ((N, D_IN), (N, D_OUT), (D_IN, H), (H, D_OUT))
    )
    return [x, y, (w1 / 2).requires_grad_(), (w2 / 2).requires_grad_()]


def _replay(
    seed: int, rate: float, steps: int, emptied: tuple[bool, bool] = (True, True)
) -> tuple[list[float], Tensor, Tensor]:
    """Train as it should be, or without emptying one gradient or both."""
    x, y, w1, w2 = _start(seed)
    losses = []
    for _ in range(steps):
        loss = ((torch.relu(x @ w1) @ w2 - y) ** 2).sum(1).mean()
        loss.backward()
        losses.append(loss.item())
        for w, empty in zip((w1, w2), emptied):
            w.detach().sub_(rate * w.grad)
            if empty:
                w.grad = None
    return losses, w1, w2


def train_loop(x, y, w1, w2, rate, steps):
    losses = []
    for step in range(steps):
        loss = ((torch.relu(x @ w1) @ w2 - y) ** 2).sum(1).mean()
        loss.backward()
        with torch.no_grad():
            for w in (w1, w2):
                w -= rate * w.grad
                w.grad.zero_()
        losses.append(loss.item())
    return losses


QUOTIENTS = ((6.0, 3.0), (1.0, -4.0), (-2.5, 0.5), (0.75, 8.0), (-3.0, -1.25))


def check_engine(answer: object) -> None:
    make = _value_class(answer)
    for a, b in QUOTIENTS:
        one, other = make(a), make(b)
        result = call(answer, one, other)
        _check_quotient(result, a, b)
        if (one.data, other.data) != (a, b):
            raise Mistake("your function changes the data of a or b: other values were computed from these.")
        if one.grad or other.grad:
            raise Mistake("your function fills in a grad: that is the work of backward, here only slopes are needed.")
        _check_slopes(_ways(result, one), _ways(result, other), a, b)
    for a, b in QUOTIENTS:
        one, other = make(a), make(b)
        first, last = call(answer, one, b), call(answer, a, other)
        _check_quotient(first, a, b)
        _check_quotient(last, a, b)
        if not (near(_ways(first, one), 1 / b) and near(_ways(last, other), -a / b**2)):
            raise Mistake("where one of the two is a plain number, the slope towards the other is wrong.")
    same = make(7.0)
    if not near(_ways(call(answer, same, same), same), 0.0):
        raise Mistake("for a / a the slopes do not add up to 0.")


def _value_class(answer: object) -> type:
    """Return the class of the learner's own engine, if that makes values."""
    found = getattr(inspect.unwrap(getattr(answer, "func", answer)), "__globals__", {}).get("Value")
    try:
        return found if found(2.0).data == 2.0 else Value
    except Exception:  # whatever the learner calls Value
        return Value


def _check_quotient(result: object, a: float, b: float) -> None:
    missing = [word for word in ("data", "parents", "slopes") if not hasattr(result, word)]
    if missing:
        raise Mistake(
            f"you return a {type(result).__name__}, expected a Value: what has no parents and slopes remembers nothing."
        )
    if not isinstance(result.data, Real):
        raise Mistake(f"data of the result is a {type(result.data).__name__}, expected a plain number.")
    if not near(result.data, a / b):
        turned = " That is b / a." if near(result.data, b / a) else ""
        raise Mistake(f"for {a:g} / {b:g} data of the result is {result.data:g}, expected {a / b:g}.{turned}")
    _check_memory(result)


def _check_memory(result: object) -> None:
    """Check parents and slopes of all values behind the result, up to those that were made of none."""
    parents, slopes = list(result.parents), list(result.slopes)
    if not all(hasattr(parent, "parents") for parent in parents):
        raise Mistake("the parents are not all Values: backward could not go on from a plain number.")
    if len(parents) != len(slopes):
        raise Mistake(f"{len(parents)} parents and {len(slopes)} slopes: backward needs one slope for each parent.")
    for slope in slopes:
        if not isinstance(slope, Real):
            raise Mistake(f"a slope is a {type(slope).__name__}, expected a plain number: use .data.")
    for parent in parents:
        _check_memory(parent)


def _ways(result: object, target: object) -> float:
    """Multiply the slopes along each way from the result to the target, and add up the ways."""
    if result is target:
        return 1.0
    return sum(slope * _ways(parent, target) for parent, slope in zip(result.parents, result.slopes))


def _check_slopes(to_a: float, to_b: float, a: float, b: float) -> None:
    right_a, right_b = 1 / b, -a / b**2
    if near(to_a, right_a) and near(to_b, right_b):
        return
    if near((to_a, to_b), (right_b, right_a)):
        raise Mistake("the two slopes are swapped: each stands at the place of its parent.")
    for name, found in (("a", to_a), ("b", to_b)):
        if found == 0:
            raise Mistake(f"the result does not know {name}: among its parents stands the very Value that came in?")
    if not near(to_a, right_a):
        raise Mistake(
            f"for {a:g} / {b:g} the slope towards a is {to_a:g}; "
            f"if a rises by 0.001, a / b changes by {right_a / 1000:g}."
        )
    for wrong, message in (
        (-right_b, "the slope towards b has the wrong sign: if b grows, does a / b grow?"),
        (-1 / b**2, "the slope towards b is that of 1 / b: a is a factor, too."),
        (-a / b, "the slope towards b lacks a square: 1 / b has the slope -1 / b**2."),
    ):
        if near(to_b, wrong):
            raise Mistake(message)
    raise Mistake(f"for {a:g} / {b:g} the slope towards b is {to_b:g}, which small steps do not confirm.")


def divide(a, b):
    a, b = as_value(a), as_value(b)
    return Value(a.data / b.data, "/", (a, b), (1 / b.data, -a.data / b.data**2))


EXERCISES: dict[str, Exercise] = {
    "autograd.engine": Exercise(
        check_engine,
        "Your engine has one operation more, and no other line had to know of it.",
        (
            "begin like multiply: only data, the sign and the two slopes are others.",
            "a / b is a times 1 / b. With a alone it changes by 1 / b, with 1 / b by a times the slope of that.",
            "the slopes are 1 / b.data and -a.data / b.data**2.",
        ),
        divide,
    ),
    "autograd.silu": Exercise(
        check_silu,
        "It agrees with measured slopes, and with the slopes of those: torch calls it silu, too.",
        (
            "x is there twice, as a factor and inside the sigmoid: which two terms make the slope?",
            "the slope is s + x * s * (1 - s) with s = torch.sigmoid(x), and d_out multiplies it.",
            "take x from ctx.saved_tensors, compute s in backward, and return d_out times the slope.",
        ),
        Silu,
    ),
    "autograd.train": Exercise(
        check_train,
        "Now each step moves both weights by the gradients of this step alone.",
        (
            "before each update, print w1.grad.abs().mean() and the same for w2. Which of the two grows?",
            "the variable of a for loop lives on after it. Which `w` does the line with zero_ see?",
            "the line with zero_ belongs into the loop over w.",
        ),
        train_loop,
    ),
}
