"""Answers to devices.waits, written from its text alone."""

# Not here: a local `loss = take_step(batch)` that still holds the last graph while the next step runs.
import statistics
from functools import partial, reduce

import numpy as np
import torch

# ---------------------------------------------------------------- wrong


def as_given(take_step, batches):
    total = 0.0
    for batch in batches:
        total += take_step(batch).item()
    return total / len(batches)


def total_keeps_the_graphs(take_step, batches):
    total = 0.0
    for batch in batches:
        total += take_step(batch)
    return (total / len(batches)).item()


def list_keeps_the_graphs(take_step, batches):
    losses = [take_step(batch) for batch in batches]
    return torch.stack(losses).mean().item()


def detached_when_it_is_too_late(take_step, batches):
    losses = []
    for batch in batches:
        losses.append(take_step(batch))
    return torch.stack([loss.detach() for loss in losses]).mean().item()


def item_of_each_detached(take_step, batches):
    total = 0.0
    for batch in batches:
        total += take_step(batch).detach().item()
    return total / len(batches)


def float_of_each(take_step, batches):
    return sum(float(take_step(batch)) for batch in batches) / len(batches)


def to_the_cpu_in_each_step(take_step, batches):
    total = torch.zeros(())
    for batch in batches:
        total += take_step(batch).detach().cpu()
    return (total / len(batches)).item()


def numpy_in_each_step(take_step, batches):
    losses = [take_step(batch).detach().numpy() for batch in batches]
    return float(np.mean(losses))


def waits_later_but_for_each(take_step, batches):
    losses = [take_step(batch).detach() for batch in batches]
    return sum(loss.item() for loss in losses) / len(losses)


def new_tensor_of_a_list(take_step, batches):
    losses = [take_step(batch).detach() for batch in batches]
    return torch.tensor(losses).mean().item()


def looks_for_nan_in_each_step(take_step, batches):
    total = 0.0
    for batch in batches:
        loss = take_step(batch).detach()
        if torch.isnan(loss):
            break
        total = total + loss
    return (total / len(batches)).item()


def prints_each_loss(take_step, batches):
    total = 0.0
    for batch in batches:
        loss = take_step(batch).detach()
        print(f"{loss:.3f}")
        total = total + loss
    return (total / len(batches)).item()


def waits_in_every_second_step(take_step, batches):
    total, part = 0.0, 0.0
    for k, batch in enumerate(batches):
        part = part + take_step(batch).detach()
        if k % 2 == 1 or k == len(batches) - 1:
            total, part = total + float(part), 0.0
    return total / len(batches)


def without_gradients_at_all(take_step, batches):
    with torch.no_grad():
        return (sum(take_step(batch) for batch in batches) / len(batches)).item()


def loss_of_the_last_step(take_step, batches):
    loss = torch.zeros(())
    for batch in batches:
        loss = take_step(batch).detach()
    return loss.item()


def divides_in_each_step_from_the_first(take_step, batches):
    mean = 0.0
    for batch in batches:
        mean = (mean + take_step(batch).detach()) / 2
    return float(mean)


def first_batch_trained_twice(take_step, batches):
    total = torch.zeros_like(take_step(batches[0]).detach())
    for batch in batches:
        total += take_step(batch).detach()
    return (total / len(batches)).item()


def first_batch_skipped(take_step, batches):
    total = 0.0
    for batch in batches[1:]:
        total = total + take_step(batch).detach()
    return float(total) / len(batches)


def returns_a_tensor(take_step, batches):
    total = 0.0
    for batch in batches:
        total = total + take_step(batch).detach()
    return total / len(batches)


def returns_the_sum(take_step, batches):
    return sum(take_step(batch).detach() for batch in batches).item()


def whole_numbers_summed(take_step, batches):
    total = 0
    for batch in batches:
        total = total + take_step(batch).detach().long()
    return float(total / len(batches))


def returns_in_the_loop(take_step, batches):
    total = 0.0
    for batch in batches:
        total = total + take_step(batch).detach()
        return float(total / len(batches))


def forgot_return(take_step, batches):
    total = 0.0
    for batch in batches:
        total = total + take_step(batch).detach()
    total = (total / len(batches)).item()


# ---------------------------------------------------------------- right


def detached_sum(take_step, batches):
    total = 0.0
    for batch in batches:
        total = total + take_step(batch).detach()
    return (total / len(batches)).item()


