"""The exercises of notebook 25_bayes."""

import math
import warnings
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from course.exercises.exercise import (
    Exercise,
    Mistake,
    as_floats,
    as_number,
    call,
    call_cases,
    explain,
    first_wrong,
    near,
)

# sigma, tau, n; the prior of width 0 comes last
DECAYS = ((1.0, 0.5, 20), (0.3, 2.0, 3), (2.0, 0.4, 1000), (3, 1, 7), (0.5, 1.5, 1), (0.5, 0.0, 10))


def check_decay(answer: object) -> None:
    try:
        results = call_cases(answer, DECAYS, WRONG_DECAY, 1e-6, [decay(*case) for case in DECAYS], as_number)
    except Mistake as mistake:
        if "ZeroDivisionError" in str(mistake):
            raise Mistake("a prior of width 0 makes your function divide by 0: return math.inf for it.") from None
        raise
    right = [decay(*case) for case in DECAYS]
    if near(results, right):
        return
    explain(results[:-1], DECAYS[:-1], WRONG_DECAY)
    place = first_wrong(results, right)
    sigma, tau, n = DECAYS[place]
    raise Mistake(f"decay({sigma}, {tau}, {n}) returns {results[place]:g}, expected {right[place]:g}.")


def decay(sigma, tau, n):
    if tau == 0:
        return math.inf
    return 2 * sigma**2 / (n * tau**2)


WRONG_DECAY = (
    (
        lambda sigma, tau, n: sigma**2 / (n * tau**2),
        "this is right for half the mean squared error: mse_loss lacks the half, so its gradient is twice as large.",
    ),
    (
        lambda sigma, tau, n: sigma**2 / (2 * n * tau**2),
        "the factor of 2 stands on the wrong side: mse_loss is twice as steep, so the decay has to be, too.",
    ),
    (lambda sigma, tau, n: 2 * sigma**2 / tau**2, "mse_loss is divided by n, so the decay has to be, too."),
    (lambda sigma, tau, n: sigma**2 / tau**2, "this is lambda: what does a mean over n examples make of it?"),
    (
        lambda sigma, tau, n: 2 * n * sigma**2 / tau**2,
        "you multiply by n: more data speak louder, so the prior counts for less in their mean.",
    ),
    (
        lambda sigma, tau, n: 2 * tau**2 / (n * sigma**2),
        "sigma and tau have changed places: a narrow prior, with a small tau, pulls more.",
    ),
    (
        lambda sigma, tau, n: 2 * sigma / (n * tau),
        "sigma and tau are standard deviations: the formula has variances, their squares.",
    ),
    (
        lambda sigma, tau, n: 2 / (n * tau**2),
        "the noise is missing: the more of it, the less the data count, and the more the prior.",
    ),
    (
        lambda sigma, tau, n: 1 / (n * tau**2),
        "this is the decay for cross-entropy: with squared errors the noise counts, too.",
    ),
)

ACCEPTS = (  # log_old, log_new, log_forth, log_back
    (-3.0, -2.0, -1.0, -1.0),
    (-2.0, -3.0, -1.0, -1.0),
    (-5.0, -5.5, -1.0, -2.0),
    (-5.0, -5.5, -2.0, -1.0),
    (-5.0, -4.5, -1.0, -1.25),
    (-0.7, -0.2, -0.3, -2.3),
    (-4.0, -4.0, -1.5, -1.5),
    (-3.0, -2.0, -0.5, -1.5),
    (-1000.0, 2000.0, -1.0, -2.0),
    (2000.0, -1000.0, -1.0, -1.0),
    (0.0, -800.0, -800.5, -1.5),
    (800.0, 0.0, -900.0, -2.0),
    (-1.0, -math.inf, -1.0, -1.0),
)


def check_accept(answer: object) -> None:
    right = [accept(*case) for case in ACCEPTS]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)  # as NumPy's, if a number is too large
            results = call_cases(answer, ACCEPTS, WRONG_ACCEPT, 1e-6, right, as_number)
    except Mistake as mistake:
        if "OverflowError" in str(mistake) or "RuntimeWarning" in str(mistake):
            raise Mistake(f"{str(mistake).rstrip('.')}. Add all logarithms, and cut them off, before `exp`.") from None
        raise
    if near(results, right):
        return
    explain(results, ACCEPTS, WRONG_ACCEPT)
    explain(results[:8], ACCEPTS[:8], WRONG_ACCEPT)
    place = first_wrong(results, right)
    raise Mistake(f"accept{ACCEPTS[place]} returns {results[place]:g}, expected {right[place]:g}.")


