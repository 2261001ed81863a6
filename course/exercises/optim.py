"""The exercises of notebook 05_optim."""

import reprlib
import weakref

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course.exercises.exercise import (
    Exercise,
    Mistake,
    as_number,
    call,
    call_cases,
    expect_like,
    explain,
    first_wrong,
    near,
)

RATE, BETAS, DECAY = 0.125, (0.8, 0.7), 0.2
N, STEPS = 32, 6  # enough that every wrong formula gives another path


def check_lion(answer: object) -> None:
    state = {}
    path = _path(answer, BETAS, state)
    right = _path(lion, BETAS, {})
    if not near(torch.stack(path), torch.stack(right), 1e-9):
        for wrong, message in _wrong_rules():
            if near(torch.stack(path), torch.stack(_path(wrong, BETAS, {})), 1e-9):
                if not state:
                    message = "nothing is kept in state, so every step is a first step: where does m live on?"
                raise Mistake(message)
        step = first_wrong(path, right, 1e-9)
        place = (path[step] - right[step]).abs().argmax()
        raise Mistake(
            f"step {step + 1} leads to {path[step][place]:.4f}, expected {right[step][place]:.4f}, "
            f"with lr={RATE}, betas={BETAS}, weight_decay={DECAY}: write the formulas down line by line."
        )
    if not near(torch.stack(_path(answer, BETAS, {})), torch.stack(right), 1e-9):
        raise Mistake("a second run, with a fresh state, takes another path: keep m in state, not in a name outside.")
    if not near(torch.stack(_path(answer, (0.9, 0.5), {})), torch.stack(_path(lion, (0.9, 0.5), {})), 1e-9):
        raise Mistake(f"with betas={BETAS} it is right, with others it is not: is a number left in your rule?")
    _check_defaults(answer)


def _check_defaults(answer: object) -> None:
    """Two steps without betas and decay; the weight has two dimensions and float32, as those of a layer have."""
    state, right, generator = {}, {}, torch.Generator().manual_seed(1)
    for lr in (0.5, 0.25):
        w, grad = torch.randn(2, 3, 4, generator=generator)
        new, expected = call(answer, w.clone(), grad.clone(), state, lr), lion(w, grad, right, lr)
        expect_like("the new w", new, expected)
        if not near(new, expected):
            raise Mistake(
                "without betas and weight_decay they are (0.9, 0.99) and 0.0: leave the defaults as they were."
            )


def _path(rule: object, betas: tuple[float, float], state: dict) -> list[Tensor]:
    """Return the weights after each step; the gradients are noise, so that every line shows."""
    generator = torch.Generator().manual_seed(0)
    w, path = torch.linspace(-2, 2, N, dtype=torch.float64), []
    for _ in range(STEPS):
        grad = torch.randn(N, dtype=torch.float64, generator=generator)
        grad[-4:] = 0  # as of a unit that is never active: its sign is 0
        given_w, given_grad = w.clone(), grad.clone()
        new = call(rule, given_w, given_grad, state, RATE, betas, DECAY)
        expect_like("the new w", new, w)
        if not torch.equal(given_grad, grad):
            raise Mistake(
                "grad itself was changed, and torch will add the next gradient to it: which line works in place?"
            )
        w = new.detach().clone()
        path.append(w)
    return path


def _rule(*, sign=torch.sign, late=False, swap=False, first=False, down=-1, pull=None, ignore=False, sum_=False):
    """Return the rule with a mistake in it."""

    def rule(w, grad, state, lr, betas, weight_decay):
        keep, remember = reversed(betas) if swap else (betas[0],) * 2 if first else betas
        if pull == "in grad":
            grad = grad + weight_decay * w
        m = state.get("m", torch.zeros_like(w))
        new = remember * m + (1 if sum_ else 1 - remember) * grad
        seen = new if late == "only" else keep * (new if late else m) + (1 - keep) * grad
        direction = sign(grad if ignore else seen)
        state["m"] = new
        decay = {None: lr * weight_decay, "in grad": 0, "none": 0, "no rate": weight_decay, "up": -lr * weight_decay}
        return w + down * lr * direction - decay[pull] * w

    return rule


