"""Answers to memory.batch, written from its text alone."""

import functools

import numpy as np
import torch


def clamps_the_quotient(peak, budget):
    one, two = peak(1), peak(2)
    each = two - one
    fixed = one - each
    return max(0, (budget - fixed) // each)


def returns_early(peak, budget):
    one = peak(1)
    if one > budget:
        return 0
    return 1 + (budget - one) // (peak(2) - one)


def asks_for_two_first(peak, budget):
    two = peak(2)
    one = peak(1)
    further = (budget - two) // (two - one)
    return max(further + 2, 0)


def counts_up_by_arithmetic(peak, budget):
    one, two = peak(1), peak(2)
    batch = 0
    while one + batch * (two - one) <= budget:
        batch += 1
    return batch


def measures_a_range(peak, budget):
    one, two = [peak(batch) for batch in (1, 2)]
    return len(range(one, budget + 1, two - one))


def divides_in_numpy(peak, budget):
    peaks = np.array([peak(1), peak(2)], dtype=np.int64)
    each = np.diff(peaks)[0]
    return np.maximum(np.floor_divide(budget - peaks[0], each) + 1, 0)


def divides_in_torch(peak, budget):
    one, two = torch.tensor([peak(1), peak(2)], dtype=torch.int64)
    batch = torch.div(budget - one, two - one, rounding_mode="floor") + 1
    return batch.clamp(min=0).item()


def takes_divmod(peak, budget):
    one, two = map(peak, (1, 2))
    batch, _ = divmod(budget - (2 * one - two), two - one)
    return batch if batch > 0 else 0


def fits(one, two, batch, budget):
    return one + (two - one) * (batch - 1) <= budget


def bisects_by_arithmetic(peak, budget):
    one, two = peak(1), peak(2)
    low, high = 0, 1
    while fits(one, two, high, budget):
        high *= 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(one, two, middle, budget) else (low, middle)
    return low


def asks_for_sizes(sizes, peak, budget):
    one, two = (peak(size) for size in sizes)
    return 0 if budget < one else (budget - one) // (two - one) + 1


class LargestBatch:
    def __init__(self, smallest):
        self.smallest = smallest

    def __call__(self, peak, budget):
        one, two = peak(1), peak(2)
        room = budget - (one - (two - one))
        return max(self.smallest, room // (two - one))


def remembers_what_was_asked(peak, budget):
    asked = functools.cache(peak)
    return max(0, 1 + (budget - asked(1)) // (asked(2) - asked(1)))


def left_as_given(peak, budget):
    batch = 0
    while peak(batch + 1) <= budget:
        batch += 1
    return batch


def forgets_the_return(peak, budget):
    one, two = peak(1), peak(2)
    max(0, (budget - one) // (two - one) + 1)


def divides_by_peak_of_one(peak, budget):
    return budget // peak(1)


def divides_by_half_of_two(peak, budget):
    return budget // (peak(2) // 2)


def forgets_the_fixed_part(peak, budget):
    return budget // (peak(2) - peak(1))


def takes_peak_of_one_as_fixed(peak, budget):
    one, two = peak(1), peak(2)
    return max(0, (budget - one) // (two - one))


def adds_one_to_the_rest_after_two(peak, budget):
    one, two = peak(1), peak(2)
    return max(0, (budget - two) // (two - one) + 1)


def counts_one_too_many(peak, budget):
    one = peak(1)
    if one > budget:
        return 0
    return 2 + (budget - one) // (peak(2) - one)


def goes_below_zero(peak, budget):
    one, two = peak(1), peak(2)
    return (budget - one) // (two - one) + 1


def truncates_below_zero(peak, budget):
    one, two = peak(1), peak(2)
    each = two - one
    return int((budget - (one - each)) / each)


def takes_the_absolute_value(peak, budget):
    one, two = peak(1), peak(2)
    return abs((budget - (2 * one - two)) // (two - one))


def answers_at_least_one(peak, budget):
    one, two = peak(1), peak(2)
    return max(1, (budget - one) // (two - one) + 1)


def divides_without_floor(peak, budget):
    one, two = peak(1), peak(2)
    return max(0, (budget - one) / (two - one) + 1)


def rounds_to_nearest(peak, budget):
    one, two = peak(1), peak(2)
    return max(0, round((budget - one) / (two - one)) + 1)


def rounds_up(peak, budget):
    one, two = peak(1), peak(2)
    return max(0, int(np.ceil((budget - one) / (two - one))) + 1)


def refuses_an_exact_fit(peak, budget):
    one, two = peak(1), peak(2)
    batch = 0
    while one + batch * (two - one) < budget:
        batch += 1
    return batch


def refuses_an_exact_single(peak, budget):
    one = peak(1)
    if budget <= one:
        return 0
    return (budget - one) // (peak(2) - one) + 1


def answers_zero_unless_two_fit(peak, budget):
    one, two = peak(1), peak(2)
    if two > budget:
        return 0
    return (budget - one) // (two - one) + 1


def subtracts_the_wrong_way(peak, budget):
    one, two = peak(1), peak(2)
    return max(0, (budget - one) // (one - two) + 1)


def swaps_fixed_and_each(peak, budget):
    one, two = peak(1), peak(2)
    fixed = two - one
    each = one - fixed
    return max(0, (budget - fixed) // each)


def adds_the_fixed_part(peak, budget):
    one, two = peak(1), peak(2)
    each = two - one
    return max(0, (budget + one - each) // each)


def doubles_until_too_large(peak, budget):
    batch = 1
    while peak(batch) <= budget:
        batch *= 2
    return batch // 2


def bisects_with_peak(peak, budget):
    low, high = 0, 1024
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if peak(middle) <= budget else (low, middle)
    return low


def asks_for_an_empty_batch(peak, budget):
    fixed = peak(0)
    return max(0, (budget - fixed) // (peak(1) - fixed))


def tries_the_answer(peak, budget):
    one, two = peak(1), peak(2)
    batch = max(0, (budget - one) // (two - one) + 1)
    while batch and peak(batch) > budget:
        batch -= 1
    return batch


def stops_at_two(peak, budget):
    fitting = [batch for batch in (1, 2) if peak(batch) <= budget]
    return max(fitting, default=0)


def answers_none_if_nothing_fits(peak, budget):
    one, two = peak(1), peak(2)
    if one <= budget:
        return (budget - one) // (two - one) + 1


def raises_if_nothing_fits(peak, budget):
    one, two = peak(1), peak(2)
    if one > budget:
        raise ValueError("not even one example fits")
    return (budget - one) // (two - one) + 1


def answers_with_bytes(peak, budget):
    one, two = peak(1), peak(2)
    batch = max(0, (budget - one) // (two - one) + 1)
    return one + (batch - 1) * (two - one) if batch else 0


def answers_with_a_pair(peak, budget):
    one, two = peak(1), peak(2)
    return divmod(budget - (2 * one - two), two - one)


def indexes_the_function(peak, budget):
    each = peak[2] - peak[1]
    return max(0, (budget - peak[1]) // each + 1)


RIGHT = [
    (clamps_the_quotient, "fixed part and slope, max with 0"),
    (returns_early, "returns 0 before it asks for 2"),
    (asks_for_two_first, "asks for 2 before 1 and counts on from 2"),
    (counts_up_by_arithmetic, "the loop as given, with a line instead of peak"),
    (measures_a_range, "the length of a range of peaks"),
    (divides_in_numpy, "NumPy diff and floor_divide, a NumPy integer"),
    (divides_in_torch, "torch.div with floor, clamp and item"),
    (takes_divmod, "map and divmod, conditional expression"),
    (bisects_by_arithmetic, "a bisection that never asks peak"),
    (functools.partial(asks_for_sizes, (1, 2)), "functools.partial over the sizes, a generator"),
    (LargestBatch(0), "an object with __call__"),
    (remembers_what_was_asked, "functools.cache around peak"),
]

WRONG = [
    (left_as_given, "left as given", "you ask peak for a batch of"),
    (forgets_the_return, "computes it but does not return it", "your function returns"),
    (divides_by_peak_of_one, "divides the budget by the peak of one", "you divide by what a batch of 1"),
    (divides_by_half_of_two, "divides the budget by half the peak of two", "where a batch of 1 takes"),
    (
        forgets_the_fixed_part,
        "does not take off what is there without examples",
        "you forget what does not depend on the",
    ),
    (
        takes_peak_of_one_as_fixed,
        "takes the peak of one as the fixed part, one too few",
        "what a batch of 1 takes holds one",
    ),
    (
        adds_one_to_the_rest_after_two,
        "adds 1 instead of 2 to what fits beyond two",
        "what a batch of 1 takes holds one",
    ),
    (counts_one_too_many, "counts one example too many", "where a batch of 1 takes"),
    (goes_below_zero, "goes below 0 for a very small budget", "you return"),
    (truncates_below_zero, "truncates with int and still goes below 0", "you return"),
    (takes_the_absolute_value, "abs instead of max with 0", "where a batch of 1 takes 501"),
    (answers_at_least_one, "answers 1 where nothing fits", "where not even one example"),
    (divides_without_floor, "true division, a fraction of an example", "you return"),
    (rounds_to_nearest, "rounds to the nearest, may be too large", "where a batch of 1 takes 60"),
    (rounds_up, "rounds up", "your batch is one too large where the budget"),
    (refuses_an_exact_fit, "compares with < and refuses an exact fit", "where a batch of 1 takes 7"),
    (refuses_an_exact_single, "answers 0 where one example fits exactly", "where a batch of 1 takes 60"),
    (answers_zero_unless_two_fit, "answers 0 where one fits and two do not", "where a batch of 1 takes 60"),
    (subtracts_the_wrong_way, "difference with the wrong sign", "where a batch of 1 takes"),
    (swaps_fixed_and_each, "swaps the fixed part and the part of each example", "raises ZeroDivisionError"),
    (adds_the_fixed_part, "adds the fixed part to the budget", "where a batch of 1 takes"),
    (doubles_until_too_large, "doubles the batch and asks peak each time", "you ask peak for a batch of"),
    (bisects_with_peak, "bisects and asks peak for large batches", "you ask peak for a batch of"),
    (asks_for_an_empty_batch, "asks peak for a batch of 0", "you ask peak for a batch of"),
    (tries_the_answer, "asks peak for the answer as well", "you ask peak for a batch of"),
    (stops_at_two, "answers 2 at most", "where a batch of 1 takes"),
    (answers_none_if_nothing_fits, "returns None where nothing fits", "your function returns"),
    (raises_if_nothing_fits, "raises where nothing fits", "raises ValueError"),
    (answers_with_bytes, "returns the bytes of the largest batch", "where a batch of 1 takes"),
    (answers_with_a_pair, "returns quotient and rest", "you return a tuple, expected a number."),
    (indexes_the_function, "square brackets instead of a call raise TypeError", "raises TypeError"),
]