def accept(log_old, log_new, log_forth, log_back):
    log_ratio = log_new - log_old + log_back - log_forth
    return math.exp(min(0.0, log_ratio))


def _cut(log_ratio: float) -> float:
    return math.exp(min(0.0, log_ratio))


def _raise_e(log_ratio: float) -> float:
    return math.exp(min(700.0, log_ratio))


WRONG_ACCEPT = (
    (
        lambda old, new, forth, back: _cut(new - old),
        "you leave out log_forth and log_back: it is still the rule for symmetric proposals.",
    ),
    (
        lambda old, new, forth, back: _cut(new - old + forth - back),
        "forth and back have changed places: what is proposed often must be accepted less often.",
    ),
    (
        lambda old, new, forth, back: _cut(old - new + back - forth),
        "old and new have changed places: a more likely place must be accepted.",
    ),
    (
        lambda old, new, forth, back: _cut(old - new + forth - back),
        "your ratio is upside down: new by old, times back by forth.",
    ),
    (lambda old, new, forth, back: _cut(new - old + back), "you leave out log_forth."),
    (lambda old, new, forth, back: _cut(new - old - forth), "you leave out log_back."),
    (
        lambda old, new, forth, back: _cut(new - old + back + forth),
        "you multiply by both proposals: by that of the way forth the ratio has to be divided.",
    ),
    (
        lambda old, new, forth, back: _cut(new - old) * _cut(back - forth),
        "you cut both ratios at 1: only their product may be cut.",
    ),
    (
        lambda old, new, forth, back: _raise_e(new - old + back - forth),
        "you return more than 1, which is no probability: what if the new place is the more likely one?",
    ),
    (
        lambda old, new, forth, back: min(0.0, new - old + back - forth),
        "this is the logarithm of the probability: one `exp` is missing.",
    ),
    (
        lambda old, new, forth, back: new - old + back - forth,
        "this is the logarithm of the ratio: take `exp`, and let it be 1 at most.",
    ),
    (
        lambda old, new, forth, back: 1 / (1 + math.exp(min(700.0, max(-700.0, old - new + forth - back)))),
        "this is Barker's rule, r / (1 + r): it is right as well, but Metropolis and Hastings accept min(1, r).",
    ),
)


def _neuron_case(draws: int, examples: int, size: int, tau: float, scale: float = 1.0) -> tuple:
    generator = torch.Generator().manual_seed(10 * draws + size)
    w = scale * torch.randn(draws, size, generator=generator)
    x = torch.randn(examples, size, generator=generator)
    side = (x[:, 0] + 0.5 * torch.randn(examples, generator=generator)).sign()
    return w, x, side, tau


DENSITIES = (
    _neuron_case(4, 6, 2, 0.6),
    _neuron_case(5, 7, 3, 2.0),
    _neuron_case(3, 5, 1, 1.5),
    _neuron_case(4, 0, 2, 0.8),  # without data the prior is all there is
    _neuron_case(5, 6, 2, 100.0, 100.0),  # far out: the logarithm of a sigmoid that is 0 is no number
)


def check_log_density(answer: object) -> None:
    right = [_read_logs(log_posterior(*case)) for case in DENSITIES]
    results: list = []
    for case in DENSITIES:
        results += call_cases(answer, [case], (), read=lambda result, case=case: _read_result(result, *case))
        if not near(results, right[: len(results)], 1e-4):
            explain(results, DENSITIES, WRONG_DENSITY, 1e-4)
    if near(results, right, 1e-4):
        return
    place = first_wrong(results, right, 1e-4)
    if place == len(DENSITIES) - 1:
        raise Mistake(
            "for weights of a hundred, some of your log densities are wrong or infinite: a sigmoid may be rounded to 0 "
            "or to 1, so use `logsigmoid`."
        )
    raise Mistake(
        f"with tau = {DENSITIES[place][3]} and {len(DENSITIES[place][1])} examples, the second draw should lie "
        f"{right[place][1]:+.3f} from the first; yours lies {results[place][1]:+.3f}."
    )


def _read_logs(result: object) -> np.ndarray:
    """Return log densities less that of the first draw: a constant does not matter."""
    values = np.asarray(result.detach().cpu() if isinstance(result, Tensor) else result, float)
    return values - values.flat[0]


