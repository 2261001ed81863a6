"""Answers to processes.shares, written from its text alone."""

import functools

import numpy as np
import torch


def loops_and_skips(gradients, counts):
    total = torch.zeros_like(gradients[0])
    for gradient, count in zip(gradients, counts):
        if count:
            total = total + gradient * count
    return total / sum(counts)


def sums_what_has_images(gradients, counts):
    images = sum(counts)
    return sum(count / images * gradient for gradient, count in zip(gradients, counts) if count > 0)


def stacks_and_clears_nan(gradients, counts):
    weights = torch.tensor(counts, dtype=torch.float32) / sum(counts)
    return torch.einsum("p,p...->...", weights, torch.nan_to_num(torch.stack(list(gradients))))


def averages_in_numpy(gradients, counts):
    seen = [place for place, count in enumerate(counts) if count]
    stacked = np.stack([gradients[place].numpy() for place in seen])
    mean = np.average(stacked, axis=0, weights=[counts[place] for place in seen])
    return torch.from_numpy(mean.astype(np.float32))


def runs_a_mean(gradients, counts):
    images, mean = 0, 0.0
    for gradient, count in zip(gradients, counts):
        if count == 0:
            continue
        images += count
        mean = mean + (gradient - mean) * count / images
    return mean


def masks_with_where(gradients, counts):
    stacked = torch.stack(tuple(gradients))
    weights = torch.tensor(counts).view(-1, *[1] * gradients[0].ndim)
    return torch.where(weights > 0, stacked * weights, torch.zeros(())).sum(0) / weights.sum()


def adds_by(combine, gradients, counts):
    shares = [gradient * count for gradient, count in zip(gradients, counts) if count]
    return functools.reduce(combine, shares) / sum(counts)


def left_as_given(gradients, counts): ...


def forgets_the_return(gradients, counts):
    loops_and_skips(gradients, counts)


def takes_the_plain_mean(gradients, counts):
    return sum(gradients) / len(gradients)


def takes_the_plain_mean_of_those_with_images(gradients, counts):
    seen = [gradient for gradient, count in zip(gradients, counts) if count]
    return sum(seen) / len(seen)


def lets_nan_through(gradients, counts):
    return sum(gradient * count for gradient, count in zip(gradients, counts)) / sum(counts)


def takes_the_sum(gradients, counts):
    return sum(gradient * count for gradient, count in zip(gradients, counts) if count)


def adds_the_gradients(gradients, counts):
    return sum(gradient for gradient, count in zip(gradients, counts) if count)


def divides_by_processes(gradients, counts):
    return sum(gradient * count for gradient, count in zip(gradients, counts) if count) / len(counts)


def weighs_the_wrong_way(gradients, counts):
    return sum(gradient / count for gradient, count in zip(gradients, counts) if count) / sum(counts)


def skips_single_images(gradients, counts):
    return sum(gradient * count for gradient, count in zip(gradients, counts) if count > 1) / sum(counts)


def clears_nan_in_the_plain_mean(gradients, counts):
    return torch.nan_to_num(torch.stack(list(gradients))).mean(0)


def skips_and_counts_only_the_largest(gradients, counts):
    return gradients[counts.index(max(counts))]


def returns_a_list(gradients, counts):
    return loops_and_skips(gradients, counts).tolist()


def flattens(gradients, counts):
    return loops_and_skips(gradients, counts).flatten()


def changes_the_gradients(gradients, counts):
    for gradient, count in zip(gradients, counts):
        gradient *= count
    return torch.nan_to_num(torch.stack(list(gradients))).sum(0) / sum(counts)


def weighs_by_softmax(gradients, counts):
    weights = torch.tensor(counts, dtype=torch.float32).softmax(0)
    return sum(weight * torch.nan_to_num(gradient) for weight, gradient in zip(weights, gradients))


RIGHT = [
    (loops_and_skips, "a loop that skips processes without images"),
    (sums_what_has_images, "a sum over a generator with a condition"),
    (stacks_and_clears_nan, "einsum over stacked gradients, nan_to_num"),
    (averages_in_numpy, "NumPy's average with weights"),
    (runs_a_mean, "a running mean"),
    (masks_with_where, "torch.where on the stacked gradients"),
    (functools.partial(adds_by, torch.add), "functools.reduce over the shares"),
]

WRONG = [
    (left_as_given, "left as given", "is not tried yet"),
    (forgets_the_return, "computes it but does not return it", "your function returns nothing"),
    (takes_the_plain_mean, "the plain mean over processes", "you take the plain mean"),
    (
        takes_the_plain_mean_of_those_with_images,
        "the plain mean over processes that have images",
        "you take the plain mean of those",
    ),
    (lets_nan_through, "weighs by images, and 0 times nan is nan", "a process without images is given as nan"),
    (takes_the_sum, "does not divide", "you return a sum over all images"),
    (adds_the_gradients, "adds the gradients as they are", "you add the gradients up as they are"),
    (divides_by_processes, "divides by processes instead of images", "you divide by the number of processes"),
    (weighs_the_wrong_way, "divides by the images of each process", "for the gradients"),
    (skips_single_images, "skips a process with one image", "for the gradients"),
    (clears_nan_in_the_plain_mean, "clears nan and takes the plain mean", "for the gradients"),
    (skips_and_counts_only_the_largest, "takes the gradient of the largest share", "for the gradients"),
    (returns_a_list, "returns a list", "the gradient is a list"),
    (flattens, "returns one long vector", "the gradient has shape (3"),
    (changes_the_gradients, "changes the gradients in place", "your function changes its argument gradients"),
    (weighs_by_softmax, "weighs by a softmax of the counts", "for the gradients"),
]
