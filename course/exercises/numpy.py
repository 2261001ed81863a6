"""The exercises of notebook 01_numpy."""

from collections.abc import Callable

import numpy as np

from course.exercises.exercise import (
    Exercise,
    Mistake,
    as_number,
    call_cases,
    call_pure,
    expect_like,
    explain,
    first_wrong,
    near,
)

SIZES = (
    (6, 4, 5, 3),
    (1, 3, 2, 4),
    (2, 1, 7, 5),
)  # of N, D_IN, H, D_OUT: all different, so that no shape fits by accident
RATES = (0.1, 0.25)


CIRCUITS = (  # x, w, b, y: open ones and shut ones, one at the corner, one with z below 1
    (2.0, 1.5, 0.5, 3.0),
    (-1.0, -2.0, 3.0, 4.0),
    (2.0, -1.5, 0.5, 1.0),
    (2.0, 0.5, -1.0, 3.0),
    (-3.0, 0.25, 0.5, -2.0),
    (0.5, 2.0, -0.5, 3.0),
    (0.5, 3.0, 1.0, -1.0),
)


def check_circuit(answer: object) -> None:
    right = [twice(*case) for case in CIRCUITS]
    results = [_two_numbers(result) for result in call_cases(answer, CIRCUITS, WAYS, right=right)]
    if near(results, right):
        return
    explain(results, CIRCUITS, WAYS)
    place = first_wrong(results, right)
    x, w, b, y = CIRCUITS[place]
    got, expected = ([f"{value:.4g}" for value in pair] for pair in (results[place], right[place]))
    raise Mistake(
        f"for x = {x:g}, w = {w:g}, b = {b:g}, y = {y:g} you return {got[0]} and {got[1]}, expected {expected[0]} and "
        f"{expected[1]}: draw the circuit, and walk back gate by gate."
    )


def _two_numbers(result: object) -> tuple[float, float]:
    pair = list(result) if isinstance(result, (tuple, list)) or _is_array(result, (2,)) else [result]
    if len(pair) != 2:
        raise Mistake(f"the result has {len(pair)} part{'s' * (len(pair) > 1)}, expected two: return d_w, d_b.")
    for name, value in zip(("d_w", "d_b"), pair):
        if value is ...:
            raise Mistake(f"{name} is still missing: it waits for you behind its dots.")
    d_w, d_b = map(as_number, pair)
    return d_w, d_b


def twice(x, w, b, y):
    z = x * w + b
    h = max(z, 0)
    r = h * w - y
    d_r = 2 * r
    d_h = d_r * w
    d_z = d_h * (z > 0)
    d_w = d_r * h + d_z * x
    d_b = d_z
    return d_w, d_b


def _way(rule: Callable[..., tuple[float, float]]) -> Callable[..., tuple[float, float]]:
    """A wrong answer: rule gives d_w and d_b from x, w, z, h and the gradients of r and of z."""

    def answer(x: float, w: float, b: float, y: float) -> tuple[float, float]:
        z = x * w + b
        h = max(z, 0)
        d_r = 2 * (h * w - y)
        return rule(x, w, z, h, d_r, d_r * w * (z > 0))

    return answer


WAYS = (
    (
        _way(lambda x, w, z, h, d_r, d_z: (d_z * x, d_z)),
        "d_w has only the way through z: w acts in the second product, too, so add that way.",
    ),
    (
        _way(lambda x, w, z, h, d_r, d_z: (d_r * h, d_z)),
        "d_w has only the way from the second product: w acts in z, too, so add that way.",
    ),
    (_way(lambda x, w, z, h, d_r, d_z: (d_r * h * d_z * x, d_z)), "the two ways of w are multiplied: add them up."),
    (
        _way(lambda x, w, z, h, d_r, d_z: (d_r * h + d_r * w * x, d_r * w)),
        "the ReLU lets all through on the way back: where z is below 0 it is shut, and so is the way to x, w and b.",
    ),
    (
        _way(lambda x, w, z, h, d_r, d_z: (d_r * h + d_r * w * (z >= 0) * x, d_r * w * (z >= 0))),
        "all is right but where z is 0: take the slope 0 there.",
    ),
    (
        _way(lambda x, w, z, h, d_r, d_z: ((d_r * h + d_z * x) / 2, d_z / 2)),
        "both are half of what they should be: what is the derivative of a square?",
    ),
    (_way(lambda x, w, z, h, d_r, d_z: (d_z, d_r * h + d_z * x)), "both are right, in the other order: d_w, then d_b."),
    (
        _way(lambda x, w, z, h, d_r, d_z: (-d_r * h - d_z * x, -d_z)),
        "both have the right size and the wrong sign: a gradient points uphill.",
    ),
)


