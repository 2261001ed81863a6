"""Answers to layers.r2, written from its text alone."""

import numpy as np
import torch


def with_ones(h):
    return torch.cat([h, torch.ones(len(h), 1)], dim=1)


def by_lstsq(h, wanted):
    n = len(h) // 2
    x = with_ones(h)
    w = torch.linalg.lstsq(x[:n], wanted[:n].unsqueeze(1)).solution
    guess = (x[n:] @ w).squeeze(1)
    goal = wanted[n:]
    return (1 - ((guess - goal) ** 2).mean() / ((goal - goal.mean()) ** 2).mean()).item()


def by_numpy(h, wanted):
    h, wanted = h.numpy().astype("float64"), wanted.numpy().astype("float64")
    n = len(h) // 2
    x = np.column_stack([np.ones(len(h)), h])
    w = np.linalg.lstsq(x[:n], wanted[:n], rcond=None)[0]
    return 1 - np.mean((x[n:] @ w - wanted[n:]) ** 2) / np.var(wanted[n:])


def centred_first(h, wanted):
    n = len(h) // 2
    middle, level = h[:n].mean(0), wanted[:n].mean()
    w = torch.linalg.lstsq(h[:n] - middle, (wanted[:n] - level)[:, None]).solution[:, 0]
    guess = (h[n:] - middle) @ w + level
    return 1 - float((guess - wanted[n:]).square().sum() / (wanted[n:] - wanted[n:].mean()).square().sum())


def by_pinv(h, wanted):
    n = len(h) // 2
    x, y = with_ones(h).double(), wanted.double()
    w = torch.linalg.pinv(x[:n]) @ y[:n]
    return 1 - torch.nn.functional.mse_loss(x[n:] @ w, y[n:]) / y[n:].var(unbiased=False)


def by_the_normal_equations(h, wanted):
    n = len(h) // 2
    x, y = with_ones(h).double(), wanted.double()
    w = torch.linalg.solve(x[:n].T @ x[:n], x[:n].T @ y[:n])
    rest = y[n:] - x[n:] @ w
    return np.float64(1 - rest @ rest / (y[n:] - y[n:].mean()).square().sum())


def scored(fit, judge, ones=True, around=lambda part, y: part.mean(), end=lambda error, spread: 1 - error / spread):
    def r2(h, wanted):
        x, n = with_ones(h) if ones else h, len(h) // 2
        rows = {"first": slice(0, n), "rest": slice(n, None), "all": slice(None)}
        w = torch.linalg.lstsq(x[rows[fit]], wanted[rows[fit], None]).solution[:, 0]
        part = wanted[rows[judge]]
        error = (x[rows[judge]] @ w - part).square().mean()
        spread = (part - around(part, wanted)).square().mean()
        return end(error, spread).item()

    return r2


def correlation(h, wanted):
    x, n = with_ones(h), len(h) // 2
    w = torch.linalg.lstsq(x[:n], wanted[:n, None]).solution[:, 0]
    return torch.corrcoef(torch.stack([x[n:] @ w, wanted[n:]]))[0, 1].square().item()


def by_sample_variance(h, wanted):
    x, n = with_ones(h), len(h) // 2
    w = torch.linalg.lstsq(x[:n], wanted[:n, None]).solution[:, 0]
    return 1 - ((x[n:] @ w - wanted[n:]).square().mean() / wanted[n:].var()).item()


def spread_by_shape(h, wanted):
    x, n = with_ones(h), len(h) // 2
    w = torch.linalg.lstsq(x[:n], wanted[:n, None]).solution
    return 1 - ((x[n:] @ w - wanted[n:]).square().mean() / wanted[n:].var(correction=0)).item()


def never_below_zero(h, wanted):
    return max(0.0, by_lstsq(h, wanted))


def a_tensor_of_errors(h, wanted):
    return wanted - wanted.mean()


def prints_it(h, wanted):
    print(by_lstsq(h, wanted))


RIGHT = [
    (by_lstsq, "lstsq of torch, with a column of ones"),
    (by_numpy, "NumPy, the ones in front"),
    (centred_first, "all is centred by the first half instead of ones"),
    (by_pinv, "the pseudoinverse, and a tensor returned"),
    (by_the_normal_equations, "the normal equations"),
    (scored("first", "rest"), "in pieces"),
]
WRONG = [
    (scored("all", "rest"), "fits on all rows", "the fit has seen"),
    (scored("first", "first"), "judges by the rows of the fit", "the same rows"),
    (scored("all", "all"), "all rows for both", "the same rows"),
    (scored("rest", "first"), "halves swapped", "first half"),
    (scored("first", "rest", ones=False), "no constant", "constant"),
    (scored("first", "rest", around=lambda part, y: 0), "squares instead of a spread", "mean"),
    (scored("first", "rest", end=lambda error, spread: error / spread), "the share left over", "1 minus"),
    (scored("first", "rest", end=lambda error, spread: error), "the error itself", "error"),
    (scored("first", "rest", end=lambda error, spread: 1 - (error / spread).sqrt()), "roots", "square"),
    (correlation, "a squared correlation", "correlation"),
    (by_sample_variance, "a variance by N - 1", "N - 1"),
    (spread_by_shape, "a column less a row", "(N, N)"),
    (never_below_zero, "cut at zero", "below 0"),
    (a_tensor_of_errors, "a tensor", "expected a number"),
    (prints_it, "prints instead of returning", "returns nothing"),
]
