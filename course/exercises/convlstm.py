"""The exercises of notebook 06_convlstm."""

import math
import weakref
from collections.abc import Callable
from unittest import mock

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course.exercises.exercise import (
    Exercise,
    Mistake,
    as_number,
    call,
    call_cases,
    call_pure,
    expect_like,
    explain,
    first_wrong,
    near,
)
from course.rain import MISSING

SIZES = (2, 3, 4, 5, 6), (1, 1, 5, 3, 3), (3, 2, 1, 1, 7)  # B, C, M, H, W
NAMES = "x", "h", "c", "weight_x", "weight_h", "bias", "peep"


def check_lstm(answer: object) -> None:
    cases = [_arguments(*sizes) for sizes in SIZES]
    pairs = call_cases(answer, cases, list(_wrong_steps()), 1e-9)
    right = [peephole_step(*case) for case in cases]
    for pair, expected in zip(pairs, right):
        if not (isinstance(pair, (tuple, list)) and len(pair) == 2):
            raise Mistake(f"you return a {type(pair).__name__}, expected two: the new h and the new c.")
        for name, ours, one in zip("hc", pair, expected):
            expect_like(f"the new {name}", ours, one)
    if near(pairs, right, 1e-9):
        _check_gradients(answer, cases[0])
        return
    if near([tuple(pair)[::-1] for pair in pairs], right, 1e-9):
        raise Mistake("both are right, in the wrong order: first h, then c.")
    explain(pairs, cases, list(_wrong_steps()), 1e-9)
    if near([c for _, c in pairs], [c for _, c in right], 1e-9):
        raise Mistake("the new c is right, the new h is not: what does its gate see, and what does it let out?")
    raise Mistake("the new c is not what the equations give: write them down one by one, gates first.")


def _check_gradients(answer: object, arguments: tuple) -> None:
    """Training has to reach all that the step is made of."""
    leaves = {
        name: one.clone().requires_grad_() for name, one in zip(NAMES, (arguments[0], *arguments[1], *arguments[2:]))
    }
    x, h, c, *weights = leaves.values()
    new_h, new_c = call(answer, x, (h, c), *weights)
    if new_h.requires_grad or new_c.requires_grad:
        sum(new.sum() for new in (new_h, new_c) if new.requires_grad).backward()
    right = {name: one.detach().clone().requires_grad_() for name, one in leaves.items()}
    x, h, c, *weights = right.values()
    sum(new.sum() for new in peephole_step(x, (h, c), *weights)).backward()
    for name, leaf in leaves.items():
        if leaf.grad is None or not near(leaf.grad, right[name].grad, 1e-9):
            raise Mistake(f"h and c are right, the gradient of {name} is not: what cuts it off (a detach, or a .data)?")


def _arguments(batch: int, channels: int, hidden: int, rows: int, columns: int) -> tuple:
    """Return x, state, weight_x, weight_h, bias, peep, all noise, so that every term shows."""
    generator = torch.Generator().manual_seed(0)

    def noise(*shape: int) -> Tensor:
        return torch.randn(shape, dtype=torch.float64, generator=generator)

    maps = batch, hidden, rows, columns
    weights = noise(4 * hidden, channels, 3, 3) / 4, noise(4 * hidden, hidden, 3, 3) / 4, noise(4 * hidden, 1, 1)
    return noise(batch, channels, rows, columns), (noise(*maps), noise(*maps)), *weights, noise(3, hidden, 1, 1)


