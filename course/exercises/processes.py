"""The exercises of notebook 15_processes."""

import io
import math

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
from course.exercises.watched import Watched

NAN = math.nan
SHARES = tuple(
    ([torch.tensor(gradient) for gradient in gradients], counts)
    for gradients, counts in (
        ([[1.0, -2.0], [5.0, 4.0]], [3, 3]),
        ([[1.0, -2.0], [5.0, 4.0]], [100, 28]),
        ([[[2.0], [0.0], [1.0]], [[-1.0], [4.0], [3.0]], [[6.0], [1.0], [-8.0]]], [4, 4, 1]),
        ([[1.0, 3.0], [NAN, NAN], [4.0, -6.0]], [2, 0, 1]),
        ([[7.0]], [5]),
    )
)


def check_shares(answer: object) -> None:
    right = [joint_gradient(*case) for case in SHARES]
    results = call_cases(answer, SHARES, WRONG_SHARES, right=right)
    for result, expected in zip(results, right):
        expect_like("the gradient", result, expected)
    if near(results, right):
        return
    explain(results, SHARES, WRONG_SHARES)
    place = first_wrong(results, right)
    gradients, counts = SHARES[place]
    if results[place].isnan().any():
        raise Mistake("here a process without images is given as nan, and 0 times nan is nan, too: leave it out.")
    raise Mistake(
        f"for the gradients {[gradient.tolist() for gradient in gradients]} of {counts} images you return "
        f"{_rounded(results[place])}, expected {_rounded(right[place])}: each image counts as much as any other."
    )


def _rounded(gradient: Tensor) -> list:
    return (gradient.double() * 1000).round().div(1000).tolist()


def joint_gradient(gradients, counts):
    total = 0.0
    for gradient, count in zip(gradients, counts):
        if count > 0:  # else it is given as nan, and 0 times nan is nan
            total = total + count * gradient
    return total / sum(counts)


def _seen(gradients: list, counts: list) -> list:
    return [(gradient, count) for gradient, count in zip(gradients, counts) if count]


WRONG_SHARES = (
    (
        lambda gradients, counts: sum(gradients) / len(gradients),
        "you take the plain mean: an image in a small share counts for more than one in a large share.",
    ),
    (
        lambda gradients, counts: sum(part for part, _ in _seen(gradients, counts)) / len(_seen(gradients, counts)),
        "you take the plain mean of those that have images: an image in a small share counts for more.",
    ),
    (
        lambda gradients, counts: sum(part for part, _ in _seen(gradients, counts)),
        "you add the gradients up as they are: how many images stand behind each of them?",
    ),
    (
        lambda gradients, counts: sum(part * count for part, count in _seen(gradients, counts)),
        "you return a sum over all images, expected the gradient of their mean loss: divide.",
    ),
    (
        lambda gradients, counts: sum(part * count for part, count in _seen(gradients, counts)) / len(counts),
        "you divide by the number of processes: averages divide by examples.",
    ),
)

PIECES = ((7, 3), (6, 2), (5, 5), (4, 9), (3, 1))  # examples, and how many fit


def check_accumulate(answer: object) -> None:
    for examples, size in PIECES:
        generator = torch.Generator().manual_seed(examples)
        x, y = torch.randn(examples, 3, generator=generator), torch.arange(examples) % 2
        model, right = Watched(), Watched()
        for parameter in model.parameters():
            parameter.grad = torch.ones_like(parameter)  # left from a step before
        loss = F.cross_entropy(right(x), y)
        loss.backward()
        before = [parameter.detach().clone() for parameter in model.parameters()]
        told = as_number(call(answer, model, x.clone(), y.clone(), size))
        _check_pieces(model, before, examples, size)
        _check_gradients(model, right, x, y, size)
        if not near(told, loss.item(), 1e-5):
            if near(told, loss.item() * examples, 1e-5):
                raise Mistake("you return the sum of the losses, expected their mean.")
            raise Mistake(
                f"the gradients are right, but of {examples} examples the mean loss is {loss.item():.4f}, and you "
                f"return {told:.4f}."
            )


def _check_pieces(model: Watched, before: list[Tensor], examples: int, size: int) -> None:
    it = f"of {examples} examples, {size} of which fit into memory,"
    if max(model.sizes, default=0) > size:
        raise Mistake(f"{it} the model was given {max(model.sizes)} at once.")
    if sum(model.sizes) != examples:
        raise Mistake(f"{it} the model has seen {sum(model.sizes)}: each of them once, the last piece may be smaller.")
    if not all(near(parameter, old, 0) for parameter, old in zip(model.parameters(), before)):
        raise Mistake("the weights have moved: the step is for others to make.")
    if model.most > 2:  # that of this piece, and perhaps that of the one before
        raise Mistake(
            f"the graphs of {model.most} pieces are alive at once, as much memory as for all examples together: call "
            "backward in each piece."
        )


