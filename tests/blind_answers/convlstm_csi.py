"""Answers to convlstm.csi, written from its text alone."""

# MISSING is what the notebook imports.
from functools import partial

import numpy as np
import torch

from course.rain import MISSING

# ---------------------------------------------------------------- wrong


def as_given(forecast, codes, threshold):
    said, real = forecast >= threshold, codes >= threshold
    hits = (said & real).sum()
    return (hits / (said.sum() + real.sum())).item()


def only_the_union_mended(forecast, codes, threshold):
    said, real = forecast >= threshold, codes >= threshold
    hits = (said & real).sum()
    return (hits / (said | real).sum()).item()


def only_missing_mended(forecast, codes, threshold):
    seen = codes != MISSING
    said, real = (forecast >= threshold) & seen, (codes >= threshold) & seen
    hits = (said & real).sum()
    return (hits / (said.sum() + real.sum())).item()


def missing_is_a_false_alarm(forecast, codes, threshold):
    said, real = forecast >= threshold, (codes >= threshold) & (codes != MISSING)
    hits = (said & real).sum()
    return (hits / (said | real).sum()).item()


def missing_is_a_missed_event(forecast, codes, threshold):
    said, real = (forecast >= threshold) & (codes != MISSING), codes >= threshold
    hits = (said & real).sum()
    return (hits / (said | real).sum()).item()


def missing_looked_for_in_the_forecast(forecast, codes, threshold):
    seen = forecast != MISSING
    said, real = (forecast >= threshold) & seen, (codes >= threshold) & seen
    return ((said & real).sum() / (said | real).sum()).item()


def missing_set_to_zero_in_place(forecast, codes, threshold):
    seen = codes != MISSING
    codes[~seen] = 0
    forecast[~seen] = 0
    said, real = forecast >= threshold, codes >= threshold
    return ((said & real).sum() / (said | real).sum()).item()


def precedence_trap(forecast, codes, threshold):
    said = (forecast >= threshold) & codes != MISSING
    real = (codes >= threshold) & codes != MISSING
    return ((said & real).sum() / (said | real).sum()).item()


def zero_without_events(forecast, codes, threshold):
    seen = codes != MISSING
    said, real = (forecast >= threshold) & seen, (codes >= threshold) & seen
    return ((said & real).sum() / (said | real).sum().clamp(min=1)).item()


def one_without_events(forecast, codes, threshold):
    seen = codes != MISSING
    said, real = (forecast >= threshold) & seen, (codes >= threshold) & seen
    union = (said | real).sum().item()
    return (said & real).sum().item() / union if union else 1.0


def divides_by_zero_without_events(forecast, codes, threshold):
    seen = codes != MISSING
    said, real = (forecast >= threshold) & seen, (codes >= threshold) & seen
    return int((said & real).sum()) / int((said | real).sum())


def nan_whenever_no_real_event(forecast, codes, threshold):
    seen = codes != MISSING
    said, real = (forecast >= threshold) & seen, (codes >= threshold) & seen
    if not real.any():
        return float("nan")
    return ((said & real).sum() / (said | real).sum()).item()


def above_instead_of_at_least(forecast, codes, threshold):
    seen = codes != MISSING
    said, real = (forecast > threshold) & seen, (codes > threshold) & seen
    return ((said & real).sum() / (said | real).sum()).item()


def probability_of_detection(forecast, codes, threshold):
    seen = codes != MISSING
    said, real = (forecast >= threshold) & seen, (codes >= threshold) & seen
    return ((said & real).sum() / real.sum()).item()


def fraction_of_agreement(forecast, codes, threshold):
    seen = codes != MISSING
    said, real = forecast >= threshold, codes >= threshold
    return ((said == real)[seen].sum() / seen.sum()).item()


def exclusive_or_in_the_denominator(forecast, codes, threshold):
    seen = codes != MISSING
    said, real = (forecast >= threshold) & seen, (codes >= threshold) & seen
    return ((said & real).sum() / (said ^ real).sum()).item()


def hits_added_instead_of_taken_away(forecast, codes, threshold):
    seen = codes != MISSING
    said, real = (forecast >= threshold) & seen, (codes >= threshold) & seen
    hits = (said & real).sum()
    return (hits / (said.sum() + real.sum() + hits)).item()


def doubled_like_dice(forecast, codes, threshold):
    seen = codes != MISSING
    said, real = (forecast >= threshold) & seen, (codes >= threshold) & seen
    return (2 * (said & real).sum() / (said.sum() + real.sum())).item()


def mean_of_the_scores_of_images(forecast, codes, threshold):
    seen = codes != MISSING
    said, real = (forecast >= threshold) & seen, (codes >= threshold) & seen
    hits, union = (said & real).sum(-1), (said | real).sum(-1)
    return (hits / union).nanmean().item()


def returns_a_tensor(forecast, codes, threshold):
    seen = codes != MISSING
    said, real = (forecast >= threshold) & seen, (codes >= threshold) & seen
    return (said & real).sum(-1) / (said | real).sum(-1)


def ignores_the_threshold(forecast, codes, threshold):
    seen = codes != MISSING
    said, real = (forecast >= 100) & seen, (codes >= 100) & seen
    return ((said & real).sum() / (said | real).sum()).item()


def forgot_return(forecast, codes, threshold):
    seen = codes != MISSING
    said, real = (forecast >= threshold) & seen, (codes >= threshold) & seen
    print(((said & real).sum() / (said | real).sum()).item())


