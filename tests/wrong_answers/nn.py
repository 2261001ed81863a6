import torch
from torch import nn


def reader(*tail, loss, hidden=nn.ReLU):
    def make_reader():
        front = [nn.Flatten(), nn.Linear(784, 100), *([hidden()] if hidden else []), nn.Linear(100, 10)]
        return nn.Sequential(*front, *tail), loss

    return make_reader


def untouched_reader():
    model = nn.Sequential(
        nn.Flatten(),
        nn.Linear(784, 100),
        nn.ReLU(),
        nn.Linear(100, 10),
        nn.ReLU(),
        nn.Softmax(dim=1),
    )
    return model, nn.CrossEntropyLoss()


def only_the_model():
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 100), nn.ReLU(), nn.Linear(100, 10))


def no_flatten():
    return nn.Sequential(nn.Linear(784, 100), nn.ReLU(), nn.Linear(100, 10)), nn.CrossEntropyLoss()


def eleven_digits():
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 100), nn.ReLU(), nn.Linear(100, 11))
    return model, nn.CrossEntropyLoss()


def untouched_draw(inputs, outputs, slope): ...


def normal(std, turned=False):
    def draw(inputs, outputs, slope):
        w = torch.randn(outputs, inputs) * std(inputs, outputs, slope)
        return w.T if turned else w

    return draw


def right(inputs, outputs, slope):
    return (2 / ((1 + slope**2) * inputs)) ** 0.5


def uniform(inputs, outputs, slope):
    bound = right(inputs, outputs, slope)
    return (2 * torch.rand(outputs, inputs) - 1) * bound


def positive(inputs, outputs, slope):
    return torch.rand(outputs, inputs) * right(inputs, outputs, slope)


def constant(inputs, outputs, slope):
    return torch.full((outputs, inputs), right(inputs, outputs, slope))


def array(inputs, outputs, slope):
    return torch.randn(outputs, inputs).numpy()


def double(inputs, outputs, slope):
    return torch.randn(outputs, inputs, dtype=torch.float64) * right(inputs, outputs, slope)


def untouched_lost(logits, y): ...


def lost_if(rule):
    """Lost are the digits for which rule(answers, y, digit) is true."""

    def lost(logits, y):
        return [digit for digit in range(logits.shape[1]) if rule(logits.argmax(1), y, digit)]

    return lost


def part(answers, y, digit):
    return (answers[y == digit] == digit).double().mean().item()


def how_many(logits, y):
    return len(lost_if(lambda *three: part(*three) < 0.05)(logits, y))


def changes_y(logits, y):
    y += 1
    return []


UNTOUCHED = {"nn.reader": untouched_reader, "nn.draw": untouched_draw, "nn.lost": untouched_lost}
WRONG = {
    "nn.reader": [
        (untouched_reader, "two symptoms with two causes"),
        (reader(nn.LeakyReLU(), loss=nn.CrossEntropyLoss()), "only leaves the door ajar"),
        (reader(nn.Softmax(1), loss=nn.CrossEntropyLoss()), "How often are logits turned into probabilities"),
        (reader(nn.ReLU(), loss=nn.CrossEntropyLoss()), "no image can lift it again"),
        (reader(nn.Softmax(1), loss=nn.NLLLoss()), "one of the three words is missing."),
        (reader(nn.ReLU(), nn.Softmax(1), loss=nn.NLLLoss()), "missing. Not only that"),
        (reader(loss=nn.NLLLoss()), "and nothing makes them"),
        (reader(nn.ReLU(), loss=nn.NLLLoss()), "needs log-probabilities. Not only that"),
        (reader(nn.LogSoftmax(0), loss=nn.NLLLoss()), "over the images of the batch"),
        (reader(loss=nn.CrossEntropyLoss(reduction="sum")), "expected their mean"),
        (reader(nn.Sigmoid(), loss=nn.CrossEntropyLoss()), "no answer can be sure"),
        (reader(loss=nn.CrossEntropyLoss(reduction="none")), "which reduction"),
        (reader(loss=nn.MSELoss()), "the loss does not fit the model"),
        (reader(loss=nn.MultiMarginLoss()), "not minus the logarithm"),
        (reader(loss=nn.CrossEntropyLoss(), hidden=None), "all is linear"),
        (only_the_model, "you return a Sequential, expected a pair"),
        (no_flatten, "the model raises RuntimeError"),
        (eleven_digits, "expected ten numbers"),
    ],
    "nn.draw": [
        (normal(lambda i, o, s: (2 / i) ** 0.5), "this is He for ReLU"),
        (normal(lambda i, o, s: (1 / i) ** 0.5), "without any activation"),
        (normal(lambda i, o, s: (2 / (i + o)) ** 0.5), "this is Xavier"),
        (normal(lambda i, o, s: right(o, i, s)), "you divide by the outputs"),
        (normal(lambda i, o, s: (2 / o) ** 0.5), "this is He with the outputs"),
        (normal(lambda i, o, s: right(i, o, s) ** 2), "a root is missing"),
        (normal(lambda i, o, s: (2 / ((1 + s) * i)) ** 0.5), "you add the slope to 1"),
        (normal(lambda i, o, s: 2 / ((1 + s) * i**0.5)), "average the squared slopes"),
        (normal(lambda i, o, s: (2 / i) ** 0.5 / (1 + s**2)), "the root covers it, too"),
        (normal(lambda i, o, s: 1), "twenty times too large"),
        (normal(lambda i, o, s: 0.01), "the mean square after ten layers is"),
        (normal(lambda i, o, s: right(i, o, 0.6)), "is a number left in your formula"),
        (normal(right, turned=True), "nn.Linear keeps (outputs, inputs)"),
        (uniform, "your b is too small"),
        (positive, "sums would drift"),
        (constant, "all weights are the same number"),
        (array, "the weight is a ndarray, expected a Tensor"),
        (double, "the weight has dtype torch.float64"),
    ],
    "nn.lost": [
        (lost_if(lambda answers, y, digit: not (answers == digit).any()), "take those for lost that have no image"),
        (lost_if(lambda *three: part(*three) <= 0.05), "exactly one in twenty"),
        (lost_if(lambda *three: part(*three) == 0), "now and then"),
        (lost_if(lambda *three: not part(*three) >= 0.05), "no image is not lost"),
        (lost_if(lambda *three: part(*three) >= 0.05), "the digits that are found"),
        (how_many, "you return one number"),
        (changes_y, "changes its argument y"),
    ],
}