def _wrong_rules():
    """Yield the usual mistakes, and what to say to each."""
    yield _rule(down=1), "every step goes uphill: which sign has a step?"
    yield _rule(down=1, pull="up"), "every step goes uphill, and the decay pushes the weights away from 0."
    yield _rule(sign=lambda x: x), "large gradients make large steps; in Lion, but for the decay, all are lr long."
    yield _rule(late=True), "m is renewed before it is used, so the gradient counts twice: which line comes first?"
    yield _rule(late="only"), "the direction is the sign of the new m, and so the first beta plays no part."
    yield _rule(swap=True), "the two betas have changed places."
    yield _rule(first=True), "the second beta plays no part: which one does m keep?"
    yield _rule(ignore=True), "the direction is the sign of this gradient alone: what is m for?"
    yield _rule(sum_=True), "m is renewed by the whole gradient, expected the part that the second beta leaves."
    yield (
        _rule(pull="in grad"),
        ("the decay goes into the gradient and is lost in the sign, as L2 is in Adam: where does AdamW put it?"),
    )
    yield _rule(pull="none"), "without decay it would be right: weight_decay plays no part."
    yield _rule(pull="no rate"), "the decay does not know the rate: lr belongs to the whole bracket."
    yield _rule(pull="up"), "the decay pushes the weights away from 0: look at its sign."


def lion(w, grad, state, lr, betas=(0.9, 0.99), weight_decay=0.0):
    m = state.get("m", torch.zeros_like(w))
    direction = torch.sign(betas[0] * m + (1 - betas[0]) * grad)
    state["m"] = betas[1] * m + (1 - betas[1]) * grad
    return w - lr * (direction + weight_decay * w)


def check_edge(answer: object) -> None:
    cases = [(list(curvatures),) for curvatures in VALLEYS]
    pairs = [_pair(result) for result in call_cases(answer, cases)]
    right = [rates(*case) for case in cases]
    if near(pairs, right):
        return
    if near([pair[::-1] for pair in pairs], right):
        raise Mistake("both numbers are right, in the wrong order: first the edge, then the best.")
    edges, bests = ([pair[place] for pair in pairs] for place in (0, 1))
    right_edges = [edge for edge, _ in right]
    if not near(edges, right_edges):
        explain(edges, cases, WRONG_EDGES)
        place = first_wrong(edges, right_edges)
        edge, curvatures = edges[place], VALLEYS[place]
        if edge <= 0:
            raise Mistake(f"for {curvatures} your edge is {edge:g}, expected a rate above 0.")
        raise Mistake(
            f"for {curvatures} your edge is {edge:.4g}: there, |1 - rate * curvature| is "
            f"{max(abs(1 - edge * c) for c in curvatures):.4g} in the worst direction, expected 1."
        )
    explain(bests, cases, WRONG_BESTS)
    place = first_wrong(pairs, right)
    curvatures = VALLEYS[place]
    factors = [max(abs(1 - best * c) for c in curvatures) for best in (bests[place], right[place][1])]
    raise Mistake(
        f"the edge is right. For {curvatures} a step at your best rate leaves {factors[0]:.4g} of the slowest "
        f"direction, where {factors[1]:.4g} can be had."
    )


def _pair(result: object) -> tuple[float, float]:
    try:
        edge, best = result
    except (TypeError, ValueError):
        expected = "expected two numbers: the edge, and the best rate."
        raise Mistake(f"you return {reprlib.repr(result)}, {expected}") from None
    if best is ... or edge is ...:
        raise Mistake("one of the two numbers is still missing: it waits for you behind its dots.")
    return as_number(edge), as_number(best)


