"""The exercises of notebook 04_nn."""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course.device import seed_everything
from course.exercises.exercise import (
    Exercise,
    Mistake,
    Mistakes,
    as_number,
    call,
    call_pure,
    describe_error,
    expect_like,
    explain,
    near,
)

Y = torch.tensor([0, 1, 2, 3, 4, 5])


def check_reader(answer: object) -> None:
    pair = call(answer)
    if not (isinstance(pair, (tuple, list)) and len(pair) == 2 and isinstance(pair[0], nn.Module)):
        raise Mistake(f"you return a {type(pair).__name__}, expected a pair: the model and its loss.")
    model, loss_fn = pair
    if not callable(loss_fn):
        raise Mistake(f"the loss is a {type(loss_fn).__name__}, expected one that can be called: look at the brackets.")
    was_training = model.training
    model.eval()
    try:
        _check_pair(model, loss_fn)
    finally:
        model.train(was_training)


def _check_pair(model: nn.Module, loss_fn: Callable) -> None:
    """Model and loss are judged together, as they learn together: it counts what a digit costs, not how it is made."""
    images = torch.rand(6, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    loss = _loss(model, loss_fn, images, Y)
    if not isinstance(loss, Tensor) or loss.dim():
        raise Mistake("the loss is not a single number in a tensor: which reduction does your loss use?")
    weights = list(model.parameters())
    if not weights or not loss.requires_grad or None in torch.autograd.grad(loss, weights, allow_unused=True):
        raise Mistake("no gradient reaches some weights (a detach, or no_grad?): they could not be trained.")
    costs = _costs(model, loss_fn, images)
    sure = near((-costs).exp().sum(1), torch.ones(len(images)), 1e-4)  # the probabilities of a softmax
    averaged = near(loss, costs[range(6), Y].mean(), 1e-4)
    if not (sure and averaged and _moves_freely(model, loss_fn, images)):
        _explain_loss(model, loss_fn)
        raise Mistake(
            "the loss is not minus the logarithm of the probability that a softmax gives the right digit: print what "
            "the model returns for one image, and look up what your loss expects."
        )
    _check_hidden(model, loss_fn)


def _loss(model: nn.Module, loss_fn: Callable, images: Tensor, y: Tensor) -> object:
    try:
        output = model(images)
    except Exception as error:
        text = f"for images of shape {tuple(images.shape)}: {describe_error(error).partition(': ')[2]}"
        raise Mistake(f"the model raises {type(error).__name__} {text}.") from None
    if isinstance(output, Tensor) and output.shape[-1:] != (10,):
        raise Mistake(
            f"the model gives {tuple(output.shape)} for six images, expected ten numbers, one for each digit."
        )
    try:
        return loss_fn(output, y)
    except Exception as error:
        raise Mistake(f"the loss does not fit the model: it raises {describe_error(error)}.") from None


def _costs(model: nn.Module, loss_fn: Callable, images: Tensor) -> Tensor:
    """What each of ten answers would cost, image by image. Shapes: (B, 10)."""
    with torch.no_grad():
        rows = [[_loss(model, loss_fn, image[None], torch.tensor([digit])) for digit in range(10)] for image in images]
    return torch.tensor([[as_number(cost) for cost in row] for row in rows])


def _moves_freely(model: nn.Module, loss_fn: Callable, images: Tensor) -> bool:
    """Whether a digit's logit reaches the loss as it is, however large or negative.

    Moved through a bias of ten; through the weights of ten, where there is none.
    """
    costs = _costs(model, loss_fn, images[:2])
    logits = costs[:, :1] - costs  # but for a constant
    with torch.no_grad():
        tens = [parameter for parameter in model.parameters() if 10 in parameter.shape]
        for parameter in [one for one in tens if one.shape == (10,)] or tens:
            kept, is_bias = parameter.clone(), parameter.shape == (10,)
            free = True
            for size in (-30.0, 30.0):
                if is_bias:
                    parameter[3] += size
                else:
                    parameter *= size
                costs = _costs(model, loss_fn, images[:2])
                moved = (costs[:, :1] - costs) - (logits if is_bias else size * logits)
                parameter.copy_(kept)
                expected = size * (torch.arange(10) == 3) if is_bias else torch.zeros(10)
                free = free and near(moved, expected.expand_as(moved), 1e-2)
            if free:
                return True
    return False


def _explain_loss(model: nn.Module, loss_fn: Callable) -> None:
    """Raise the Mistake that tells what becomes of the numbers of the last linear layer."""
    linears = [layer for layer in model.modules() if isinstance(layer, nn.Linear)]
    if not linears:
        return
    order = torch.randperm(60, generator=torch.Generator().manual_seed(0))
    logits = torch.linspace(-4, 5, 60)[order].view(6, 10)
    hook = linears[-1].register_forward_hook(lambda *_: logits)
    try:
        loss = _loss(model, loss_fn, torch.zeros(6, 1, 28, 28), Y)
    finally:
        hook.remove()
    for wrong, message in _wrong_losses(logits):
        if near(loss, wrong, 1e-4):
            raise Mistake(message)


def _wrong_losses(logits: Tensor):
    """Yield the losses of the usual mistakes, and what to say to each."""
    twice, shut = F.cross_entropy(logits.softmax(1), Y), logits.relu()
    no_log = "the loss is negative: minus a probability. In negative log-likelihood, one of the three "
    bottomless = "the loss only looks at the right digit, and has no bottom: let all logits grow. "
    yield (
        F.cross_entropy(shut.softmax(1), Y),
        (
            "even a perfectly sure and right answer costs ≈ 1.46, expected 0. And where the last linear layer "
            "gives the right digit a negative number, the slope is 0. These are two symptoms with two causes."
        ),
    )
    yield (
        twice,
        (
            "let the last linear layer be perfectly sure and right: the loss is still ≈ 1.46, expected 0. How "
            "often are logits turned into probabilities?"
        ),
    )
    yield (
        F.cross_entropy(shut, Y),
        (
            "a sure and right answer now costs nothing, as it should. But let the right digit get a negative "
            "number from the last linear layer: its slope is 0, and no image can lift it again."
        ),
    )
    yield (
        F.cross_entropy(F.leaky_relu(logits), Y),
        (
            "LeakyReLU at the end only leaves the door ajar: negative logits come out a hundred times too faint. "
            "What has to stand between the last linear layer and the loss?"
        ),
    )
    yield F.nll_loss(logits.softmax(1), Y), no_log + "words is missing."
    yield F.nll_loss(shut.softmax(1), Y), no_log + "words is missing. Not only that: may a logit be -1?"
    yield F.nll_loss(logits, Y), bottomless + "NLLLoss expects log-probabilities, and nothing makes them."
    yield F.nll_loss(shut, Y), bottomless + "It needs log-probabilities. Not only that: may a logit be -1?"
    yield (
        F.nll_loss(logits.log_softmax(0), Y),
        (
            "the probabilities of each digit add up to 1 over the images of the batch, expected over the ten "
            "digits of each image: which dimension is which?"
        ),
    )
    yield (
        F.cross_entropy(logits, Y, reduction="sum"),
        ("the losses of the batch are summed, expected their mean: larger batches would take larger steps."),
    )
    yield (
        F.cross_entropy(logits.sigmoid(), Y),
        (
            "a sigmoid squeezes every logit between 0 and 1, and then no answer can be sure: what does "
            "cross-entropy want to see?"
        ),
    )


def _check_hidden(model: nn.Module, loss_fn: Callable) -> None:
    """Linear layers without something between them are one: then what holds for two images holds for their sum."""
    a, b = torch.rand(2, 1, 1, 28, 28, generator=torch.Generator().manual_seed(1))  # a ReLU before all lets them pass
    logits = [costs[:, :1] - costs for costs in (_costs(model, loss_fn, x) for x in (a, b, a + b, 0 * a))]
    if near(logits[0] + logits[1], logits[2] + logits[3], 1e-4):
        raise Mistake(
            "between the images and the logits all is linear, as if there were a single layer: keep two linear layers, "
            "and one ReLU between them."
        )


def make_reader():
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 100), nn.ReLU(), nn.Linear(100, 10))
    return model, nn.CrossEntropyLoss()