def stacked(take_step, batches):
    losses = [take_step(batch).detach() for batch in batches]
    return float(torch.stack(losses).mean())


def all_numbers_at_once(take_step, batches):
    losses = []
    for batch in batches:
        losses.append(take_step(batch).data)
    return statistics.fmean(torch.stack(losses).tolist())


def sum_without_a_graph(take_step, batches):
    total = 0.0
    for batch in batches:
        loss = take_step(batch)
        with torch.no_grad():
            total = total + loss.double()
        del loss
    print("batches", len(batches))
    return total.item() / len(batches)


def folded(take_step, batches):
    def add(total: torch.Tensor | float, batch) -> torch.Tensor:
        return total + take_step(batch).detach()

    return float(reduce(add, batches, 0.0) / len(batches))


def mean_by(take_step, batches, collect):
    count = 0
    losses = []
    for batch in batches:
        losses.append(take_step(batch).detach().reshape(1))
        count += 1
    return collect(losses).sum().div(count).item()


class Waiter:
    def __init__(self):
        self.steps = 0

    def __call__(self, take_step, batches) -> float:
        return float(sum(self.losses(take_step, batches)) / len(batches))

    def losses(self, take_step, batches):
        for batch in batches:
            self.steps += 1
            yield take_step(batch).detach()


WRONG = [
    (as_given, "the given code, waits in each step", "the number is right, but the device had to wait 5"),
    (
        total_keeps_the_graphs,
        "one wait, but the total keeps all graphs",
        "one wait, but what you add up remembers the graph of",
    ),
    (
        list_keeps_the_graphs,
        "one wait, but the list keeps all graphs",
        "one wait, but what you add up remembers the graph of",
    ),
    (
        detached_when_it_is_too_late,
        "keeps all graphs until the end",
        "one wait, but what you add up remembers the graph of",
    ),
    (item_of_each_detached, "waits in each step", "the number is right, but the device had to wait 5"),
    (float_of_each, "float waits in each step", "the number is right, but the device had to wait 5"),
    (to_the_cpu_in_each_step, "cpu() waits in each step", "the number is right, but the device had to wait 6"),
    (numpy_in_each_step, "numpy() waits in each step, or fails", "the number is right, but the device had to wait 5"),
    (
        waits_later_but_for_each,
        "waits after the loop, but for each loss",
        "the number is right, but the device had to wait 5",
    ),
    (
        new_tensor_of_a_list,
        "torch.tensor of a list reads each loss",
        "the number is right, but the device had to wait 5",
    ),
    (
        looks_for_nan_in_each_step,
        "a truth value waits in each step",
        "the number is right, but the device had to wait 6",
    ),
    (prints_each_loss, "printing waits in each step", "the number is right, but the device had to wait 6"),
    (waits_in_every_second_step, "half as many waits", "the number is right, but the device had to wait 3"),
    (without_gradients_at_all, "no_grad also around the training", "a step was taken under no_grad, so nothing can be"),
    (loss_of_the_last_step, "the last loss, right for a constant loss", "you return 3, expected"),
    (divides_in_each_step_from_the_first, "weighs late losses more, and the first with 0", "you return"),
    (
        first_batch_trained_twice,
        "trains twice on the first batch",
        "of 5 batches, 6 steps were taken, expected one for",
    ),
    (first_batch_skipped, "does not train on the first batch", "of 5 batches, 4 steps were taken, expected one for"),
    (returns_a_tensor, "returns a tensor, no wait at all", "the result is still a tensor, expected a Python"),
    (returns_the_sum, "the sum, right for one batch", "you return the sum 7, expected the mean"),
    (whole_numbers_summed, "cuts each loss to a whole number", "you return"),
    (returns_in_the_loop, "returns after the first batch", "of 5 batches, 1 steps were taken, expected one for"),
    (forgot_return, "forgot return", "your function returns nothing: does every way through"),
]
RIGHT = [
    (detached_sum, "a detached sum"),
    (stacked, "a list of detached losses, stack, float"),
    (all_numbers_at_once, ".data, one tolist, mean in Python"),
    (sum_without_a_graph, "no_grad around the sum only, float64, del, prints"),
    (folded, "reduce with a nested helper"),
    (partial(mean_by, collect=torch.cat), "a partial; cat of detached losses"),
    (Waiter(), "a callable object with a generator"),
]
