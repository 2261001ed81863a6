"""The exercises of notebook 04_nn."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course.exercises.exercise import Exercise, Mistake, call, expect_like, near

Y = torch.tensor([0, 1, 2, 3, 4, 5])


def check_reader(answer: object) -> None:
    pair = call(answer)
    if not (isinstance(pair, tuple) and len(pair) == 2 and isinstance(pair[0], nn.Module) and callable(pair[1])):
        raise Mistake(f"you return a {type(pair).__name__}, expected a pair: the model and its loss function.")
    model, loss_fn = pair
    linears = [layer for layer in model.modules() if isinstance(layer, nn.Linear)]
    if len(linears) < 2:
        raise Mistake(f"the model has {len(linears)} linear layers, expected two: mend the reader, keep its layers.")
    if linears[-1].out_features != 10:
        raise Mistake(f"the last layer has {linears[-1].out_features} outputs, expected 10, one a digit.")
    _check_hidden(model, linears[-1])

    def loss_of(logits: Tensor) -> Tensor:
        """The loss if the last linear layer said `logits`."""
        hook = linears[-1].register_forward_hook(lambda *_: logits)
        try:
            return loss_fn(model(torch.zeros(len(logits), 1, 28, 28)), Y)
        except Exception as error:
            raise Mistake("the loss does not fit the model: it raises "
                          f"{type(error).__name__}: {str(error).splitlines()[0].rstrip('.')}.") from None
        finally:
            hook.remove()

    logits = torch.linspace(-4, 5, 60)[torch.randperm(60, generator=torch.Generator().manual_seed(0))].view(6, 10)
    loss, right = loss_of(logits), F.cross_entropy(logits, Y)
    if not isinstance(loss, Tensor) or loss.dim():
        raise Mistake("the loss is not a single number in a tensor: which reduction does your loss function use?")
    if near(loss, right, 1e-4):
        return
    if near(loss, F.cross_entropy(logits.relu().softmax(1), Y), 1e-4):
        raise Mistake("let the last linear layer be perfectly sure and right: the loss is ≈ 1.46, expected 0. Let it be "
                      "sure and wrong, with a negative number for the right digit: the slope there is 0. "
                      "Each symptom has its own cause.")
    if near(loss, F.cross_entropy(logits.softmax(1), Y), 1e-4):
        raise Mistake("let the last linear layer be perfectly sure and right: the loss is still ≈ 1.46, expected 0. "
                      "How often are logits turned into probabilities?")
    if near(loss, F.cross_entropy(logits.relu(), Y), 1e-4):
        raise Mistake("a sure and right answer now costs nothing, as it should. But let the right digit get a negative "
                      "number from the last linear layer: its slope is 0, and no image can lift it again.")
    if near(loss, F.nll_loss(logits.softmax(1), Y), 1e-4) or near(loss, F.nll_loss(logits.relu().softmax(1), Y), 1e-4):
        raise Mistake(f"the loss is negative, {loss.item():.2f}: minus a probability. "
                      "NLL stands for negative log-likelihood, and one of these words is missing.")
    if near(loss, F.nll_loss(logits, Y), 1e-4) or near(loss, F.nll_loss(logits.relu(), Y), 1e-4):
        raise Mistake("the loss only looks at the right digit and has no bottom: it falls for ever if all logits grow. "
                      "NLLLoss expects log-probabilities, and nothing makes them.")
    if near(loss, F.nll_loss(logits.log_softmax(0), Y), 1e-4):
        raise Mistake("the probabilities of each digit add up to 1 over the images of the batch, expected over the ten "
                      "digits of each image: which dimension is which?")
    if near(loss, F.cross_entropy(logits, Y, reduction="sum"), 1e-4):
        raise Mistake("the losses of the batch are summed, expected their mean: a larger batch would take larger steps.")
    if near(loss, F.cross_entropy(logits.sigmoid(), Y), 1e-4):
        raise Mistake("a sigmoid squeezes every logit between 0 and 1, and then no answer can be sure: "
                      "what does cross-entropy want to see?")
    raise Mistake(f"for the same logits your loss is {loss.item():.3f} and cross-entropy is {right.item():.3f}: "
                  "print what the model returns for one image, and look up what your loss expects.")


def _check_hidden(model: nn.Module, last: nn.Linear) -> None:
    """Two linear layers without something between them are one."""
    said = []
    hook = last.register_forward_hook(lambda layer, inputs, output: said.append(output.detach()))
    x = torch.randn(6, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    try:
        for images in (x, -x, 0 * x):
            model(images)
    except Exception as error:
        raise Mistake(f"the model raises {type(error).__name__} for images of shape (6, 1, 28, 28): "
                      f"{str(error).splitlines()[0].rstrip('.')}.") from None
    finally:
        hook.remove()
    if near(said[0] + said[1], 2 * said[2], 1e-4):
        raise Mistake("nothing stands between the two linear layers any more, so together they are one linear layer: "
                      "one of the two ReLU belongs there.")


def make_reader():
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 100), nn.ReLU(), nn.Linear(100, 10))
    return model, nn.CrossEntropyLoss()


INPUTS, OUTPUTS, SLOPE = 400, 350, 0.6  # so that every wrong formula gives another number


def check_draw(answer: object) -> None:
    w = _drawn(answer, INPUTS, OUTPUTS, SLOPE)
    if not isinstance(w, Tensor) or w.shape != (INPUTS, OUTPUTS):
        expect_like("the weight", w, torch.empty(OUTPUTS, INPUTS))
    else:
        raise Mistake(f"the weight has shape {(INPUTS, OUTPUTS)}, expected {(OUTPUTS, INPUTS)}: "
                      "nn.Linear keeps (outputs, inputs).")
    std, half = w.std().item(), (1 + SLOPE**2) / 2
    if (w == w[0, 0]).all():
        raise Mistake("all weights are the same number, so all units would stay the same for ever: draw them at random.")
    if abs(w.mean().item()) > 0.05 * std:
        raise Mistake(f"the weights have mean {w.mean().item():.3f}, expected 0: sums would drift in one direction.")
    right = math.sqrt(1 / (half * INPUTS))
    for wrong, message in {
        math.sqrt(2 / INPUTS): "this is He for ReLU, the slope changes nothing: what does LeakyReLU leave of the mean "
                               "square where z is negative?",
        math.sqrt(1 / INPUTS): "this would be right without any activation: LeakyReLU takes a part of the mean square "
                               "away, and nothing makes up for it.",
        math.sqrt(2 / (INPUTS + OUTPUTS)): "this is Xavier: it averages inputs and outputs and knows no activation.",
        math.sqrt(1 / (half * OUTPUTS)): "a sum has as many terms as there are inputs, and you divide by the outputs.",
        math.sqrt(2 / OUTPUTS): "this is He with the outputs: count the inputs, and let the slope play a part.",
        1 / (half * INPUTS): "this is the right variance, used as a standard deviation: a root is missing.",
        math.sqrt(2 / ((1 + SLOPE) * INPUTS)): "you add the slope to 1; it is the mean *square* that has to stay.",
        2 / ((1 + SLOPE) * math.sqrt(INPUTS)): "you average the slopes and then square; average the squared slopes.",
        right / math.sqrt(3): "uniform numbers between -b and b have the standard deviation b divided by the root of 3: "
                              "your b is too small.",
        1.0: "the weights have standard deviation 1: a sum of 400 of them is twenty times too large.",
    }.items():
        if near(std, wrong, 0.01 * wrong):
            raise Mistake(message)
    if not near(std, right, 0.01 * right):
        times = (std / right) ** 20
        raise Mistake(f"after ten layers the mean square is {times:.1e} times what it was, expected about once.")
    steep, expected = _drawn(answer, INPUTS, INPUTS, 0.2).std().item(), math.sqrt(2 / (1.04 * INPUTS))
    if not near(steep, expected, 0.01 * expected):
        raise Mistake("for a slope of 0.6 it is right, for a slope of 0.2 it is not: is a number left in your formula?")


def _drawn(answer: object, *arguments: object) -> object:
    """Call with a fixed seed, and leave the learner's random numbers as they were."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return call(answer, *arguments)


def draw(inputs, outputs, slope):
    kept = (1 + slope**2) / 2  # part of the mean square that passes LeakyReLU
    return torch.randn(outputs, inputs) / (kept * inputs) ** 0.5


EXERCISES: dict[str, Exercise] = {
    "04.reader": Exercise(
        check_reader,
        "Logits out, cross-entropy behind: there is nothing to forget and nothing to do twice.",
        (
            "read the last two parts of the model aloud, and then say what CrossEntropyLoss does first.",
            "CrossEntropyLoss begins with a softmax of its own, and a logit may be negative.",
            "the model ends with its last nn.Linear; everything behind it can go.",
        ),
        make_reader,
    ),
    "04.draw": Exercise(
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