INPUTS, OUTPUTS, SLOPE = 400, 450, 0.6  # so that every wrong formula gives another number


def check_draw(answer: object) -> None:
    w = _drawn(answer, INPUTS, OUTPUTS, SLOPE)
    std, half = w.std().item(), (1 + SLOPE**2) / 2
    if (w == w[0, 0]).all():
        raise Mistake("all weights are the same number, so all units stay the same for ever: draw them.")
    if torch.linalg.matrix_rank(w) < min(w.shape) / 2:
        raise Mistake("the rows are multiples of each other, so all units say the same: draw every weight by itself.")
    if torch.equal(w, _drawn(answer, INPUTS, OUTPUTS, SLOPE, seed=1)):
        raise Mistake("every call gives the same weights, and ten layers would be alike: let the seed alone.")
    if abs(w.mean().item()) > 0.05 * std:
        raise Mistake(f"the weights have mean {w.mean().item():.3f}, expected 0: sums would drift one way.")
    right = math.sqrt(1 / (half * INPUTS))
    for wrong, message in _wrong_spreads(half):
        if near(std, wrong, 0.01 * wrong):
            raise Mistake(message)
    if not near(std, right, 0.01 * right):
        times = (std / right) ** 20
        raise Mistake(
            f"with a slope of {SLOPE}, the mean square after ten layers is {times:.1e} times what it was, expected 1."
        )
    for inputs, outputs, slope in ((400, 400, 0.2), (900, 300, 0.0), (300, 900, 1.0)):
        std, expected = _drawn(answer, inputs, outputs, slope).std().item(), math.sqrt(2 / ((1 + slope**2) * inputs))
        if not near(std, expected, 0.01 * expected):
            raise Mistake(
                f"for {INPUTS} inputs and a slope of {SLOPE} it is right, for {inputs} and {slope} it is not: is a "
                "number left in your formula?"
            )