# ---------------------------------------------------------------- right


def masks_and_union(forecast, codes, threshold):
    seen = codes != MISSING
    said, real = (forecast >= threshold) & seen, (codes >= threshold) & seen
    return ((said & real).sum() / (said | real).sum()).item()


def picks_first(forecast, codes, threshold):
    seen = codes != MISSING
    said, real = forecast[seen] >= threshold, codes[seen] >= threshold
    hits = (said & real).sum()
    return (hits / (said.sum() + real.sum() - hits)).item()


def with_numpy(forecast, codes, threshold):
    forecast, codes = np.asarray(forecast), np.asarray(codes)
    seen = codes != MISSING
    said = np.logical_and(forecast >= threshold, seen)
    real = np.logical_and(codes >= threshold, seen)
    union = np.count_nonzero(said | real)
    return np.float64(np.count_nonzero(said & real) / union) if union else np.nan


def loop_over_pixels(forecast, codes, threshold):
    hits = misses = false_alarms = 0
    for guess, code in zip(forecast.flatten().tolist(), codes.flatten().tolist(), strict=True):
        if code == MISSING:
            continue
        if guess >= threshold and code >= threshold:
            hits += 1
        elif code >= threshold:
            misses += 1
        elif guess >= threshold:
            false_alarms += 1
    events = hits + misses + false_alarms
    return hits / events if events else float("nan")


def score_without(forecast, codes, threshold, missing):
    unseen = codes == missing
    said = (forecast >= threshold).masked_fill(unseen, False)
    real = (codes >= threshold).masked_fill(unseen, False)
    hits, misses, false_alarms = (said & real).sum(), (~said & real).sum(), (said & ~real).sum()
    print("hits", hits, "misses", misses)
    return float(hits / (hits + misses + false_alarms))


class CriticalSuccess:
    def __init__(self, missing=MISSING):
        self.missing = missing
        self.calls = 0

    def __call__(self, forecast: torch.Tensor, codes: torch.Tensor, threshold: float) -> float:
        self.calls += 1
        seen = codes.ne(self.missing)
        table = 2 * forecast.ge(threshold)[seen].long() + codes.ge(threshold)[seen].long()
        _, missed, false, hit = torch.bincount(table, minlength=4).tolist()
        return hit / (hit + missed + false) if hit + missed + false else float("nan")


WRONG = [
    (as_given, "the given code", "a cell that nobody measured counts as heavy rain, and"),
    (only_the_union_mended, "MISSING still counts as an event", "the fraction is right. But a missing cell has code"),
    (only_missing_mended, "the hits still count twice", "the missing cells are out, well. Below the line a hit"),
    (
        missing_is_a_false_alarm,
        "only `real` is masked: a forecast at MISSING is a false alarm",
        "a missing cell counts as dry, so that rain forecast",
    ),
    (
        missing_is_a_missed_event,
        "only `said` is masked: MISSING is a missed event",
        "count hits, misses and false alarms by hand",
    ),
    (
        missing_looked_for_in_the_forecast,
        "looks for MISSING in the forecast",
        "count hits, misses and false alarms by hand",
    ),
    (
        missing_set_to_zero_in_place,
        "changes both arguments (and 0 is an event if threshold = 0)",
        "your function changes its argument forecast: make a",
    ),
    (precedence_trap, "& binds more tightly than !=", "count hits, misses and false alarms by hand"),
    (zero_without_events, "0 instead of nan without an event", "the rain is right. On a dry map, nothing said and"),
    (one_without_events, "1 instead of nan without an event", "the rain is right. On a dry map, nothing said and"),
    (
        divides_by_zero_without_events,
        "ZeroDivisionError instead of nan",
        "the rain is right. On a dry map, nothing said and",
    ),
    (
        nan_whenever_no_real_event,
        "nan instead of 0 if there are false alarms only",
        "count hits, misses and false alarms by hand",
    ),
    (above_instead_of_at_least, "> instead of >=", "an event is the threshold or more: a cell of exactly"),
    (
        probability_of_detection,
        "divides by the real events: another score",
        "that is POD: the false alarms are missing below the",
    ),
    (
        fraction_of_agreement,
        "counts agreement, too, where nothing happened",
        "that is the share of right cells, dry ones as well",
    ),
    (
        exclusive_or_in_the_denominator,
        "hits are not in the denominator at all",
        "count hits, misses and false alarms by hand",
    ),
    (hits_added_instead_of_taken_away, "+ hits instead of - hits", "count hits, misses and false alarms by hand"),
    (doubled_like_dice, "the Dice score, right for 0 and 1 only", "count hits, misses and false alarms by hand"),
    (mean_of_the_scores_of_images, "mean of the scores along an axis", "count hits, misses and false alarms by hand"),
    (returns_a_tensor, "one score for each row, as a tensor", "you return a tensor of shape (2,), expected one"),
    (ignores_the_threshold, "a hard-coded threshold", "count hits, misses and false alarms by hand"),
    (forgot_return, "prints instead of returning", "your function returns nothing: does every way through"),
]
RIGHT = [
    (masks_and_union, "mask both, divide by the union"),
    (picks_first, "picks the seen pixels first, subtracts the hits"),
    (with_numpy, "NumPy inside and as a result"),
    (loop_over_pixels, "an explicit loop"),
    (partial(score_without, missing=MISSING), "a partial; three counts, prints"),
    (CriticalSuccess(), "a callable object; a table of counts"),
]
