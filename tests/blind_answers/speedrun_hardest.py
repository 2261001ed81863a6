"""Answers to speedrun.hardest, written from its text alone."""

import functools

import numpy as np
import torch


def looks_up_the_numbers(losses, order, part):
    count = max(1, round(part * len(order)))
    return order[losses.topk(count).indices]


def sorts(losses, order, part):
    count = max(1, round(part * len(order)))
    return order[losses.argsort(descending=True)[:count]]


def sorts_pairs(losses, order, part):
    pairs = sorted(zip(losses.tolist(), order.tolist()), reverse=True)
    return [number for _, number in pairs[: max(1, round(part * len(pairs)))]]


def scatters_first(losses, order, part):
    by_number = dict(zip(order.tolist(), losses.tolist()))
    count = round(part * len(order)) or 1
    return torch.tensor(sorted(by_number, key=by_number.get)[-count:])


def sorts_in_numpy(losses, order, part):
    places = np.argsort(-losses.numpy())[: max(1, round(part * len(losses)))]
    return order.numpy()[places]


def takes_one_after_the_other(losses, order, part):
    losses, found = losses.clone(), []
    for _ in range(max(1, round(part * len(order)))):
        place = losses.argmax().item()
        found.append(order[place].item())
        losses[place] = -float("inf")
    return found


def with_smallest(smallest, losses, order, part):
    count = max(smallest, round(part * len(order)))
    return order.gather(0, losses.topk(count).indices)


def left_as_given(losses, order, part):
    count = max(1, round(part * len(order)))
    return losses.topk(count).indices


def forgets_the_return(losses, order, part):
    looks_up_the_numbers(losses, order, part)


def takes_the_easiest(losses, order, part):
    count = max(1, round(part * len(order)))
    return order[losses.topk(count, largest=False).indices]


def takes_the_first(losses, order, part):
    return order[: max(1, round(part * len(order)))]


def takes_the_last(losses, order, part):
    return order[-max(1, round(part * len(order))) :]


def sorts_by_number(losses, order, part):
    count = max(1, round(part * len(order)))
    return losses[order.argsort()].topk(count).indices.sort().values + 1


def orders_twice(losses, order, part):
    count = max(1, round(part * len(order)))
    return losses[order % len(order)].topk(count).indices


def returns_losses(losses, order, part):
    return losses.topk(max(1, round(part * len(order)))).values


def may_take_none(losses, order, part):
    return order[losses.topk(round(part * len(order))).indices]


def rounds_down(losses, order, part):
    return order[losses.topk(max(1, int(part * len(order)))).indices]


def rounds_up(losses, order, part):
    return order[losses.topk(max(1, int(np.ceil(part * len(order))))).indices]


def takes_one_too_many(losses, order, part):
    return order[losses.topk(min(len(order), 1 + round(part * len(order)))).indices]


def takes_one(losses, order, part):
    return order[losses.argmax()]


def takes_half(losses, order, part):
    return order[losses.topk(max(1, len(order) // 2)).indices]


def takes_all(losses, order, part):
    return order


def goes_by_the_size_of_the_loss(losses, order, part):
    count = max(1, round(part * len(order)))
    return order[losses.abs().neg().topk(count).indices]


def returns_a_mask(losses, order, part):
    count = max(1, round(part * len(order)))
    return losses >= losses.topk(count).values.min()


def takes_part_for_a_count(losses, order, part):
    return order[losses.topk(part).indices]


def cuts_by_a_quantile(losses, order, part):
    return order[losses > losses.quantile(part)]


RIGHT = [
    (looks_up_the_numbers, "order at the places of topk"),
    (sorts, "argsort, descending"),
    (sorts_pairs, "sorted pairs, a list"),
    (scatters_first, "a dict from number to loss"),
    (sorts_in_numpy, "NumPy's argsort, an array"),
    (takes_one_after_the_other, "the largest again and again, a list"),
    (functools.partial(with_smallest, 1), "functools.partial and gather"),
]

WRONG = [
    (left_as_given, "left as given", "for losses"),
    (forgets_the_return, "computes it but does not return it", "your function returns nothing"),
    (takes_the_easiest, "the easiest", "for losses"),
    (takes_the_first, "the first of the pass", "for losses"),
    (takes_the_last, "the last of the pass", "for losses"),
    (sorts_by_number, "ranks among the numbers", "for losses"),
    (orders_twice, "losses looked up by number", "for losses"),
    (returns_losses, "the losses instead of the numbers", "you return float32 of shape (2"),
    (may_take_none, "none where a small part rounds to 0", "for losses"),
    (rounds_down, "rounds down", "for losses"),
    (rounds_up, "rounds up", "for losses"),
    (takes_one_too_many, "one image too many", "for losses"),
    (takes_one, "the hardest one only", "you return int64 of shape ()"),
    (takes_half, "half, whatever was asked", "for losses"),
    (takes_all, "all images", "for losses"),
    (goes_by_the_size_of_the_loss, "those with the smallest losses, by abs", "for losses"),
    (returns_a_mask, "a mask", "you return bool of shape (5"),
    (takes_part_for_a_count, "topk of a fraction", "raises TypeError"),
    (cuts_by_a_quantile, "cuts at the wrong quantile", "for losses"),
]