def _step(
    *,
    order="ifgo",
    peeps=(0, 1, 2),
    sees="old old new",
    inside=True,
    candidate=torch.tanh,
    squash=torch.tanh,
    hidden=True,
    shift=True,
    keep=True,
):
    """Return the step with a mistake in it."""

    def step(x, state, weight_x, weight_h, bias, peep):
        h, c = state
        weighted = F.conv2d(x, weight_x, padding="same")
        weighted = weighted + hidden * F.conv2d(h, weight_h, padding="same") + shift * bias
        part = dict(zip(order, weighted.chunk(4, dim=1)))

        def gate(name, place, memory):
            look = peep[peeps[place]] * memory
            return torch.sigmoid(part[name] + look) if inside else torch.sigmoid(part[name]) + look

        memories = {"old": c, "h": h, "none": torch.zeros_like(c)}
        first, second, third = sees.split()
        i, f = gate("i", 0, memories[first]), gate("f", 1, memories[second])
        memories["new"] = keep * f * c + i * candidate(part["g"])
        return gate("o", 2, memories[third]) * squash(memories["new"]), memories["new"]

    return step


def _wrong_steps():
    """Yield the usual mistakes, and what to say to each."""
    yield _step(sees="none none none"), "that is the step without peepholes: peep plays no part."
    yield _step(sees="old old old"), "the output gate sees the memory as it was: which c does it see?"
    yield _step(sees="h h h"), "your gates look at h; a peephole shows them the memory."
    yield _step(sees="h h new"), "input and forget gate look at h; a peephole shows them the memory."
    yield _step(sees="old old none"), "the output gate has no peephole, peep has three parts."
    yield _step(sees="none none new"), "input and forget gate have no peephole, peep has three parts."
    yield _step(inside=False), "the peephole is added after the sigmoid, so that a gate can leave the range 0 to 1."
    yield _step(peeps=(1, 0, 2)), "input and forget gate have each other's peephole: peep is in the order i, f, o."
    yield _step(peeps=(0, 0, 0)), "all gates look through the same peephole: peep has one for each."
    yield _step(order="ifog"), "candidate and output gate have changed places: the four parts are i, f, g, o."
    yield _step(order="figo"), "input and forget gate have changed places: the four parts are i, f, g, o."
    yield _step(candidate=torch.sigmoid), "the candidate g is no gate: it goes through tanh."
    yield _step(candidate=lambda g: g), "the candidate g enters the memory as it is: it goes through tanh first."
    yield _step(squash=lambda c: c), "the memory leaves as it is: it goes through tanh before the output gate."
    yield _step(squash=torch.sigmoid), "the memory leaves through a sigmoid, expected tanh."
    yield _step(hidden=False), "h plays no part: there are two products, one of x and one of h."
    yield _step(shift=False), "without a bias it would be right: bias plays no part."
    yield _step(keep=False), "the old memory is lost: what does the forget gate multiply?"


def peephole_step(x, state, weight_x, weight_h, bias, peep):
    h, c = state
    weighted = F.conv2d(x, weight_x, padding="same") + F.conv2d(h, weight_h, padding="same") + bias
    i, f, g, o = weighted.chunk(4, dim=1)
    i = torch.sigmoid(i + peep[0] * c)
    f = torch.sigmoid(f + peep[1] * c)
    c = f * c + i * torch.tanh(g)
    o = torch.sigmoid(o + peep[2] * c)
    return o * torch.tanh(c), c


def check_carry(answer: object) -> None:
    for count in (4, 2):
        _check_carry(answer, count)


