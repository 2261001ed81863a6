"""Answers to speedrun.soft, written from its text alone."""

import functools

import torch
from torch import nn
from torch.nn import functional as F


def shares_evenly(logits, y, smoothing):
    classes = logits.shape[1]
    target = F.one_hot(y, classes) * (1 - smoothing) + smoothing / classes
    return -(target * logits.log_softmax(1)).sum(1).mean()


def asks_torch(logits, y, smoothing):
    return F.cross_entropy(logits, y, label_smoothing=smoothing)


def makes_a_module(logits, y, smoothing):
    return nn.CrossEntropyLoss(label_smoothing=smoothing)(logits, y)


def gives_probabilities(logits, y, smoothing):
    target = torch.full_like(logits, smoothing / logits.shape[1])
    target[torch.arange(len(y)), y] += 1 - smoothing
    return F.cross_entropy(logits, target)


def mixes_two_losses(logits, y, smoothing):
    log = F.log_softmax(logits, dim=-1)
    hard = F.nll_loss(log, y)
    return (1 - smoothing) * hard - smoothing * log.mean()


def loops(logits, y, smoothing):
    total = logits.new_zeros(())
    for row, label in zip(logits, y):
        log = row - torch.logsumexp(row, 0)
        total = total - (1 - smoothing) * log[label] - smoothing * log.mean()
    return total / len(y)


def gathers(logits, y, smoothing):
    log = logits.log_softmax(1)
    right = log.gather(1, y.unsqueeze(1)).squeeze(1)
    return -torch.lerp(right, log.mean(1), float(smoothing)).mean()


def with_torch(function, logits, y, smoothing):
    return function(logits, y, label_smoothing=smoothing)


def left_as_given(logits, y, smoothing):
    target = F.one_hot(y, logits.shape[1]).float()
    return -(target * logits.log_softmax(1)).sum(1).mean()


def forgets_the_return(logits, y, smoothing):
    shares_evenly(logits, y, smoothing)


def shares_among_the_others(logits, y, smoothing):
    classes = logits.shape[1]
    hard = F.one_hot(y, classes).float()
    target = hard * (1 - smoothing) + (1 - hard) * smoothing / (classes - 1)
    return -(target * logits.log_softmax(1)).sum(1).mean()


def gives_each_all_of_it(logits, y, smoothing):
    target = F.one_hot(y, logits.shape[1]) * (1 - smoothing) + smoothing
    return -(target * logits.log_softmax(1)).sum(1).mean()


def takes_nothing_away(logits, y, smoothing):
    target = F.one_hot(y, logits.shape[1]) + smoothing / logits.shape[1]
    return -(target * logits.log_softmax(1)).sum(1).mean()


def only_takes_away(logits, y, smoothing):
    target = F.one_hot(y, logits.shape[1]) * (1 - smoothing)
    return -(target * logits.log_softmax(1)).sum(1).mean()


def divides_by_ten(logits, y, smoothing):
    target = F.one_hot(y, logits.shape[1]) * (1 - smoothing) + smoothing / 10
    return -(target * logits.log_softmax(1)).sum(1).mean()


def always_a_tenth(logits, y, smoothing):
    return F.cross_entropy(logits, y, label_smoothing=0.1)


def takes_the_mean_of_all(logits, y, smoothing):
    classes = logits.shape[1]
    target = F.one_hot(y, classes) * (1 - smoothing) + smoothing / classes
    return -(target * logits.log_softmax(1)).mean()


def takes_the_sum(logits, y, smoothing):
    return F.cross_entropy(logits, y, label_smoothing=smoothing, reduction="sum")


def gives_each_example(logits, y, smoothing):
    return F.cross_entropy(logits, y, label_smoothing=smoothing, reduction="none")


def forgets_the_sign(logits, y, smoothing):
    return -shares_evenly(logits, y, smoothing)


def takes_the_log_of_softmax(logits, y, smoothing):
    classes = logits.shape[1]
    target = F.one_hot(y, classes) * (1 - smoothing) + smoothing / classes
    return -(target * logits.softmax(1).log()).sum(1).mean()


def softens_along_the_batch(logits, y, smoothing):
    classes = logits.shape[1]
    target = F.one_hot(y, classes) * (1 - smoothing) + smoothing / classes
    return -(target * logits.log_softmax(0)).sum(1).mean()


def forgets_the_logarithm(logits, y, smoothing):
    classes = logits.shape[1]
    target = F.one_hot(y, classes) * (1 - smoothing) + smoothing / classes
    return -(target * logits.softmax(1)).sum(1).mean()


def gives_a_number(logits, y, smoothing):
    return shares_evenly(logits, y, smoothing).item()


def swaps_the_parts(logits, y, smoothing):
    return F.cross_entropy(logits, y, label_smoothing=1 - smoothing)


def detaches(logits, y, smoothing):
    return shares_evenly(logits, y, smoothing).detach()


RIGHT = [
    (shares_evenly, "a mixture of two targets"),
    (asks_torch, "label_smoothing of F.cross_entropy"),
    (makes_a_module, "nn.CrossEntropyLoss"),
    (gives_probabilities, "probabilities as targets of F.cross_entropy"),
    (mixes_two_losses, "a mixture of two losses"),
    (loops, "a loop over the examples"),
    (gathers, "gather and lerp"),
    (functools.partial(with_torch, F.cross_entropy), "functools.partial"),
]

WRONG = [
    (left_as_given, "left as given", "smoothing changes nothing"),
    (forgets_the_return, "computes it but does not return it", "your function returns nothing"),
    (shares_among_the_others, "shares among the other classes only", "you share smoothing among the other classes"),
    (gives_each_all_of_it, "gives each class all of smoothing", "each class gets all of smoothing"),
    (takes_nothing_away, "takes nothing away from the digit", "nothing is taken away from the digit"),
    (only_takes_away, "takes away and gives to nobody", "what is taken away from the digit is given to nobody"),
    (divides_by_ten, "takes ten classes for granted", "you take ten classes for granted"),
    (always_a_tenth, "a tenth whatever was asked", "you take 0.1 whatever smoothing is."),
    (takes_the_mean_of_all, "the mean over classes, too", "you take the mean over the classes"),
    (takes_the_sum, "the sum over the batch", "you add up over the batch"),
    (gives_each_example, "one loss for each example", "you return one loss for each example"),
    (forgets_the_sign, "the wrong sign", "the sign is wrong"),
    (takes_the_log_of_softmax, "the logarithm of a softmax that is 0", "for large logits the loss is not finite"),
    (softens_along_the_batch, "softmax along the batch", "for 4 examples"),
    (forgets_the_logarithm, "no logarithm", "for 4 examples"),
    (gives_a_number, "a Python number, which has no gradient", "you return a float"),
    (swaps_the_parts, "smoothing and the rest swapped", "smoothing is what is shared among all"),
    (detaches, "detached from the graph", "the loss is right"),
]
