import math

import torch
from torch.nn.functional import logsigmoid


def given_decay(sigma, tau, n): ...


def given_accept(log_old, log_new, log_forth, log_back):
    return min(1.0, math.exp(log_new - log_old))


def given_log_posterior(w, x, side, tau):
    return logsigmoid(side * (w @ x.T)).sum(1)


def given_average(w, x):
    return torch.sigmoid(x @ w.mean(0))


def without_the_factor(sigma, tau, n):
    return sigma**2 / (n * tau**2) if tau else math.inf


def forgets_n(sigma, tau, n):
    return 2 * sigma**2 / tau**2 if tau else math.inf


def upside_down(sigma, tau, n):
    return 2 * tau**2 / (n * sigma**2)


def without_width_zero(sigma, tau, n):
    return 2 * sigma**2 / (n * tau**2)


def zero_for_width_zero(sigma, tau, n):
    return 2 * sigma**2 / (n * tau**2) if tau else 0.0


def forth_for_back(log_old, log_new, log_forth, log_back):
    return math.exp(min(0.0, log_new - log_old + log_forth - log_back))


def cut_too_late(log_old, log_new, log_forth, log_back):
    return min(1.0, math.exp(log_new - log_old + log_back - log_forth))


def cut_twice(log_old, log_new, log_forth, log_back):
    return math.exp(min(0.0, log_new - log_old)) * math.exp(min(0.0, log_back - log_forth))


def a_draw(log_old, log_new, log_forth, log_back):
    return log_new - log_old + log_back - log_forth > math.log(0.5)


def for_each_example(w, x, side, tau):
    return (logsigmoid(side * (w @ x.T)) - w.square().sum(1, keepdim=True) / (2 * tau**2)).sum(1)


def without_the_half(w, x, side, tau):
    return logsigmoid(side * (w @ x.T)).sum(1) - w.square().sum(1) / tau**2


def log_of_sigmoid(w, x, side, tau):
    return torch.sigmoid(side * (w @ x.T)).log().sum(1) - w.square().sum(1) / (2 * tau**2)


def all_draws_at_once(w, x, side, tau):
    return logsigmoid(side * (w @ x.T)).sum() - w.square().sum() / (2 * tau**2)


def one_prior_for_all(w, x, side, tau):
    return logsigmoid(side * (w @ x.T)).sum(1) - w.square().sum() / (2 * tau**2)


def votes(w, x):
    return (x @ w.T > 0).float().mean(1)


def over_places(w, x):
    return torch.sigmoid(x @ w.T).mean(0)


def table(w, x):
    return torch.sigmoid(x @ w.T)


UNTOUCHED = {
    "bayes.decay": given_decay,
    "bayes.accept": given_accept,
    "bayes.log_density": given_log_posterior,
    "bayes.average": given_average,
}
WRONG = {
    "bayes.decay": [
        (without_the_factor, "mse_loss lacks the half"),
        (forgets_n, "mse_loss is divided by n"),
        (upside_down, "have changed places"),
        (without_width_zero, "divide by 0: return math.inf"),
        (zero_for_width_zero, "returns 0, expected inf"),
    ],
    "bayes.accept": [
        (given_accept, "still the rule for symmetric proposals"),
        (forth_for_back, "forth and back have changed places"),
        (cut_too_late, "before `exp`"),
        (cut_twice, "you cut both ratios"),
        (a_draw, "expected a number"),
    ],
    "bayes.log_density": [
        (given_log_posterior, "the prior is missing"),
        (for_each_example, "once for each example"),
        (without_the_half, "the half is missing"),
        (log_of_sigmoid, "use `logsigmoid`"),
        (all_draws_at_once, "one number for each"),
        (one_prior_for_all, "summed over all draws"),
    ],
    "bayes.average": [
        (given_average, "by the mean of the weights"),
        (votes, "how sure each one is gets lost"),
        (over_places, "which dimension goes"),
        (table, "expected (4,)"),
    ],
}