def check_biases(answer: object) -> None:
    for sizes in SIZES:
        _check_biases(answer, *_start(*sizes))


def _check_biases(answer: object, x, y, w1, w2, b1, b2) -> None:
    examples = len(x)
    result = call_pure(answer, x, y, w1, b1, w2, b2)
    if not isinstance(result, (tuple, list)) or len(result) != 2:
        raise Mistake(f"the result is a {type(result).__name__}, expected two arrays: return d_b1, d_b2.")
    d_y = 2 * (np.maximum(x @ w1 + b1, 0) @ w2 + b2 - y) / examples
    d_h = d_y @ w2.T
    d_z = d_h * (x @ w1 + b1 > 0)
    if _is_array(result[0], b2.shape) and near(result[0], d_y.sum(0)):
        raise Mistake("what you call d_b1 is the gradient of b2: look at the order of the return line.")
    for name, value, each in (("d_b2", result[1], d_y), ("d_b1", result[0], d_z)):
        _check_bias(name, value, each)
        if near(value, each.sum(0)):
            continue
        if name == "d_b1" and near(value, d_h.sum(0)):
            raise Mistake("d_b1 counts neurons that were shut: b1 acts on z, and a z below 0 moves nothing behind it.")
        if near(value, -each.sum(0)):
            raise Mistake(f"{name} has the right size and the wrong sign: a gradient points uphill.")
        if near(value, each.mean(0)):
            raise Mistake(
                f"{name} is {examples} times too small, and there are {examples} examples: "
                "d_y has already been divided by their number."
            )
        if near(value, each[0]):
            raise Mistake(f"{name} is the part of the first example only: what about the other rows?")
        off = np.abs(value - each.sum(0)).max()
        raise Mistake(
            f"{name} has the right shape, but is off by up to {off:.2g}: "
            "measure it as in the notebook, by moving one bias a little."
        )


def _check_bias(name: str, value: object, each: np.ndarray) -> None:
    """Shapes: each (N, neurons), what every example adds to the gradient."""
    if value is ...:
        raise Mistake(f"{name} is still missing: it waits for you behind its dots.")
    if _is_array(value, each.shape) and len(each) > 1:
        raise Mistake(
            f"{name} has shape {value.shape}, one row for each example, expected {each.shape[1:]}: "
            "the same bias acts in every row, so its ways into the loss have to be added up."
        )
    if _is_array(value, (1, each.shape[1])):
        raise Mistake(f"{name} has shape {value.shape}, expected {each.shape[1:]}, that of the bias: drop keepdims.")
    if _is_array(value, (len(each),)):
        raise Mistake(
            f"{name} has one number for each of {len(each)} examples, "
            f"expected one for each of {each.shape[1]} neurons: that is the other axis."
        )
    if isinstance(value, float):
        raise Mistake(
            f"{name} is one number, the sum over everything, expected one for each of {each.shape[1]} neurons."
        )
    expect_like(name, value, each[0])


def bias_gradients(x, y, w1, b1, w2, b2):
    z = x @ w1 + b1
    h = np.maximum(z, 0)
    d_y = 2 * (h @ w2 + b2 - y) / len(x)
    d_z = (d_y @ w2.T) * (z > 0)
    d_b1 = d_z.sum(axis=0)
    d_b2 = d_y.sum(axis=0)
    return d_b1, d_b2


def check_descent_step(answer: object) -> None:
    for sizes, rate in zip(SIZES, (*RATES, *RATES)):
        _check_descent_step(answer, rate, *_start(*sizes)[:4])