def _check_carry(answer: object, count: int) -> None:
    model, carried, marks, kept, retained, failure = _Stream(), [], [], [], [], None

    def mark(model, inputs, output):
        kept.append(any(one() is not None for one in marks[:-1]))  # the last may live on in a name such as `loss`
        if output[0].grad_fn is not None:
            output[0].grad_fn.metadata["mark"] = tip = _Mark()  # lives as long as the node does
            marks.append(weakref.ref(tip))

    def spy(name: str, place: int) -> Callable:
        original = getattr(torch.autograd, name)

        def run(*arguments, **named):
            retained.append(named.get("retain_graph") or (len(arguments) > place and arguments[place]))
            return original(*arguments, **named)

        return mock.patch.object(torch.autograd, name, run)

    model.lstm.register_forward_pre_hook(lambda _, given: carried.append(given[1]))
    model.register_forward_hook(mark)
    with spy("backward", 2), spy("grad", 3):  # where they take retain_graph; Tensor.backward calls the first
        try:
            result = call(answer, model, _chunks(count), torch.optim.SGD(model.parameters(), lr=0.5))
        except Mistake as mistake:
            failure = mistake
    for state in carried[1:]:
        if isinstance(state, (tuple, list)) and len(state) == 2:
            _expect_cut(state)
    if failure:
        raise failure
    losses, moved = _train(count)
    if not near(model.weights(), moved, 1e-9):
        for wrong, message in _wrong_trainings():
            if near(model.weights(), _train(count, **wrong)[1], 1e-9):
                raise Mistake(message)
        raise Mistake(
            "after your chunks the weights are elsewhere than after forward, clean, backward, step, cut for "
            "each of them."
        )
    if isinstance(result, Tensor):
        past = "that still has its graph" if result.requires_grad else "without a graph"
        raise Mistake(
            f"steps and state are right. You return a tensor {past}, expected a plain number: what do you add up?"
        )
    try:
        result = as_number(result)
    except Mistake as mistake:
        raise Mistake(f"steps and state are right, but {mistake}") from None
    for wrong, message in (
        (sum(losses), "steps and state are right. You return a sum, expected the mean of the chunks."),
        (losses[-1], "steps and state are right. You return the last loss, expected the mean of all."),
        (losses[-1] / count, "steps and state are right. You divide, but only the last loss is in the total."),
    ):
        if near(result, wrong, 1e-9):
            raise Mistake(message)
    if not near(result, sum(losses) / count, 1e-9):
        raise Mistake(
            f"steps and state are right. For losses {', '.join(f'{loss:.3f}' for loss in losses)} you return "
            f"{result:.3f}."
        )
    if any(retained):
        raise Mistake(
            "all numbers are right. But retain_graph keeps every graph until the next loss replaces it: who "
            "still needs it?"
        )
    if any(kept):
        raise Mistake(
            "all numbers are right. But something that you keep still holds the graph of every chunk, so that memory "
            "grows with their number: add up numbers, and let predictions go."
        )


def _expect_cut(state: tuple[Tensor, Tensor]) -> None:
    h, c = (part.requires_grad for part in state)
    if h and c:
        raise Mistake(
            "the second backward walks on into the graph of the first chunk: what does the state bring along?"
        )
    if h or c:
        names = ("h", "c") if h else ("c", "h")
        raise Mistake(
            "{} still brings its graph along, only {} is cut: a single one keeps all chunks alive.".format(*names)
        )


class _Mark:
    """Something to refer to weakly."""


class _Stream(nn.Module):
    """An LSTM on a stream, (T, B, 1), always with the same weights."""

    def __init__(self):
        super().__init__()
        self.lstm, self.last = nn.LSTM(1, 3, dtype=torch.float64), nn.Linear(3, 1, dtype=torch.float64)
        with torch.no_grad():
            for w in self.parameters():
                w.copy_(torch.linspace(-1, 1, w.numel()).view_as(w))

    def forward(self, x, state=None):
        h, state = self.lstm(x, state)
        return self.last(h), state

    def weights(self) -> Tensor:
        return torch.cat([w.detach().flatten() for w in self.parameters()])


def _chunks(count: int) -> list[tuple[Tensor, Tensor]]:
    generator = torch.Generator().manual_seed(0)
    return [tuple(torch.randn(2, 3, 2, 1, dtype=torch.float64, generator=generator)) for _ in range(count)]


def _train(count: int, *, forget=False, clean=True, step="each", first=False) -> tuple[list[float], Tensor]:
    """Return the losses of the chunks and the weights after them, with a mistake if asked for."""
    model, state, losses = _Stream(), None, []
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    for x, y in _chunks(count)[: 1 if first else None]:
        y_pred, state = model(x, None if forget else state)
        loss = F.mse_loss(y_pred, y)
        if clean:
            optimizer.zero_grad()
        loss.backward()
        if step == "each":
            optimizer.step()
        state = tuple(part.detach() for part in state)
        losses.append(loss.item())
    if step == "last":
        optimizer.step()
    return losses, model.weights()


