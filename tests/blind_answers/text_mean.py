"""Answers to text.mean, written from its text alone."""

import torch


def plain(vectors, lengths):
    mask = torch.arange(vectors.shape[1])[None] < lengths[:, None]
    return (vectors * mask.unsqueeze(2)).sum(1) / lengths.unsqueeze(1)


def one_by_one(vectors, lengths):
    return torch.stack([row[:n].mean(0) for row, n in zip(vectors, lengths.tolist())])


def filled(vectors, lengths):
    padding = torch.arange(vectors.shape[1]) >= lengths[:, None]
    return vectors.masked_fill(padding[..., None], 0.0).sum(dim=1) / lengths[:, None]


def by_weights(vectors, lengths):
    weights = (torch.arange(vectors.shape[1]) < lengths[:, None]).float()
    weights /= weights.sum(1, keepdim=True)
    return torch.einsum("bt,bte->be", weights, vectors)


def as_given(vectors, lengths):
    return vectors.sum(1) / lengths[:, None]


def of_all_places(vectors, lengths):
    return vectors.mean(1)


def masked_mean(vectors, lengths):
    mask = torch.arange(vectors.shape[1]) < lengths[:, None]
    return (vectors * mask[..., None]).mean(1)


def sums(vectors, lengths):
    mask = torch.arange(vectors.shape[1]) < lengths[:, None]
    return (vectors * mask[..., None]).sum(1)


def one_too_many(vectors, lengths):
    mask = torch.arange(vectors.shape[1]) <= lengths[:, None]
    return (vectors * mask[..., None]).sum(1) / lengths[:, None]


def by_zeros(vectors, lengths):
    mask = (torch.arange(vectors.shape[1]) < lengths[:, None])[..., None]
    return (vectors * mask).sum(1) / (mask & (vectors != 0).any(2, keepdim=True)).sum(1)


def largest(vectors, lengths):
    return torch.stack([row[:n].amax(0) for row, n in zip(vectors, lengths)])


def one_number(vectors, lengths):
    return plain(vectors, lengths).mean(1)


def nothing(vectors, lengths):
    plain(vectors, lengths)


RIGHT = [
    (plain, "a mask"),
    (one_by_one, "one by one"),
    (filled, "masked_fill"),
    (by_weights, "einsum"),
]
WRONG = [
    (as_given, "as given", "padding has a vector"),
    (of_all_places, "the mean of all places", "as if it were a word"),
    (masked_mean, "a masked mean", "divide by the lengths"),
    (sums, "sums", "these are sums"),
    (one_too_many, "one too many", "one place too many"),
    (by_zeros, "vectors of 0 are no words", "is still a word"),
    (largest, "the largest", "largest values"),
    (one_number, "one number a text", "expected (3, 2)"),
    (nothing, "returns nothing", "returns nothing"),
]