def _check_descent_step(answer: object, rate: float, x, y, w1, w2) -> None:
    examples = len(x)
    result = call_pure(answer, x, y, w1, w2, rate)
    if not isinstance(result, (tuple, list)) or len(result) != 2:
        raise Mistake(f"the result is a {type(result).__name__}, expected two arrays: return w1, w2.")
    if _is_array(result[0], w2.shape):
        raise Mistake(f"the first result has shape {w2.shape}, that of w2, expected w1 first.")
    expect_like("w1", result[0], w1)
    expect_like("w2", result[1], w2)
    d_w1, d_w2 = _gradients(x, y, w1, w2)
    moved1, moved2 = w1 - result[0], w2 - result[1]
    if near(moved1, rate * d_w1) and near(moved2, rate * d_w2):
        return
    if near(moved1, 0 * d_w1) and near(moved2, 0 * d_w2):
        raise Mistake("the weights come back as they went in: nothing has been learnt.")
    if near(result[0], d_w1) and near(result[1], d_w2):
        raise Mistake("you return the gradients, expected the weights after the step.")
    late = _gradients(x, y, w1, w2 - rate * d_w2)[0]
    if near(moved2, rate * d_w2) and near(moved1, rate * _gradients(x, y, w1, w2, back=w2 - rate * d_w2)[0]):
        losses = [
            ((np.maximum(x @ one, 0) @ two - y) ** 2).sum(1).mean()
            for one, two in (result, (w1 - rate * d_w1, w2 - rate * d_w2))
        ]
        raise Mistake(f"after one step the loss is ≈ {losses[0]:.4f}, expected ≈ {losses[1]:.4f}.")
    if near(moved2, rate * d_w2) and near(moved1, rate * late):
        raise Mistake(
            "w1 now gets the gradient of a second forward pass, made after w2 had moved: both belong to the same loss."
        )
    if near(moved1, rate * d_w1) and near(moved2, rate * _gradients(x, y, w1 - rate * d_w1, w2)[1]):
        raise Mistake("now w1 is right and w2 is not: its gradient was taken with the new w1.")
    for factor, message in {
        -1: "both steps go uphill: the loss rises. Look at the sign.",
        0.5: "both steps are half as long as they should be: what is the derivative of a square?",
        examples: f"both steps are {examples} times too long, and there are {examples} examples: the loss is a mean.",
    }.items():
        if near(moved1, factor * rate * d_w1) and near(moved2, factor * rate * d_w2):
            raise Mistake(message)
    if near(moved1, d_w1) and near(moved2, d_w2):
        raise Mistake("both steps are as long as the gradients themselves: what has become of the rate?")
    if near(moved2, rate * d_w2) and near(moved1, rate * _gradients(x, y, w1, w2, mask=False)[0]):
        raise Mistake("the bug is gone, and the slope of the ReLU with it: shut neurons must not learn.")
    pairs = {"w1": (moved1, d_w1), "w2": (moved2, d_w2)}
    names = [name for name, (moved, gradient) in pairs.items() if not near(moved, rate * gradient)]
    raise Mistake(
        f"{' and '.join(names)} did not move by rate times gradient: compare it with the five steps of the notebook."
    )


def _start(n: int, d_in: int, h: int, d_out: int) -> list[np.ndarray]:
    """Shapes: x (N, D_IN), y (N, D_OUT), w1 (D_IN, H), w2 (H, D_OUT), b1 (H,), b2 (D_OUT,)."""
    rng = np.random.default_rng(0)
    return [rng.standard_normal(shape) for shape in ((n, d_in), (n, d_out), (d_in, h), (h, d_out), (h,), (d_out,))]


def _gradients(x, y, w1, w2, back=None, mask=True) -> tuple[np.ndarray, np.ndarray]:
    """back: the second weights to walk back through, w2 unless a mistake is to be imitated."""
    z = x @ w1
    h = np.maximum(z, 0)
    d_y = 2 * (h @ w2 - y) / len(x)
    d_h = d_y @ (w2 if back is None else back).T
    return x.T @ (d_h * (z > 0) if mask else d_h), h.T @ d_y


def _is_array(value: object, shape: tuple[int, ...]) -> bool:
    return isinstance(value, np.ndarray) and value.shape == shape


def step(x, y, w1, w2, rate):
    z = x @ w1
    h = np.maximum(z, 0)
    d_y = 2 * (h @ w2 - y) / len(x)
    d_w2 = h.T @ d_y
    d_w1 = x.T @ ((d_y @ w2.T) * (z > 0))
    return w1 - rate * d_w1, w2 - rate * d_w2


EXERCISES: dict[str, Exercise] = {
    "numpy.circuit": Exercise(
        check_circuit,
        "Where a number acts in two places, its gradients add up: every weight that is shared relies on this.",
        (
            "begin at the end: L is the square of r, so the gradient of r is 2 * r. The gate before it is a product.",
            "h gets d_r * w, and z the same where it is above 0. b gets what z gets. On which two wires does w go in?",
            "d_w = d_r * h + d_z * x: each product gives w the other factor.",
        ),
        twice,
    ),
    "numpy.biases": Exercise(
        check_biases,
        "What is copied on the way forward is summed on the way back: this is true of all broadcasting.",
        (
            "one bias of the second layer acts on one output of each example. How far does that output move?",
            "an output moves exactly as its bias does, so each row of d_y is what one example adds to d_b2.",
            "add the rows: d_y.sum(axis=0). For b1, add those of the gradient of z, steps 3 and 4.",
        ),
        bias_gradients,
    ),
    "numpy.step": Exercise(
        check_descent_step,
        "First all gradients, then all updates: the frameworks keep these two apart for this very reason.",
        (
            "which of the two gradients uses the other layer's weights?",
            "on paper, the gradient of h needs the w2 of the forward pass. Which w2 does its line see?",
            "compute d_w2 and d_w1 first, and subtract them at the very end.",
        ),
        step,
    ),
}