def _check_gradients(model: Watched, right: Watched, x: Tensor, y: Tensor, size: int) -> None:
    found, expected = ([parameter.grad for parameter in one.parameters()] for one in (model, right))
    if any(gradient is None for gradient in found):
        raise Mistake("a weight has no gradient in the end: was backward called?")
    if near(found, expected, 1e-5):
        return
    ones = [torch.ones_like(gradient) for gradient in expected]
    if near(found, ones):
        raise Mistake("the gradients are as they were: was backward called?")
    if near(found, [gradient + one for gradient, one in zip(expected, ones)], 1e-5):
        raise Mistake("the gradients of an earlier step are still in them: clear them first.")
    if near(found, [gradient * len(x) for gradient in expected], 1e-5):
        raise Mistake("these are gradients of the sum over all examples, expected those of their mean: divide.")
    pieces = [_gradients(x[start : start + size], y[start : start + size]) for start in range(0, len(x), size)]
    added = [sum(parts) for parts in zip(*pieces)]
    if near(found, added, 1e-5):
        raise Mistake(f"you add up the gradients of {len(pieces)} means: how much does each piece weigh in the whole?")
    if near(found, [gradient / len(pieces) for gradient in added], 1e-5):
        raise Mistake("each piece weighs the same, also a last one that is smaller: averages divide by examples.")
    raise Mistake(f"of {len(x)} examples in pieces of {size}, these are not the gradients of the mean loss over all.")


def _gradients(x: Tensor, y: Tensor) -> list[Tensor]:
    model = Watched()
    return list(torch.autograd.grad(F.cross_entropy(model(x), y), list(model.parameters())))


def accumulate(model, x, y, size):
    model.zero_grad()
    total = 0.0
    for start in range(0, len(x), size):
        logits, labels = model(x[start : start + size]), y[start : start + size]
        loss = F.cross_entropy(logits, labels, reduction="sum") / len(x)
        loss.backward()
        total += loss.item()
    return total


OPTIMIZERS = {
    "SGD": lambda weights: torch.optim.SGD(weights, lr=0.1),
    "SGD with momentum": lambda weights: torch.optim.SGD(weights, lr=0.1, momentum=0.9),
    "Adam": lambda weights: torch.optim.Adam(weights, lr=0.1),
}
STOPS = ((1, 4), (3, 4), (2, 5), (4, 4))  # batches before it was killed, and in all


def check_resume(answer: object) -> None:
    for name, make in OPTIMIZERS.items():
        for first, total in STOPS:
            generator = torch.Generator().manual_seed(total)
            batches = [
                (torch.randn(3, 2, generator=generator), torch.randn(3, 1, generator=generator)) for _ in range(total)
            ]
            checkpoint = {}
            for count in (first, total):
                model = _line(count)
                given = [(x.clone(), y.clone()) for x, y in batches[:count]]
                checkpoint = _through_a_file(call(answer, model, make(model.parameters()), given, checkpoint))
                _check_weights(model, _undisturbed(make, first, batches[:count]), name, count, first)


def _line(seed: int) -> nn.Linear:
    """A new process begins with weights of its own: those of the checkpoint are to take their place."""
    model = nn.utils.skip_init(nn.Linear, 2, 1)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=torch.Generator().manual_seed(seed)))
    return model


def _undisturbed(make, seed: int, batches: list) -> nn.Linear:
    model = _line(seed)
    go_on(model, make(model.parameters()), batches, {})
    return model


def _through_a_file(checkpoint: object) -> dict:
    if not isinstance(checkpoint, dict):
        raise Mistake(f"you return a {type(checkpoint).__name__}, expected a checkpoint: a dictionary.")
    file = io.BytesIO()
    try:
        torch.save(checkpoint, file)
        file.seek(0)
        return torch.load(file)
    except Exception as error:
        raise Mistake(
            f"the checkpoint cannot be written to a file and read again ({type(error).__name__}): put dictionaries, "
            "tensors and numbers into it, as `state_dict` gives them."
        ) from None


def _check_weights(model: nn.Linear, right: nn.Linear, name: str, count: int, first: int) -> None:
    if near(list(model.parameters()), list(right.parameters()), 1e-5):
        return
    if count == first:
        raise Mistake(f"already without an accident, {count} batches by {name} give other weights than they should.")
    plain = "" if name == "SGD" else f" By SGD it is right; what does {name} remember from step to step?"
    raise Mistake(
        f"killed after {first} of {count} batches, a run by {name} does not end with the weights of an undisturbed "
        f"one.{plain}"
    )


def go_on(model, optimizer, batches, checkpoint):
    step = 0
    if checkpoint:
        model.load_state_dict(checkpoint["model"])
        optimizer.load_state_dict(checkpoint["optimizer"])
        step = checkpoint["step"]
    for x, y in batches[step:]:
        optimizer.zero_grad()
        F.mse_loss(model(x), y).backward()
        optimizer.step()
        step += 1
    return {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": step}


EXERCISES: dict[str, Exercise] = {
    "processes.shares": Exercise(
        check_shares,
        "However the images are shared out, the gradient is that of all of them.",
        (
            "How often does one image count in the mean of its own share, and how often in the mean of all?",
            "Multiply each gradient by its images, add up, and divide by all images. What is 0 times nan?",
            "Skip a process whose count is 0; `sum(counts)` is what to divide by.",
        ),
        joint_gradient,
    ),
    "processes.accumulate": Exercise(
        check_accumulate,
        "The step is that of the whole batch, and the memory that of one piece.",
        (
            "`backward` adds to the gradients that are there. What should each piece add?",
            "The loss of a piece, as a part of the mean over all: its sum, divided by all examples.",
            'F.cross_entropy(..., reduction="sum") / len(x), backward in each piece; their sum is the mean loss.',
        ),
        accumulate,
    ),
    "processes.resume": Exercise(
        check_resume,
        "What decides the next step is in the checkpoint, and an accident leaves no trace.",
        (
            "Which numbers, beside the weights, decide the next step of SGD with momentum?",
            "An optimizer has a `state_dict` and a `load_state_dict`, as a model has.",
            'Keep "optimizer": optimizer.state_dict() as well, and load it where the model\'s is loaded.',
        ),
        go_on,
    ),
}
