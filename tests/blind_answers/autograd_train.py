"""Answers to autograd.train, written from its text alone."""

import functools

import torch


def mean_loss(x, y, w1, w2):
    return ((torch.relu(x @ w1) @ w2 - y) ** 2).sum(1).mean()


def as_given(x, y, w1, w2, rate, steps):
    losses = []
    for step in range(steps):
        loss = ((torch.relu(x @ w1) @ w2 - y) ** 2).sum(1).mean()
        loss.backward()
        with torch.no_grad():
            for w in (w1, w2):
                w -= rate * w.grad
            w.grad.zero_()
        losses.append(loss.item())
    return losses


def empties_only_w1(x, y, w1, w2, rate, steps):
    losses = []
    for _ in range(steps):
        loss = mean_loss(x, y, w1, w2)
        loss.backward()
        with torch.no_grad():
            for w in (w1, w2):
                w -= rate * w.grad
            w1.grad.zero_()
        losses.append(loss.item())
    return losses


def empties_before_the_update(x, y, w1, w2, rate, steps):
    losses = []
    for _ in range(steps):
        loss = mean_loss(x, y, w1, w2)
        loss.backward()
        with torch.no_grad():
            for w in (w1, w2):
                w.grad.zero_()
                w -= rate * w.grad
        losses.append(loss.item())
    return losses


def empties_once_before_the_loop(x, y, w1, w2, rate, steps):
    losses = []
    for w in (w1, w2):
        if w.grad is not None:
            w.grad.zero_()
    for _ in range(steps):
        loss = mean_loss(x, y, w1, w2)
        loss.backward()
        with torch.no_grad():
            for w in (w1, w2):
                w -= rate * w.grad
        losses.append(loss.item())
    return losses


def not_in_place(x, y, w1, w2, rate, steps):
    losses = []
    for _ in range(steps):
        loss = mean_loss(x, y, w1, w2)
        g1, g2 = torch.autograd.grad(loss, (w1, w2))
        w1 = (w1 - rate * g1).detach().requires_grad_()
        w2 = (w2 - rate * g2).detach().requires_grad_()
        losses.append(loss.item())
    return losses


def keeps_the_graphs(x, y, w1, w2, rate, steps):
    losses = []
    for _ in range(steps):
        loss = mean_loss(x, y, w1, w2)
        loss.backward()
        with torch.no_grad():
            for w in (w1, w2):
                w -= rate * w.grad
                w.grad.zero_()
        losses.append(loss)
    return losses


def loss_after_the_step(x, y, w1, w2, rate, steps):
    losses = []
    for _ in range(steps):
        loss = mean_loss(x, y, w1, w2)
        loss.backward()
        with torch.no_grad():
            for w in (w1, w2):
                w -= rate * w.grad
                w.grad.zero_()
            losses.append(mean_loss(x, y, w1, w2).item())
    return losses


def clips_instead(x, y, w1, w2, rate, steps):
    losses = []
    for _ in range(steps):
        loss = mean_loss(x, y, w1, w2)
        loss.backward()
        torch.nn.utils.clip_grad_norm_([w1, w2], 1.0)
        with torch.no_grad():
            for w in (w1, w2):
                w -= rate * w.grad
            w.grad.zero_()
        losses.append(loss.item())
    return losses


def smaller_rate_instead(x, y, w1, w2, rate, steps):
    return as_given(x, y, w1, w2, rate / 40, steps)


def halves_the_gradients(x, y, w1, w2, rate, steps):
    losses = []
    for _ in range(steps):
        loss = mean_loss(x, y, w1, w2)
        loss.backward()
        with torch.no_grad():
            for w in (w1, w2):
                w -= rate * w.grad
                w.grad *= 0.5
        losses.append(loss.item())
    return losses


def stops_when_it_rises(x, y, w1, w2, rate, steps):
    losses = []
    for _ in range(steps):
        loss = mean_loss(x, y, w1, w2)
        if losses and loss.item() > losses[-1]:
            break
        loss.backward()
        with torch.no_grad():
            for w in (w1, w2):
                w -= rate * w.grad
            w.grad.zero_()
        losses.append(loss.item())
    return losses


def one_weight_after_the_other(x, y, w1, w2, rate, steps):
    losses = []
    for _ in range(steps):
        losses.append(mean_loss(x, y, w1, w2).item())
        for w in (w1, w2):
            (g,) = torch.autograd.grad(mean_loss(x, y, w1, w2), w)
            with torch.no_grad():
                w -= rate * g
    return losses


def always_forty_steps(x, y, w1, w2, rate, steps=40):
    losses = []
    for _ in range(40):
        loss = mean_loss(x, y, w1, w2)
        loss.backward()
        with torch.no_grad():
            for w in (w1, w2):
                w -= rate * w.grad
                w.grad.zero_()
        losses.append(loss.item())
    return losses


