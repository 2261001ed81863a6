"""The exercises of notebook 04_nn."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course.exercises.exercise import Exercise, Mistake, call, expect_like, near

Y = torch.tensor([0, 1, 2, 3, 4, 5])


def check_reader(answer: object) -> None:
    pair = call(answer)
    if not (isinstance(pair, tuple) and len(pair) == 2 and isinstance(pair[0], nn.Module)):
        raise Mistake(f"you return a {type(pair).__name__}, expected a pair: the model and its loss.")
    model, loss_fn = pair
    linears = [layer for layer in model.modules() if isinstance(layer, nn.Linear)]
    if len(linears) < 2:
        raise Mistake(f"the model has {len(linears)} linear layers, expected two: keep the hidden layer.")
    if linears[-1].out_features != 10:
        raise Mistake(f"the last layer has {linears[-1].out_features} outputs, expected 10, one a digit.")
    _check_hidden(model, linears[-1])

    def loss_of(logits: Tensor) -> Tensor:
        """The loss if the last linear layer said `logits`."""
        hook = linears[-1].register_forward_hook(lambda *_: logits)
        try:
            return loss_fn(model(torch.zeros(len(logits), 1, 28, 28)), Y)
        except Exception as error:
            raise Mistake(
                "the loss does not fit the model: it raises "
                f"{type(error).__name__}: {str(error).splitlines()[0].rstrip('.')}."
            ) from None
        finally:
            hook.remove()

    order = torch.randperm(60, generator=torch.Generator().manual_seed(0))
    logits = torch.linspace(-4, 5, 60)[order].view(6, 10)
    loss, right = loss_of(logits), F.cross_entropy(logits, Y)
    if not isinstance(loss, Tensor) or loss.dim():
        raise Mistake("the loss is not a single number in a tensor: which reduction does your loss use?")
    if near(loss, right, 1e-4):
        return
    for wrong, message in _wrong_losses(logits):
        if near(loss, wrong, 1e-4):
            raise Mistake(message)
    raise Mistake(
        f"for the same logits your loss is {loss.item():.3f} and cross-entropy is {right.item():.3f}: "
        "print what the model returns for one image, and look up what your loss expects."
    )


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


def _check_hidden(model: nn.Module, last: nn.Linear) -> None:
    """Two linear layers without something between them are one."""
    said = []
    hook = last.register_forward_hook(lambda layer, inputs, output: said.append(output.detach()))
    x = torch.randn(6, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    try:
        for images in (x, -x, 0 * x):
            model(images)
    except Exception as error:
        raise Mistake(
            f"the model raises {type(error).__name__} for images of shape (6, 1, 28, 28): "
            f"{str(error).splitlines()[0].rstrip('.')}."
        ) from None
    finally:
        hook.remove()
    if near(said[0] + said[1], 2 * said[2], 1e-4):
        raise Mistake(
            "nothing stands between the two linear layers any more, so together they are one linear layer: "
            "one of the two ReLU belongs there."
        )


def make_reader():
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 100), nn.ReLU(), nn.Linear(100, 10))
    return model, nn.CrossEntropyLoss()


INPUTS, OUTPUTS, SLOPE = 400, 450, 0.6  # so that every wrong formula gives another number


def check_draw(answer: object) -> None:
    w = _drawn(answer, INPUTS, OUTPUTS, SLOPE)
    if not isinstance(w, Tensor) or w.shape != (INPUTS, OUTPUTS):
        expect_like("the weight", w, torch.empty(OUTPUTS, INPUTS))
    else:
        raise Mistake(
            f"the weight has shape {(INPUTS, OUTPUTS)}, expected {(OUTPUTS, INPUTS)}: "
            "nn.Linear keeps (outputs, inputs)."
        )
    std, half = w.std().item(), (1 + SLOPE**2) / 2
    if (w == w[0, 0]).all():
        raise Mistake("all weights are the same number, so all units stay the same for ever: draw them.")
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
    steep, expected = _drawn(answer, INPUTS, INPUTS, 0.2).std().item(), math.sqrt(2 / (1.04 * INPUTS))
    if not near(steep, expected, 0.01 * expected):
        raise Mistake("for a slope of 0.6 it is right, for 0.2 it is not: is a number left in your formula?")


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


def _drawn(answer: object, *arguments: object) -> object:
    """Call with a fixed seed, and leave the learner's random numbers as they were."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return call(answer, *arguments)


def draw(inputs, outputs, slope):
    kept = (1 + slope**2) / 2  # part of the mean square that passes LeakyReLU
    return torch.randn(outputs, inputs) / (kept * inputs) ** 0.5


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
}