def _read_result(result: object, w: Tensor, x: Tensor, side: Tensor, tau: float) -> np.ndarray:
    draws = len(w)
    try:
        values = _read_logs(result)
    except (TypeError, ValueError, IndexError):
        raise Mistake(f"you return a {type(result).__name__}, expected a tensor: one number for each draw.") from None
    if values.shape != (draws,):
        raise Mistake(f"for {draws} draws you return shape {values.shape}, expected ({draws},): one number for each.")
    shared = _likelihood(w, x, side) - w.square().sum() / (2 * tau**2)
    raw = np.asarray(result.detach().cpu() if isinstance(result, Tensor) else result, float)
    if near(raw, shared.numpy(), 1e-4):
        raise Mistake("the prior is summed over all draws, so it is the same for each: sum each draw's own, `.sum(1)`.")
    return values


def log_posterior(w, x, side, tau):
    log_likelihood = logsigmoid(side * (w @ x.T)).sum(1)
    log_prior = -w.square().sum(1) / (2 * tau**2)
    return log_likelihood + log_prior


def _likelihood(w: Tensor, x: Tensor, side: Tensor) -> Tensor:
    return logsigmoid(side * (w @ x.T)).sum(1)


def _with_prior(prior: Callable) -> Callable:
    """Return the log density with another log prior, a function of the squares' sum, w, the examples and tau."""
    return lambda w, x, side, tau: _read_logs(_likelihood(w, x, side) + prior(w.square().sum(1), w, len(x), tau))


WRONG_DENSITY = (
    (
        _with_prior(lambda squares, w, n, tau: 0.0),
        "the prior is missing: where a line parts the classes, larger weights are ever more likely.",
    ),
    (
        _with_prior(lambda squares, w, n, tau: squares / (2 * tau**2)),
        "the prior has the wrong sign: large weights are to be less likely.",
    ),
    (_with_prior(lambda squares, w, n, tau: -squares / tau**2), "the half is missing in the prior."),
    (_with_prior(lambda squares, w, n, tau: -squares / 2), "the prior does not look at tau."),
    (
        _with_prior(lambda squares, w, n, tau: -squares / (2 * tau)),
        "tau is a standard deviation: the formula has the variance, its square.",
    ),
    (
        _with_prior(lambda squares, w, n, tau: -squares * tau**2 / 2),
        "you multiply by the variance: divide by it, for a wide prior says little.",
    ),
    (
        _with_prior(lambda squares, w, n, tau: -n * squares / (2 * tau**2)),
        "the prior is counted once for each example: add it after the sum over examples.",
    ),
    (
        _with_prior(lambda squares, w, n, tau: -squares / (2 * tau**2) / n if n else 0 * squares),
        "the prior is divided by the number of examples: that belongs to a mean, and here is a sum.",
    ),
    (
        _with_prior(lambda squares, w, n, tau: -squares / (2 * tau**2) / w.shape[1]),
        "the prior is a mean over the weights: each weight has its own, so add them up.",
    ),
    (
        _with_prior(lambda squares, w, n, tau: -w.abs().sum(1) / tau),
        "this prior has absolute values: that is Laplace's (L1); the Gaussian has squares.",
    ),
    (
        _with_prior(lambda squares, w, n, tau: -squares.sqrt() / (2 * tau**2)),
        "the prior has the length of w, expected its square.",
    ),
    (
        lambda w, x, side, tau: _read_logs(-w.square().sum(1) / (2 * tau**2)),
        "now the likelihood is missing: the posterior has both.",
    ),
    (
        lambda w, x, side, tau: _read_logs(_likelihood(w, x, side) / max(1, len(x)) - w.square().sum(1) / (2 * tau**2)),
        "the likelihood is a mean over the examples: each example speaks for itself, so add them up.",
    ),
    (
        lambda w, x, side, tau: _read_logs(_likelihood(w, x, side**2) - w.square().sum(1) / (2 * tau**2)),
        "your likelihood does not look at the classes.",
    ),
)


def _draws_case(draws: int, places: int, size: int, scale: float) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(10 * draws + places)
    w = scale * torch.randn(draws, size, generator=generator)
    return w, torch.randn(places, size, generator=generator)


AVERAGES = (
    _draws_case(5, 4, 2, 2.0),
    _draws_case(2, 6, 3, 5.0),
    (torch.tensor([[4.0, 0.0], [-4.0, 0.0], [1.0, 0.0]]), torch.tensor([[1.0, 2.0], [-3.0, 0.0]])),
    _draws_case(1, 3, 2, 1.0),
    _draws_case(7, 1, 2, 3.0),
    _draws_case(3, 3, 3, 2.0),
)