def mean_of_everything(x, y, w1, w2, rate, steps):
    losses = []
    for _ in range(steps):
        loss = ((torch.relu(x @ w1) @ w2 - y) ** 2).mean()
        loss.backward()
        with torch.no_grad():
            for w in (w1, w2):
                w -= rate * w.grad
                w.grad.zero_()
        losses.append(loss.item())
    return losses


def indented_zero(x, y, w1, w2, rate, steps):
    losses = []
    for step in range(steps):
        loss = ((torch.relu(x @ w1) @ w2 - y) ** 2).sum(1).mean()
        loss.backward()
        with torch.no_grad():
            for w in (w1, w2):
                w -= rate * w.grad
                w.grad.zero_()
        losses.append(loss.item())
    return losses


def grads_to_none(x, y, w1, w2, rate, steps):
    losses = []
    for _ in range(steps):
        hidden = x.mm(w1).clamp(min=0)
        loss = (hidden.mm(w2) - y).pow(2).sum(dim=1).mean()
        losses.append(loss.detach().cpu().numpy().item())
        loss.backward()
        for w in [w2, w1]:
            w.data.sub_(rate * w.grad)
            w.grad = None
    return losses


def with_grad_function(x: torch.Tensor, y, w1, w2, rate: float, steps: int) -> list[float]:
    def step() -> float:
        loss = mean_loss(x, y, w1, w2)
        grads = torch.autograd.grad(loss, (w1, w2))
        with torch.no_grad():
            for w, g in zip((w1, w2), grads):
                w.sub_(g, alpha=rate)
        return loss.item()

    return [step() for _ in range(steps)]


def with_sgd(x, y, w1, w2, rate, steps):
    optimizer = torch.optim.SGD([w1, w2], lr=rate)
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = mean_loss(x, y, w1, w2)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


class Trainer:
    def __init__(self):
        self.calls = 0

    def __call__(self, x, y, w1, w2, rate, steps):
        self.calls += 1
        losses = []
        while len(losses) < steps:
            for w in (w1, w2):
                if w.grad is not None:
                    w.grad.zero_()
            loss = mean_loss(x, y, w1, w2)
            loss.backward()
            with torch.no_grad():
                w1 -= rate * w1.grad
                w2 -= rate * w2.grad
            losses.append(loss.item())
        return losses


def zero_of_each(x, y, w1, w2, rate, steps, zero):
    losses = []
    for _ in range(steps):
        loss = mean_loss(x, y, w1, w2)
        loss.backward()
        with torch.no_grad():
            for w in (w1, w2):
                w.copy_(w - rate * w.grad)
            zero(w1.grad)
            zero(w2.grad)
        losses.append(loss.item())
    if losses:
        print("last loss:", losses[-1])
    return losses


WRONG = [
    (as_given, "the given code", "in two steps, and the third lifts it to"),
    (empties_only_w1, "empties the gradient of w1 only", "w1 is right now, but the second step moves w2 by the"),
    (
        empties_before_the_update,
        "empties before the update, so that nothing is learned",
        "w1 never moves: what does its gradient hold at the",
    ),
    (
        empties_once_before_the_loop,
        "empties once, before the loop",
        "the second step moves w1 and w2 by the gradients of",
    ),
    (not_in_place, "right losses, but the caller's weights stay as they were", "s w1 is as it was: train it in place"),
    (keeps_the_graphs, "returns tensors that keep the graphs", "the losses are tensors, expected numbers: who keeps"),
    (loss_after_the_step, "each loss is the one after the step", "the weights are right, the losses are not: each is"),
    (clips_instead, "clips the gradients, the bug stays", "times as long as rate times gradient: neither of the"),
    (
        smaller_rate_instead,
        "hides the bug behind a smaller rate",
        "times as long as rate times gradient: neither of the",
    ),
    (
        halves_the_gradients,
        "halves the old gradients in place of emptying them",
        "the first step is right, a later one is not: print",
    ),
    (
        stops_when_it_rises,
        "stops when the loss rises, the bug stays",
        "the result is a list of 3, expected a list of 4",
    ),
    (
        one_weight_after_the_other,
        "w2's gradient is taken after w1's step",
        "already the first step of w2 is not along its",
    ),
    (always_forty_steps, "always does 40 steps", "the result is a list of 40, expected a list of 4"),
    (
        mean_of_everything,
        "mends the bug, but changes the loss to the mean of everything",
        "times as long as rate times gradient: neither of the",
    ),
]
RIGHT = [
    (indented_zero, "the line indented"),
    (grads_to_none, "gradients set to None, w.data, another order"),
    (with_grad_function, "torch.autograd.grad and a nested function"),
    (with_sgd, "torch.optim.SGD"),
    (Trainer(), "a callable object, empties before backward"),
    (functools.partial(zero_of_each, zero=torch.Tensor.zero_), "functools.partial, copy_ and a print"),
]
