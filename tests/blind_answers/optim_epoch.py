"""Answers to optim.epoch, written from its text alone."""

import functools

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F


def as_given(model, batches, optimizer):
    total = 0
    for x, y in batches:
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        total += loss
    return total / len(batches)


def gradients_never_emptied(model, batches, optimizer):
    total = seen = 0
    for x, y in batches:
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(x)
        seen += len(x)
    return total / seen


def mean_of_the_batches(model, batches, optimizer):
    total = 0
    for x, y in batches:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        total += loss.item()
    return total / len(batches)


def graph_kept_in_the_result(model, batches, optimizer):
    total = seen = 0
    for x, y in batches:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        total += loss * len(x)
        seen += len(x)
    return total / seen


def graphs_kept_until_the_end(model, batches, optimizer):
    total = seen = 0
    for x, y in batches:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        total += loss * len(x)
        seen += len(x)
    return (total / seen).item()


def emptied_before_the_loop(model, batches, optimizer):
    total = seen = 0
    optimizer.zero_grad()
    for x, y in batches:
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(x)
        seen += len(x)
    return total / seen


def emptied_before_the_step(model, batches, optimizer):
    total = seen = 0
    for x, y in batches:
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.zero_grad()
        optimizer.step()
        total += loss.item() * len(x)
        seen += len(x)
    return total / seen


def all_batches_like_the_last(model, batches, optimizer):
    total = 0
    for x, y in batches:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(x)
    return total / (len(x) * len(batches))


def weighted_over_batches(model, batches, optimizer):
    total = 0
    for x, y in batches:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(x)
    return total / len(batches)


def steps_on_the_sum(model, batches, optimizer):
    total = seen = 0
    for x, y in batches:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y, reduction="sum")
        loss.backward()
        optimizer.step()
        total += loss.item()
        seen += len(x)
    return total / seen


def loss_after_the_step(model, batches, optimizer):
    total = seen = 0
    for x, y in batches:
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
        with torch.no_grad():
            total += F.cross_entropy(model(x), y).item() * len(x)
        seen += len(x)
    return total / seen


def short_batch_left_out(model, batches, optimizer):
    total = seen = size = 0
    for x, y in batches:
        size = max(size, len(x))
        if len(x) < size:
            continue
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(x)
        seen += len(x)
    return total / seen


def without_dropout(model, batches, optimizer):
    model.eval()
    total = seen = 0
    for x, y in batches:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(x)
        seen += len(x)
    model.train()
    return total / seen


def one_step_at_the_end(model, batches, optimizer):
    total = seen = 0
    optimizer.zero_grad()
    for x, y in batches:
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        total += loss.item() * len(x)
        seen += len(x)
    optimizer.step()
    return total / seen


def all_three_mended(model, batches, optimizer):
    total, seen = 0.0, 0
    for x, y in batches:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(x)
        seen += len(x)
    return total / seen


def weighted_average(model: nn.Module, batches, optimizer: torch.optim.Optimizer) -> float:
    losses, sizes = [], []
    for x, y in batches:
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        sizes.append(y.shape[0])
    return np.average(losses, weights=sizes)


def detached_sum(model, batches, optimizer):
    total = torch.zeros(())
    seen = 0
    optimizer.zero_grad()
    for x, y in batches:
        losses = F.cross_entropy(model(x), y, reduction="none")
        losses.mean().backward()
        optimizer.step()
        optimizer.zero_grad()
        total = total + losses.detach().sum().cpu()
        seen += losses.numel()
    print("examples:", seen)
    return float(total) / seen


def nested_step(model, batches, optimizer):
    def step(x, y):
        optimizer.zero_grad()
        loss = nn.NLLLoss()(F.log_softmax(model(x), dim=1), y)
        loss.backward()
        optimizer.step()
        return len(y), loss.item()

    done = [step(x, y) for x, y in batches]
    return sum(n * loss for n, loss in done) / sum(n for n, _ in done)


class Epoch:
    def __init__(self):
        self.epochs = 0

    def __call__(self, model, batches, optimizer):
        self.epochs += 1
        model.train()
        mean, seen = 0.0, 0
        for x, y in batches:
            for group in optimizer.param_groups:
                for p in group["params"]:
                    p.grad = None
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
            seen += len(y)
            mean += (loss.item() - mean) * len(y) / seen
        return mean


def with_given_loss(loss_function, model, batches, optimizer):
    total, seen = 0.0, 0
    for x, y in batches:
        loss = loss_function(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        total += float(loss.detach()) * x.size(0)
        seen += x.size(0)
        optimizer.step()
    return total / seen


WRONG = [
    (as_given, "the given code", "your steps get longer and longer, even if the"),
    (
        gradients_never_emptied,
        "all mended but the emptying of the gradients",
        "your steps get longer and longer, even if the",
    ),
    (
        mean_of_the_batches,
        "all mended but the mean: a short batch counts as much as a full one",
        "means is not the mean of the examples: the last batch",
    ),
    (
        graph_kept_in_the_result,
        "all mended but the graph, which the result keeps",
        "the steps are right. But you return a tensor that",
    ),
    (
        graphs_kept_until_the_end,
        "the number is right, but all graphs are kept until the end",
        "the steps are right. But the graph of the first batch",
    ),
    (
        emptied_before_the_loop,
        "empties the gradients once, before the loop",
        "you clean once, but the gradients of these batches",
    ),
    (
        emptied_before_the_step,
        "empties between backward and step: nothing is learned",
        "the weights do not move: is there a step, and a",
    ),
    (all_batches_like_the_last, "takes the last batch's size for every batch", "of batches of (4, 4, 2) you return"),
    (
        weighted_over_batches,
        "weighs by examples, divides by batches",
        "steps and memory are right. You add over examples",
    ),
    (
        steps_on_the_sum,
        "the mean is right, but the gradient is of the sum",
        "after your epoch the weights are elsewhere than after",
    ),
    (loss_after_the_step, "each loss is taken after the step", "of batches of (4, 4, 2) you return"),
    (short_batch_left_out, "leaves the short batch out", "the last, short batch is left out: it has examples"),
    (without_dropout, "trains in eval mode", "the steps are right, but the model is in eval mode"),
    (
        one_step_at_the_end,
        "one step at the end, on the sum of all gradients",
        "after your epoch the weights are elsewhere than after",
    ),
]
RIGHT = [
    (all_three_mended, "the three lines mended"),
    (weighted_average, "np.average with weights, annotated"),
    (detached_sum, "a detached tensor as sum, empties after each step and before the first, a print"),
    (nested_step, "a nested function, log_softmax and NLLLoss"),
    (Epoch(), "a callable object, train mode, a running mean"),
    (functools.partial(with_given_loss, nn.CrossEntropyLoss()), "functools.partial, another order of lines"),
]