def check_average(answer: object) -> None:
    right = [average(*case).numpy() for case in AVERAGES]
    results: list = []
    for case in AVERAGES:
        results.append(_read_chances(call(answer, *(part.clone() for part in case)), *case))
        if not near(results, right[: len(results)], 1e-5):
            explain(results, AVERAGES, WRONG_AVERAGE, 1e-5)
    if near(results, right, 1e-5):
        return
    place = first_wrong(results, right, 1e-5)
    w, x = AVERAGES[place]
    raise Mistake(
        f"for {len(w)} draws and {len(x)} places the first chance is {results[place][0]:.4f}, "
        f"expected {right[place][0]:.4f}."
    )


def _read_chances(result: object, w: Tensor, x: Tensor) -> np.ndarray:
    values = as_floats(result, "a tensor: one chance for each place")
    if values.shape == (len(w),) != (len(x),):
        raise Mistake("you return one number for each draw, expected one for each place: which dimension goes?")
    if values.shape != (len(x),):
        raise Mistake(f"for {len(x)} places you return shape {values.shape}, expected ({len(x)},).")
    return values


def average(w, x):
    chances = torch.sigmoid(x @ w.T)  # (P, draws)
    return chances.mean(1)


WRONG_AVERAGE = (
    (
        lambda w, x: torch.sigmoid(x @ w.mean(0)).numpy(),
        "this is the chance by the mean of the weights (or of the logits): take the mean of the chances.",
    ),
    (
        lambda w, x: torch.sigmoid(x @ w.median(0).values).numpy(),
        "this is the chance by the median of the weights: take the mean of the chances.",
    ),
    (lambda w, x: (x @ w.T).mean(1).numpy(), "these are logits: each draw's has to become a chance first."),
    (
        lambda w, x: (x @ w.T > 0).float().mean(1).numpy(),
        "you count the draws that say yes: how sure each one is gets lost.",
    ),
    (lambda w, x: torch.sigmoid(x @ w.T).sum(1).numpy(), "you add the chances up: take their mean."),
    (
        lambda w, x: torch.sigmoid(x @ w.T).median(1).values.numpy(),
        "this is the median of the chances: the posterior's chance is their mean.",
    ),
    (
        lambda w, x: torch.sigmoid(x @ w[-1]).numpy(),
        "you use the last draw only.",
    ),
    (
        lambda w, x: torch.sigmoid(x @ w[0]).numpy(),
        "you use the first draw only.",
    ),
    (
        lambda w, x: torch.sigmoid(x @ w.sum(0)).numpy(),
        "this is the chance by the sum of the weights: take the mean of the chances.",
    ),
    (
        lambda w, x: torch.sigmoid(x @ w.T).mean(0).numpy(),
        "you take the mean over the places: which dimension goes?",
    ),
    (
        lambda w, x: torch.sigmoid(x @ w.T).max(1).values.numpy(),
        "this is the largest of the chances: take their mean.",
    ),
)


EXERCISES = {
    "bayes.decay": Exercise(
        check_decay,
        "Now a number in an optimizer says what you believe.",
        (
            "Write down mse_loss + weight_decay / 2 * |w|², and multiply by what makes the first term |y - Xw|² / 2.",
            "With half the mean squared error it is `sigma**2 / (n * tau**2)`.",
            "Without the half it is twice that. Ask for `tau == 0` first.",
        ),
        decay,
    ),
    "bayes.accept": Exercise(
        check_accept,
        "With proposals that know where to go, chains arrive sooner; this line keeps them honest.",
        (
            "A product of ratios is a sum of differences of logarithms.",
            "`log_new - log_old + log_back - log_forth` is the logarithm of the ratio.",
            "`math.exp` overflows above 709, and is 0 far below 0: let it see `min(0.0, ...)`.",
        ),
        accept,
    ),
    "bayes.log_density": Exercise(
        check_log_density,
        "Without its prior the density had no top, and no sampler could have told you.",
        (
            "Which of likelihood and prior is there?",
            "A normal distribution around 0 has the log density -w² / (2 * variance), and a constant.",
            "Add `-w.square().sum(1) / (2 * tau**2)`.",
        ),
        log_posterior,
    ),
    "bayes.average": Exercise(
        check_average,
        "The sigmoid bends: the mean of its values is nearer to one half than its value at the mean.",
        (
            "Two draws that are both sure, one for each class: what should come out, and what does?",
            "`x @ w.T` has a logit for each place and draw.",
            "First `torch.sigmoid` of all of them, then `.mean(1)`.",
        ),
        average,
    ),
}