def _drawn(answer: object, inputs: int, outputs: int, slope: float, seed: int = 0) -> Tensor:
    seed_everything(seed)  # `check` puts the learner's random numbers back
    w = call(answer, inputs, outputs, slope)
    if isinstance(w, Tensor) and w.shape == (inputs, outputs) != (outputs, inputs):
        raise Mistake(
            f"the weight has shape {(inputs, outputs)}, expected {(outputs, inputs)}: "
            "nn.Linear keeps (outputs, inputs)."
        )
    expect_like("the weight", w, torch.empty(outputs, inputs))
    if not w.isfinite().all():
        raise Mistake(f"some weights are nan or infinite, with {inputs} inputs and a slope of {slope}.")
    return w.detach()


def _wrong_spreads(half: float):
    """Yield the standard deviations of the usual mistakes, and what to say to each."""
    yield (
        (2 / INPUTS) ** 0.5,
        (
            "this is He for ReLU, the slope changes nothing: what does LeakyReLU leave of the mean square "
            "where z is negative?"
        ),
    )
    yield (
        (1 / INPUTS) ** 0.5,
        (
            "this would be right without any activation: LeakyReLU takes a part of the mean square away, and "
            "nothing makes up for it."
        ),
    )
    yield (2 / (INPUTS + OUTPUTS)) ** 0.5, ("this is Xavier: it averages inputs and outputs, without an activation.")
    yield (1 / (half * OUTPUTS)) ** 0.5, ("a sum has as many terms as there are inputs; you divide by the outputs.")
    yield (2 / OUTPUTS) ** 0.5, ("this is He with the outputs: count the inputs, and let the slope play a part.")
    yield (2 / INPUTS) ** 0.5 / (1 + SLOPE**2), "1 + slope**2 belongs to the variance: the root covers it, too."
    yield 1 / (half * INPUTS), "this is the right variance, used as a standard deviation: a root is missing."
    yield (2 / ((1 + SLOPE) * INPUTS)) ** 0.5, ("you add the slope to 1; it is the mean *square* that has to stay.")
    yield 2 / ((1 + SLOPE) * INPUTS**0.5), "you average the slopes, then square; average the squared slopes."
    yield (
        (1 / (3 * half * INPUTS)) ** 0.5,
        (
            "uniform numbers between -b and b have the standard deviation b divided by the root of 3: your b "
            "is too small."
        ),
    )
    yield 1.0, "the weights have standard deviation 1: a sum of 400 of them is twenty times too large."


def draw(inputs, outputs, slope):
    kept = (1 + slope**2) / 2  # part of the mean square that passes LeakyReLU
    return torch.randn(outputs, inputs) / (kept * inputs) ** 0.5


def check_lost(answer: object) -> None:
    cases = [_answers_to(*case) for case in LOST_CASES]
    results = [_as_digits(call_pure(answer, *case)) for case in cases]
    wrong = [(case, result) for case, result in zip(cases, results) if result != lost(*case)]
    if wrong:
        explain(results, cases, LOST_MISTAKES)
        (logits, y), result = wrong[0]
        raise Mistake(
            f"for {len(y)} images and {logits.shape[1]} classes you return {result}, expected {lost(logits, y)}: "
            "print, for each digit, how many images it has and how many of them are found."
        )


# For each digit how many of its images are found, how many are read as the next digit; and the number of classes.
LOST_CASES = (
    ({0: (10, 0), 1: (0, 12), 2: (9, 30), 3: (1, 19), 4: (1, 39), 5: (2, 58), 6: (3, 0)}, 10),
    ({0: (4, 1), 1: (5, 0), 2: (6, 1)}, 3),
    ({7: (0, 1), 8: (2, 0)}, 10),
    ({1: (0, 3), 0: (0, 25)}, 2),
    ({}, 10),
)


