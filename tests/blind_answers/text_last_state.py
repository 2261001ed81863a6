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
