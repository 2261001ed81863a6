"""Answers to text.last_state, written from its text alone."""

import torch


def plain(states, lengths):
    return states[torch.arange(states.shape[0]), lengths - 1]


def one_by_one(states, lengths):
    if not len(states):
        return states.new_zeros(0, states.shape[2])
    return torch.stack([row[n - 1] for row, n in zip(states, lengths)])


def by_gather(states, lengths):
    index = (lengths - 1).view(-1, 1, 1).expand(-1, 1, states.shape[2])
    return states.gather(1, index).squeeze(1)


def by_numpy(states, lengths):
    values, ends = states.numpy(), lengths.numpy() - 1
    return values[range(len(values)), ends]


def as_given(states, lengths):
    return states[:, -1]


def too_late(states, lengths):
    return states[torch.arange(len(states)), lengths]


def too_late_but_safe(states, lengths):
    return states[torch.arange(len(states)), lengths.clamp(max=states.shape[1] - 1)]


def too_early(states, lengths):
    return states[torch.arange(len(states)), lengths - 2]


def of_all(states, lengths):
    return states[:, lengths - 1]


def first(states, lengths):
    return states[:, 0]


def mean(states, lengths):
    mask = torch.arange(states.shape[1]) < lengths[:, None]
    return (states * mask[..., None]).sum(1) / lengths[:, None]


def from_the_end(states, lengths):
    return states[torch.arange(len(states)), -lengths]


def one_dimension_more(states, lengths):
    return states[torch.arange(len(states)), lengths - 1][:, None]


def nothing(states, lengths):
    plain(states, lengths)


RIGHT = [
    (plain, "two lists of indices"),
    (one_by_one, "one by one"),
    (by_gather, "gather"),
    (by_numpy, "NumPy"),
]
WRONG = [
    (as_given, "as given", "read padding"),
    (too_late, "too late", "IndexError"),
    (too_late_but_safe, "too late, clamped", "one step too late"),
    (too_early, "too early", "one step too early"),
    (of_all, "all lengths for all", "each length belongs to one row"),
    (first, "the first", "after the first word"),
    (mean, "the mean", "means of the states"),
    (from_the_end, "from the end", "count from the end"),
    (one_dimension_more, "a dimension more", "expected (3, 2)"),
    (nothing, "returns nothing", "returns nothing"),
]
