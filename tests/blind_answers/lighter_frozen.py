"""Answers to lighter.frozen, written from its text alone."""

import copy

import torch
from torch import nn
from torch.nn import functional as F


def step(head, logits, y, lr, more=()):
    optimizer = torch.optim.SGD([*head.parameters(), *more], lr=lr)
    optimizer.zero_grad()
    F.cross_entropy(logits, y).backward()
    optimizer.step()
    return head


def in_eval(body, head, x, y, lr):
    body.requires_grad_(False)
    body.eval()
    return step(head, head(body(x)), y, lr)


def without_gradients(body, head, x, y, lr):
    body.eval()
    with torch.no_grad():
        features = body(x)
    return step(head, head(features), y, lr)


def norms_only(body, head, x, y, lr):
    body.requires_grad_(False).train()
    for module in body.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()
    return step(head, head(body(x)), y, lr)


def a_copy_of_the_body(body, head, x, y, lr):
    still = copy.deepcopy(body).eval()
    return step(head, head(still(x).detach()), y, lr)


def by_hand(body, head, x, y, lr):
    body.eval()
    loss = F.cross_entropy(head(body(x)), y)
    grads = torch.autograd.grad(loss, list(head.parameters()))
    with torch.no_grad():
        for weight, grad in zip(head.parameters(), grads):
            weight -= lr * grad
    return head


def given(body, head, x, y, lr):
    body.requires_grad_(False)
    body.train()
    return step(head, head(body(x)), y, lr)


def no_grad_only(body, head, x, y, lr):
    body.train()
    with torch.no_grad():
        features = body(x)
    return step(head, head(features), y, lr)


def both_learn(body, head, x, y, lr):
    body.eval()
    return step(head, head(body(x)), y, lr, body.parameters())


def no_step(body, head, x, y, lr):
    body.eval()
    F.cross_entropy(head(body(x)), y).backward()
    return head


def up(body, head, x, y, lr):
    body.eval()
    return step(head, -head(body(x)), y, lr)


def own_rate(body, head, x, y, lr):
    return in_eval(body, head, x, y, 0.01)


def put_back(body, head, x, y, lr):
    kept = copy.deepcopy(body.state_dict())
    given(body, head, x, y, lr)
    body.load_state_dict(kept)
    return head


def no_momentum(body, head, x, y, lr):
    for module in body.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 0.0
    return given(body, head, x, y, lr)


def the_loss(body, head, x, y, lr):
    in_eval(body, head, x, y, lr)
    return 0.5


def all_of_it(body, head, x, y, lr):
    in_eval(body, head, x, y, lr)
    return nn.Sequential(body, head)


RIGHT = [
    (in_eval, "in eval mode"),
    (without_gradients, "no gradients"),
    (norms_only, "only the norms in eval mode"),
    (a_copy_of_the_body, "through a copy"),
    (by_hand, "a step by hand"),
]
WRONG = [
    (given, "as given", "It is no parameter"),
    (no_grad_only, "no_grad alone", "It is no parameter"),
    (both_learn, "both learn", "only the head shall learn"),
    (no_step, "no step", "the head has not changed"),
    (up, "uphill", "another step"),
    (own_rate, "a rate of its own", "another step"),
    (put_back, "put back afterwards", "which means and variances"),
    (no_momentum, "momentum 0", "has changed"),
    (the_loss, "the loss", "expected the head"),
    (all_of_it, "body and head", "expected the head"),
]
