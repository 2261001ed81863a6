"""Answers to nn.reader, written from its text alone."""

import functools
from collections import OrderedDict

import torch
from torch import nn
from torch.nn import functional as F


def two_layers(*after):
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 100), nn.ReLU(), nn.Linear(100, 10), *after)


def as_given():
    return two_layers(nn.ReLU(), nn.Softmax(dim=1)), nn.CrossEntropyLoss()


def last_relu_stays():
    return two_layers(nn.ReLU()), nn.CrossEntropyLoss()


def softmax_stays():
    return two_layers(nn.Softmax(dim=1)), nn.CrossEntropyLoss()


def relu_then_log_softmax():
    return two_layers(nn.ReLU(), nn.LogSoftmax(dim=1)), nn.NLLLoss()


def nll_of_softmax():
    return two_layers(nn.Softmax(dim=1)), nn.NLLLoss()


def nll_of_scores():
    return two_layers(), nn.NLLLoss()


def log_softmax_over_the_batch():
    return two_layers(nn.LogSoftmax(dim=0)), nn.NLLLoss()


def sigmoid_at_the_end():
    return two_layers(nn.Sigmoid()), nn.CrossEntropyLoss()


def no_activation_left():
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 100), nn.Linear(100, 10))
    return model, nn.CrossEntropyLoss()


def relu_moved_after_flatten():
    model = nn.Sequential(nn.Flatten(), nn.ReLU(), nn.Linear(784, 100), nn.Linear(100, 10), nn.Softmax(dim=1))
    return model, nn.CrossEntropyLoss()


def learns_the_smallest_score():
    def loss(scores, labels):
        return F.cross_entropy(-scores, labels)

    return two_layers(), loss


def softmax_in_the_loss():
    def loss(scores, labels):
        return F.cross_entropy(F.softmax(scores, dim=1), labels)

    return two_layers(), loss


def only_the_model():
    return two_layers()


def loss_detached():
    def loss(scores, labels):
        return F.cross_entropy(scores.detach(), labels).requires_grad_()

    return two_layers(), loss


def both_removed():
    model = nn.Sequential(
        nn.Flatten(),
        nn.Linear(784, 100),
        nn.ReLU(),
        nn.Linear(100, 10),
    )
    return model, nn.CrossEntropyLoss()


def log_softmax_and_nll():
    return two_layers(nn.LogSoftmax(dim=1)), nn.NLLLoss()


class Reader(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(28 * 28, 100)
        self.out = nn.Linear(100, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.out(F.relu(self.hidden(x.flatten(1))))


def own_module() -> tuple[nn.Module, nn.Module]:
    print("made a reader")
    return Reader(), nn.CrossEntropyLoss()


def named_with_loss(loss):
    layers = OrderedDict(
        flat=nn.Flatten(),
        hidden=nn.Linear(784, 100),
        relu=nn.ReLU(),
        scores=nn.Linear(100, 10),
    )
    return [nn.Sequential(layers), loss]


class Maker:
    """Keeps no model, makes a new one in each call."""

    def __call__(self):
        def loss(scores, labels):
            rows = torch.arange(len(labels), device=scores.device)
            return (scores.logsumexp(1) - scores[rows, labels]).mean()

        return two_layers(), loss


WRONG = [
    (as_given, "the given code", "expected 0. And where the last linear layer gives the"),
    (last_relu_stays, "Softmax gone, the last ReLU stays", "a sure and right answer now costs nothing, as it"),
    (softmax_stays, "last ReLU gone, Softmax stays", "let the last linear layer be perfectly sure and"),
    (
        relu_then_log_softmax,
        "LogSoftmax and NLLLoss, but the last ReLU stays",
        "a sure and right answer now costs nothing, as it",
    ),
    (nll_of_softmax, "NLLLoss of probabilities without a log", "the loss is negative: minus a probability. In"),
    (nll_of_scores, "NLLLoss of bare scores: no bound below", "the loss only looks at the right digit, and has no"),
    (log_softmax_over_the_batch, "LogSoftmax over the batch", "the probabilities of each digit add up to 1 over the"),
    (sigmoid_at_the_end, "Sigmoid in place of ReLU and Softmax", "a sigmoid squeezes every logit between 0 and 1, and"),
    (
        no_activation_left,
        "the ReLU in the middle removed too: a linear model",
        "between the images and the logits all is linear, as",
    ),
    (
        relu_moved_after_flatten,
        "ReLU moved to the input, Softmax stays",
        "let the last linear layer be perfectly sure and",
    ),
    (learns_the_smallest_score, "the loss rewards the smallest score", "the loss is not minus the logarithm of the"),
    (softmax_in_the_loss, "the Softmax moved into the loss", "let the last linear layer be perfectly sure and"),
    (only_the_model, "returns the model without the loss", "you return a Sequential, expected a pair: the model"),
    (
        loss_detached,
        "the loss is cut off the graph: nothing is learned",
        "no gradient reaches some weights (a detach, or",
    ),
]
RIGHT = [
    (both_removed, "both layers removed"),
    (log_softmax_and_nll, "LogSoftmax and NLLLoss"),
    (own_module, "a class of its own, annotated, with a print"),
    (functools.partial(named_with_loss, F.cross_entropy), "partial, OrderedDict, a function as loss, a list"),
    (Maker(), "a callable object, cross-entropy by hand"),
    (lambda: (two_layers(nn.LogSoftmax(dim=1)), nn.CrossEntropyLoss()), "a second log-softmax, which changes nothing"),
]