VALLEYS = [3.0, 16.0, 0.5, 4.0], [2.0, 0.25], [7.0], [1.0, 1.0, 1.0], [5.0, 9.0, 6.0, 8.0, 7.0], [100, 1]
WRONG_EDGES = (
    (
        lambda c: 2 / min(c),
        "at your edge the flattest direction just survives, and all the others exploded long before.",
    ),
    (lambda c: 1 / max(c), "with that rate the steepest direction is at its minimum after one step: it bears more."),
    (lambda c: 2 / sum(c), "you add the curvatures up, but each direction goes its own way: which explodes first?"),
    (
        lambda c: 2 * len(c) / sum(c),
        "you average the curvatures, but each direction goes its own way: which explodes first?",
    ),
    (lambda c: 2 / c[-1], "you look at the last curvature of the list, wherever it may stand."),
    (lambda c: 2 / c[0], "you look at the first curvature of the list, wherever it may stand."),
    (lambda c: 2 * max(c), "the steeper the valley, the larger your rate: turn that round."),
    (
        lambda c: 2 / max(c) ** 0.5,
        "there is a root in your edge: a step multiplies the distance by 1 - rate * curvature.",
    ),
)
WRONG_BESTS = (
    (
        lambda c: 1 / max(c),
        "the edge is right. Your best rate is made for the steepest direction alone; the flat one crawls.",
    ),
    (lambda c: 2 / sum(c), "the edge is right. For the best rate you add all up, but which two can be the slowest?"),
    (
        lambda c: 2 / (c[0] + c[-1]),
        "the edge is right. For the best rate you take first and last of the list, as if it were sorted.",
    ),
    (lambda c: 1 / (min(c) + max(c)), "the edge is right. Your best rate is half of what is best."),
    (lambda c: len(c) / sum(c), "the edge is right. Your best rate fits the mean curvature, which none need have."),
    (lambda c: 2 * len(c) / sum(c), "the edge is right. Your best rate lies beyond it."),
    (
        lambda c: 2 / (max(c) - min(c)),
        "the edge is right. For the best rate the two factors are equal in size, but opposite in sign.",
    ),
    (
        lambda c: 2 / (4 * min(c) * max(c)) ** 0.5,
        "the edge is right. You take the middle of steepest and flattest by a root, expected half of their sum.",
    ),
)


def rates(curvatures):
    return 2 / max(curvatures), 2 / (min(curvatures) + max(curvatures))


SIZES = (4, 4, 2)  # of the batches: the last is short


def check_epoch(answer: object) -> None:
    for sizes in (SIZES, (3,), (2, 5, 1, 4)):
        _check_epoch(answer, sizes)


def _check_epoch(answer: object, sizes: tuple[int, ...]) -> None:
    result, moved, kept, in_training = _train(answer, sizes)
    expected, path, _, _ = _train(epoch, sizes)
    if not near(moved, path):
        for wrong, message in _wrong_steps():
            if near(moved, _train(wrong, sizes)[1]):
                raise Mistake(message)
        raise Mistake("after your epoch the weights are elsewhere than after clean, backward, step for each batch.")
    if not in_training:
        raise Mistake("the steps are right, but the model is in eval mode meanwhile or after: dropout would be off.")
    if isinstance(result, Tensor) and result.requires_grad:
        raise Mistake(
            "the steps are right. But you return a tensor that still has its graph, and in it that of every "
            "batch: what do you add up?"
        )
    try:
        mean = as_number(result)
    except Mistake as mistake:
        raise Mistake(f"the steps are right, but {mistake}") from None
    if kept:
        raise Mistake(
            "the steps are right. But the graph of the first batch is still there when the third one comes: "
            "what do you add up?"
        )
    if not near(mean, expected):
        losses = _losses(sizes)
        for wrong, message in _wrong_means(losses, sizes):
            if near(mean, wrong):
                raise Mistake(message)
        raise Mistake(
            f"for losses {', '.join(f'{loss:.3f}' for loss in losses)} of batches of {sizes} you return "
            f"{mean:.3f}, expected {expected:.3f}."
        )


def _wrong_means(losses: list[float], sizes: tuple[int, ...]):
    """Yield the usual mistakes in the mean, and what to say to each."""
    weighted, batches = sum(loss * size for loss, size in zip(losses, sizes, strict=True)), len(sizes)
    yield (
        sum(losses) / batches,
        "steps and memory are right. The mean of the batches' means is not the mean of the examples: "
        "the last batch is short.",
    )
    yield sum(losses), "steps and memory are right. You return a sum, expected a mean over the examples."
    it = "steps and memory are right. You add means, and divide by examples: too small by a batch."
    yield sum(losses) / sum(sizes), it
    yield weighted / batches, "steps and memory are right. You add over examples, and divide by batches."
    yield weighted, "steps and memory are right. You return a sum over the examples, expected their mean."
    it = f"steps and memory are right. You divide by {batches} whole batches; count the examples."
    yield weighted / (batches * sizes[0]), it
    yield losses[-1], "steps and memory are right. You return the loss of the last batch alone."


class _Tip:
    """Tied to a graph, it lives as long."""


