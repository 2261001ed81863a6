"""Answers to lighter.mask, written from its text alone."""

import torch


def after(weight, mask, optimizer, loss_fn):
    optimizer.zero_grad()
    loss_fn(weight).backward()
    optimizer.step()
    with torch.no_grad():
        weight *= mask
    return weight


def by_data(weight, mask, optimizer, loss_fn):
    optimizer.zero_grad()
    loss = loss_fn(weight)
    loss.backward()
    optimizer.step()
    weight.data = weight.data * mask
    return weight


def by_fill(weight, mask, optimizer, loss_fn):
    optimizer.zero_grad()
    loss_fn(weight).backward()
    optimizer.step()
    with torch.no_grad():
        weight[mask == 0] = 0
    return weight


def both(weight, mask, optimizer, loss_fn):
    optimizer.zero_grad(set_to_none=False)
    loss_fn(weight).backward()
    weight.grad.mul_(mask)
    optimizer.step()
    with torch.no_grad():
        weight.copy_(weight * mask)
    return weight


def by_where(weight, mask, optimizer, loss_fn):
    weight.grad = None
    loss_fn(weight).backward()
    optimizer.step()
    with torch.no_grad():
        weight.copy_(torch.where(mask.bool(), weight, torch.zeros_like(weight)))
    return weight


def before(weight, mask, optimizer, loss_fn):
    with torch.no_grad():
        weight *= mask
    optimizer.zero_grad()
    loss_fn(weight).backward()
    optimizer.step()
    return weight


def between(weight, mask, optimizer, loss_fn):
    optimizer.zero_grad()
    loss_fn(weight).backward()
    with torch.no_grad():
        weight *= mask
    optimizer.step()
    return weight


def forgotten(weight, mask, optimizer, loss_fn):
    optimizer.zero_grad()
    loss_fn(weight).backward()
    optimizer.step()
    return weight


def a_copy(weight, mask, optimizer, loss_fn):
    return forgotten(weight, mask, optimizer, loss_fn).detach() * mask


def gradients_left(weight, mask, optimizer, loss_fn):
    loss_fn(weight).backward()
    optimizer.step()
    with torch.no_grad():
        weight *= mask
    return weight


def wrong_way(weight, mask, optimizer, loss_fn):
    forgotten(weight, mask, optimizer, loss_fn)
    with torch.no_grad():
        weight *= mask == 0
    return weight


def all_zero(weight, mask, optimizer, loss_fn):
    with torch.no_grad():
        weight.zero_()
    return weight


def no_learning(weight, mask, optimizer, loss_fn):
    with torch.no_grad():
        weight *= mask
    return weight


def the_loss(weight, mask, optimizer, loss_fn):
    return after(weight, mask, optimizer, loss_fn).sum().item()


def returns_nothing(weight, mask, optimizer, loss_fn):
    after(weight, mask, optimizer, loss_fn)


RIGHT = [
    (after, "in place"),
    (by_data, "by data"),
    (by_fill, "by places"),
    (both, "gradients, too"),
    (by_where, "by where"),
]
WRONG = [
    (before, "before the step", "weights have come back"),
    (between, "between", "weights have come back"),
    (forgotten, "no mask", "weights have come back"),
    (a_copy, "only a copy", "in the weight that was given"),
    (gradients_left, "gradients add up", "differ from what one step"),
    (wrong_way, "upside down", "upside down"),
    (all_zero, "all zero", "all weights are 0"),
    (no_learning, "no step", "differ from what one step"),
    (the_loss, "a number", "expected the weight"),
    (returns_nothing, "nothing", "returns nothing"),
]