def _wrong_trainings():
    """Yield the usual mistakes, and what to say to each."""
    yield {"forget": True}, "every chunk begins with an empty memory: carry the numbers over, only their graph is cut."
    yield {"clean": False}, "the gradients of the chunks pile up: when is the optimizer cleaned?"
    yield {"clean": False, "step": "last"}, "there is one step in the end, expected one for each chunk."
    yield {"step": "last"}, "there is one step in the end, with the gradient of the last chunk alone."
    yield {"step": "none"}, "the weights do not move: is there a step, and a gradient left when it comes?"
    yield {"first": True}, "training ends after the first chunk: where does your return stand?"


def train_stream(model, chunks, optimizer):
    state, total = None, 0.0
    for x, y in chunks:
        y_pred, state = model(x, state)
        loss = F.mse_loss(y_pred, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        state = tuple(part.detach() for part in state)
        total += loss.item()
    return total / len(chunks)


def check_csi(answer: object) -> None:
    maps = _maps()
    given = [_score(answer, *case) for case in maps]
    right = [critical_success(*case) for case in maps]
    if not near(given, right):
        explain(given, maps, list(_wrong_scores()))
        place = first_wrong(given, right)
        said, real, threshold = (one.tolist() if isinstance(one, Tensor) else one for one in maps[place])
        shown = "noise of 60 to 255" if len(said) > 2 else f"the forecast {said} and the codes {real}"
        raise Mistake(
            f"for {shown} with threshold {threshold} you return {given[place]:.3f}, expected {right[place]:.3f}: count "
            "hits, misses and false alarms by hand."
        )
    _check_dry(answer)


def _maps() -> list[tuple[Tensor, Tensor, int]]:
    """Forecasts, codes and thresholds: a small map with every case in it; noise, with values that equal the threshold
    and all codes up to 255; false alarms alone; misses alone.
    """
    said = torch.tensor([[80.0, 90, 90, 0, 10, 100], [0, 81, 95, 20, 99, 90]])
    real = torch.tensor([[95, 80, 85, 90, 0, 30], [0, 10, MISSING, MISSING, MISSING, 90]], dtype=torch.uint8)
    generator = torch.Generator().manual_seed(0)
    noise = torch.randint(60, 101, (2, 20, 20), generator=generator)
    noise[1, torch.rand(20, 20, generator=generator) < 0.2] = MISSING
    strong = torch.randint(230, 256, (2, 9, 16), generator=generator)  # the strongest echo has code 255
    few = torch.tensor([[100.0, 0.0]]), torch.tensor([[0, 7]], dtype=torch.uint8)
    return [
        (said, real, 80),
        (noise[0].float(), noise[1].to(torch.uint8), 80),
        (strong[0].float(), strong[1].to(torch.uint8), 243),
        (*few, 50),
        (few[0] * 0, (few[1] * 20), 50),
    ]


def _score(answer: object, said: Tensor, real: Tensor, threshold: int) -> float:
    value = call_pure(answer, said, real, threshold)
    if isinstance(value, Tensor) and value.numel() != 1:
        raise Mistake(f"you return a tensor of shape {tuple(value.shape)}, expected one number for the whole map.")
    return as_number(value)


def _check_dry(answer: object) -> None:
    """Without an event there is nothing to score, and that is neither 0 nor 1."""
    blind = torch.full((2, 2), MISSING, dtype=torch.uint8)
    for name, real in (("dry", 0 * blind), ("blind", blind)):
        try:
            value = _score(answer, torch.zeros(2, 2), real, 80)
        except Mistake as mistake:
            raise Mistake(f"the rain is right. On a {name} map, nothing said and nothing seen, {mistake}") from None
        if not math.isnan(value):
            raise Mistake(
                f"the rain is right. On a {name} map, nothing said and nothing seen, you return {value:g}: what is 0/0?"
            )


def _wrong_scores():
    """Yield the usual mistakes as functions of forecast and codes, and what to say to each."""

    def wrong(mask=lambda said, real: real != MISSING, missing=None, double=False, strict=False, kind="csi"):
        def score(said, real, threshold):
            keep = mask(said, real)
            codes = real.float() if missing is None else torch.where(real == MISSING, missing, real.float())
            level = threshold + 1e-3 * strict
            a, b = (said >= level)[keep], (codes >= level)[keep]
            hits, either = (a & b).sum(), (a | b).sum() + double * (a & b).sum()  # tensors: 0/0 is nan
            parts = {"csi": either, "pod": b.sum(), "precision": a.sum(), "all": b.numel()}
            if kind == "accuracy":
                return (a == b).sum() / b.numel()
            share = hits / parts["precision" if kind == "far" else kind]
            return 1 - share if kind == "far" else share

        return score

    def everywhere(said, real):
        return torch.ones_like(real, dtype=torch.bool)

    yield wrong(everywhere, double=True), "a cell that nobody measured counts as heavy rain, and a hit counts twice."
    yield wrong(double=True), "the missing cells are out, well. Below the line a hit stands in both sums."
    yield wrong(lambda said, real: real < MISSING), "the strongest echo has code 255: only MISSING itself is missing."
    it = "you drop more than what is missing: codes up to 255 are echo, only MISSING itself is not."
    yield wrong(lambda said, real: real <= 240), it
    yield wrong(everywhere), "the fraction is right. But a missing cell has code 254: to you that is rain."
    yield (
        wrong(everywhere, missing=0.0),
        ("a missing cell counts as dry, so that rain forecast there is a false alarm: nobody knows what fell."),
    )
    yield wrong(everywhere, missing=0.0, double=True), "a missing cell counts as dry, and a hit counts twice."
    yield (
        wrong(strict=True),
        "an event is the threshold or more: a cell of exactly the threshold is missing from your count.",
    )
    yield wrong(kind="pod"), "that is POD: the false alarms are missing below the line."
    yield wrong(kind="precision"), "the misses are missing below the line."
    yield wrong(kind="far"), "that is FAR, the share of alarms that were false."
    yield wrong(kind="accuracy"), "that is the share of right cells, dry ones as well: do they count in CSI?"
    yield wrong(kind="all"), "you divide by all measured cells: below the line stand only those with an event."


def critical_success(forecast, codes, threshold):
    seen = codes != MISSING
    said, real = forecast[seen] >= threshold, codes[seen] >= threshold
    either = (said | real).sum().item()
    return (said & real).sum().item() / either if either else math.nan


EXERCISES: dict[str, Exercise] = {
    "convlstm.lstm": Exercise(
        check_lstm,
        'That is equation 3 of the paper; ConvLSTMCell(..., peephole="channel") does the same.',
        (
            "begin with lstm_step, product convolve, and put one term into each of the three sigmoids.",
            "the output gate sees the new memory, so its line has to stand after that of c.",
            "i = sigmoid(i + peep[0] * c), f likewise with peep[1]; then the new c; then o with peep[2] and the new c.",
        ),
        peephole_step,
    ),
    "convlstm.carry": Exercise(
        check_carry,
        "The state crosses from chunk to chunk, its graph does not: memory does not grow with the stream.",
        (
            "the state that the model returns is the end of a graph; so is every loss.",
            "what comes from an earlier chunk should be numbers: detach for the state, item for the loss.",
            "after the step: state = tuple(part.detach() for part in state), and no retain_graph.",
        ),
        train_stream,
    ),
    "convlstm.csi": Exercise(
        check_csi,
        "Only what was measured counts, and a hit counts once; course.rain.csi takes the mask as `seen`.",
        (
            "work it out on a map of three cells: a hit, a miss, and one that is missing.",
            "choose the measured cells first, in both maps; below the line stands every cell with rain in either.",
            "seen = codes != MISSING; said and real only there; hits / (said | real).sum(), nan if that is 0.",
        ),
        critical_success,
    ),
}
