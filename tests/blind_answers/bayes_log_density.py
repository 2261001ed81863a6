"""Answers to bayes.log_density, written from its text alone."""

import math

import torch
from torch.distributions import Normal
from torch.nn import functional as F


def plain(w, x, side, tau):
    return F.logsigmoid(side * (w @ x.T)).sum(1) - (w**2).sum(1) / (2 * tau**2)


def with_constants(w, x, side, tau):
    return F.logsigmoid(side * (w @ x.T)).sum(-1) + Normal(0, tau).log_prob(w).sum(-1)


def by_softplus(w, x, side, tau):
    logits = torch.einsum("nd,cd->cn", x, w)
    return -F.softplus(-side * logits).sum(1) - 0.5 * (w / tau).pow(2).sum(1)


def by_cross_entropy(w, x, side, tau):
    y = (side > 0).to(w.dtype).expand(len(w), -1)
    likelihood = -F.binary_cross_entropy_with_logits(w @ x.T, y, reduction="none").sum(1)
    return likelihood - w.norm(dim=1) ** 2 / tau**2 / 2


def one_by_one(w, x, side, tau):
    values = []
    for weights in w:
        logits = x @ weights
        values.append(F.logsigmoid(side * logits).sum() - weights @ weights / (2 * tau * tau))
    return torch.stack(values)


def a_list(w, x, side, tau):
    return one_by_one(w, x, side, tau).tolist()


def with_prior(log_prior):
    def log_posterior(w, x, side, tau):
        return F.logsigmoid(side * (w @ x.T)).sum(1) + log_prior(w, tau)

    return log_posterior


def prior_for_each_example(w, x, side, tau):
    return (F.logsigmoid(side * (w @ x.T)) - (w**2).sum(1)[:, None] / (2 * tau**2)).sum(1)


def mean_of_examples(w, x, side, tau):
    return F.logsigmoid(side * (w @ x.T)).sum(1) / max(len(x), 1) - (w**2).sum(1) / (2 * tau**2)


def prior_only(w, x, side, tau):
    return -(w**2).sum(1) / (2 * tau**2)


def no_classes(w, x, side, tau):
    return F.logsigmoid(w @ x.T).sum(1) - (w**2).sum(1) / (2 * tau**2)


def log_of_sigmoid(w, x, side, tau):
    return torch.log(torch.sigmoid(side * (w @ x.T))).sum(1) - (w**2).sum(1) / (2 * tau**2)


def one_for_all(w, x, side, tau):
    return plain(w, x, side, tau).sum()


def a_column(w, x, side, tau):
    return plain(w, x, side, tau)[:, None]


def density(w, x, side, tau):
    return plain(w, x, side, tau).exp()


def shared_prior(w, x, side, tau):
    return F.logsigmoid(side * (w @ x.T)).sum(1) - (w**2).sum() / (2 * tau**2)


RIGHT = [
    (plain, "the term added"),
    (with_constants, "torch's Normal, with its constants"),
    (by_softplus, "softplus"),
    (by_cross_entropy, "binary cross-entropy"),
    (one_by_one, "draw by draw"),
    (a_list, "a list"),
]
WRONG = [
    (with_prior(lambda w, tau: 0), "as given", "prior is missing"),
    (with_prior(lambda w, tau: (w**2).sum(1) / (2 * tau**2)), "the wrong sign", "sign"),
    (with_prior(lambda w, tau: -(w**2).sum(1) / tau**2), "no half", "half"),
    (with_prior(lambda w, tau: -(w**2).sum(1) / 2), "no tau", "tau"),
    (with_prior(lambda w, tau: -(w**2).sum(1) / (2 * tau)), "tau for its square", "square"),
    (with_prior(lambda w, tau: -(tau**2) * (w**2).sum(1) / 2), "times the variance", "variance"),
    (with_prior(lambda w, tau: -(w**2).mean(1) / (2 * tau**2)), "a mean over weights", "mean over the weights"),
    (with_prior(lambda w, tau: -w.abs().sum(1) / tau), "Laplace", "L1"),
    (with_prior(lambda w, tau: -math.log(tau) * w.shape[1]), "constants only", "prior is missing"),
    (shared_prior, "one prior for all draws", "summed over all draws"),
    (prior_for_each_example, "a prior for each example", "each example"),
    (mean_of_examples, "a mean over the examples", "mean over the examples"),
    (prior_only, "prior only", "likelihood is missing"),
    (no_classes, "no classes", "classes"),
    (log_of_sigmoid, "the log of a sigmoid", "logsigmoid"),
    (one_for_all, "one number", "one number for each"),
    (a_column, "a column", "expected (4,)"),
    (density, "no logarithm", "yours lies"),
]