def _answers_to(digits: dict[int, tuple[int, int]], classes: int) -> tuple[Tensor, Tensor]:
    """Make logits that find so many images of each digit, and read the rest as another; and the true digits."""
    pairs = [(digit, digit) for digit, (found, _) in digits.items() for _ in range(found)]
    pairs += [((digit + 1) % classes, digit) for digit, (_, missed) in digits.items() for _ in range(missed)]
    generator = torch.Generator().manual_seed(len(pairs))
    order = torch.randperm(len(pairs), generator=generator).tolist()
    said = torch.tensor([pairs[place][0] for place in order], dtype=torch.int64)
    logits = -1 - torch.rand(len(pairs), classes, generator=generator)  # all below zero, and no two alike
    logits[range(len(pairs)), said] = -0.5
    return logits, torch.tensor([pairs[place][1] for place in order], dtype=torch.int64)


def _as_digits(value: object) -> list[int]:
    if isinstance(value, (int, float)) or getattr(value, "shape", None) == ():
        raise Mistake("you return one number, expected a list of the digits that are lost.")
    try:
        return sorted(int(digit) for digit in value)
    except (TypeError, ValueError):
        raise Mistake(f"you return a {type(value).__name__}, expected a list of digits.") from None


def lost(logits, y):
    answers = logits.argmax(1)
    digits = []
    for digit in range(logits.shape[1]):
        own = y == digit
        if own.any() and (answers[own] == digit).float().mean() < 0.05:
            digits.append(digit)
    return digits


def _lost_by(rule: Callable[[Tensor, Tensor], bool]) -> Callable[[Tensor, Tensor], list[int]]:
    """Return the function that takes a digit for lost by a rule of (answers == digit, y == digit)."""
    return lambda logits, y: [digit for digit in range(logits.shape[1]) if rule(logits.argmax(1) == digit, y == digit)]


def _found(said: Tensor, own: Tensor) -> float:
    return said[own].double().mean().item()


LOST_MISTAKES: Mistakes = (
    (
        _lost_by(lambda said, own: own.any() and not said.any()),
        "you look for digits that are never answered. A digit can be answered and yet not be found: of its own images "
        "less than one in twenty must be read right.",
    ),
    (
        _lost_by(lambda said, own: not said.any()),
        "you look for digits that are never answered, and also take those for lost that have no image.",
    ),
    (_lost_by(lambda said, own: not _found(said, own) >= 0.05), "a digit that has no image is not lost."),
    (_lost_by(lambda said, own: _found(said, own) <= 0.05), "exactly one in twenty is enough not to be lost."),
    (_lost_by(lambda said, own: _found(said, own) == 0), "a digit may be found now and then, and still be lost."),
    (_lost_by(lambda said, own: _found(said, own) >= 0.05), "you return the digits that are found."),
    (
        _lost_by(lambda said, own: own.any() and (said & own).double().mean().item() < 0.05),
        "you divide by all images, expected those of the digit alone.",
    ),
)


EXERCISES: dict[str, Exercise] = {
    "nn.reader": Exercise(
        check_reader,
        "Logits out, cross-entropy behind: there is nothing to forget and nothing to do twice.",
        (
            "read the last two parts of the model aloud, and then say what CrossEntropyLoss does first.",
            "CrossEntropyLoss begins with a softmax of its own, and a logit may be negative.",
            "the model ends with its last nn.Linear; everything behind it can go.",
        ),
        make_reader,
    ),
    "nn.draw": Exercise(
        check_draw,
        "With slope 0 it is He, with slope 1 there is no activation left: one formula for all.",
        (
            "half of the z are positive and keep their square; what happens to the square of the other half?",
            "of a mean square m, LeakyReLU lets (1 + slope**2) / 2 times m pass.",
            "the variance is 1 / (inputs * (1 + slope**2) / 2), and the weight has shape (outputs, inputs).",
        ),
        draw,
    ),
    "nn.lost": Exercise(
        check_lost,
        "A score for each class shows what one number for all hides.",
        (
            "logits.argmax(1) is what the network answers; look at the images of one digit at a time, y == digit.",
            "(answers[y == digit] == digit) says which images of this digit are found; its mean is their part.",
            "go through all digits, keep those whose part is below 0.05, and leave out digits without any image.",
        ),
        lost,
    ),
}