def _train(answer: object, sizes: tuple[int, ...]) -> tuple[object, Tensor, bool, bool]:
    """Return what the epoch returns, the weights after it, whether a graph was kept for two batches, and the mode."""
    model = nn.Linear(3, 4, dtype=torch.float64)
    with torch.no_grad():
        for w in model.parameters():
            w.copy_(torch.linspace(-1, 1, w.numel()).view_as(w))
            w.grad = torch.full_like(w, 0.5)  # left from another epoch
    tips, inputs, kept, modes = [], [], [], []

    def tie(layer, arguments, output):
        if not inputs or inputs[-1] is not arguments[0]:  # a model may be asked twice about a batch
            inputs.append(arguments[0])
            tips.append([])
        # The last one may live on in a name such as `loss`.
        kept.append(any(tip() is not None for batch in tips[:-2] for tip in batch))
        modes.append(layer.training or not torch.is_grad_enabled())
        if output.grad_fn is not None:
            tip = _Tip()
            output.grad_fn.metadata["tip"] = tip
            tips[-1].append(weakref.ref(tip))

    model.register_forward_hook(tie)
    result = call(answer, model, _batches(sizes), torch.optim.SGD(model.parameters(), lr=0.5))
    return (
        result,
        torch.cat([w.detach().flatten() for w in model.parameters()]),
        any(kept),
        model.training and all(modes),
    )


def _batches(sizes: tuple[int, ...]) -> list[tuple[Tensor, Tensor]]:
    generator = torch.Generator().manual_seed(0)
    return [(torch.randn(size, 3, dtype=torch.float64, generator=generator), torch.arange(size) % 4) for size in sizes]


def _losses(sizes: tuple[int, ...]) -> list[float]:
    """Return the loss of each batch, on the right way."""
    losses = []

    def spy(model, batches, optimizer):
        for batch in batches:
            losses.append(epoch(model, [batch], optimizer))
        return losses

    _train(spy, sizes)
    return losses


def _steps(*, clean="each", step=True, short=True):
    """Return an epoch with a mistake in its steps."""

    def run(model, batches, optimizer):
        if clean == "once":
            optimizer.zero_grad()
        for x, y in batches:
            if len(x) < SIZES[0] and not short:
                continue
            if clean == "each":
                optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            if step:
                optimizer.step()
            if clean == "after":
                optimizer.zero_grad()
        return 0.0

    return run


def _wrong_steps():
    """Yield the usual mistakes in the steps, and what to say to each."""
    yield _steps(clean="never"), "your steps get longer and longer, even if the gradient stays: what does each follow?"
    yield _steps(clean="once"), "you clean once, but the gradients of these batches pile up: how often is it needed?"
    yield _steps(clean="after"), "the first step still feels a gradient from before this epoch: clean earlier."
    yield _steps(step=False), "the weights do not move: is there a step, and a gradient left when it comes?"
    yield _steps(short=False), "the last, short batch is left out: it has examples, too."


def epoch(model, batches, optimizer):
    total, examples = 0.0, 0
    for x, y in batches:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(x)
        examples += len(x)
    return total / examples


EXERCISES: dict[str, Exercise] = {
    "optim.lion": Exercise(
        check_lion,
        "Your rule is an optimizer now: ByHand(model.parameters(), lion, lr=0.001) trains a network.",
        (
            "begin with m: state.get(name, zeros) gives it in every step, also in the first.",
            "three lines, in this order: the direction from the old m, the new m into state, the new w.",
            "the bracket of the last line holds both, the sign and weight_decay * w; lr stands before it.",
        ),
        lion,
    ),
    "optim.edge": Exercise(
        check_edge,
        "Only the steepest and the flattest direction count, however many there are.",
        (
            "each direction has a factor 1 - rate * curvature: which is the first to leave the range from -1 to 1?",
            "at the best rate, two directions are equally slow: one creeps, the other overshoots.",
            "at the best rate, 1 - rate * flattest equals -(1 - rate * steepest).",
        ),
        rates,
    ),
    "optim.epoch": Exercise(
        check_epoch,
        "Clean, backward, step; numbers, not tensors; examples, not batches.",
        (
            "one mistake is in the steps, one in what is kept, and one in the average.",
            "torch adds every gradient to the one before; a loss is the tip of a graph; the last batch may be short.",
            "begin each round with optimizer.zero_grad(), add loss.item() * len(x), and count the examples.",
        ),
        epoch,
    ),
}
