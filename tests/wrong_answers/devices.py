import numpy as np
import torch
from torch.nn import functional as F


def stepping(move=True, labels=True, back=lambda loss: loss, zero=True, take=True, loss_fn=F.cross_entropy):
    """A step with some of its parts wrong."""

    def step(model, optimizer, x, y, device):
        x, y = x.to(device) if move else x, y.to(device) if labels else y
        if zero:
            optimizer.zero_grad()
        loss = loss_fn(model(x), y)
        loss.backward()
        if take:
            optimizer.step()
        return back(loss)

    return step


def untouched_step(model, optimizer, x, y, device):
    x.to(device)
    y.to(device)
    optimizer.zero_grad()
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
    return loss.cpu()


def model_to_the_cpu(model, optimizer, x, y, device):
    model.to("cpu")
    return stepping(move=False, labels=False)(model, optimizer, x, y, device)


def loss_after_the_step(model, optimizer, x, y, device):
    stepping()(model, optimizer, x, y, device)
    return F.cross_entropy(model(x.to(device)), y.to(device))


def two_steps(model, optimizer, x, y, device):
    loss = stepping()(model, optimizer, x, y, device)
    stepping(zero=False)(model, optimizer, x, y, device)
    return loss


def untouched_timer(call, wait, clock): ...


def naive(call, wait, clock):
    call()
    wait()
    start = clock()
    call()
    return clock() - start


def cold(call, wait, clock):
    wait()
    start = clock()
    call()
    wait()
    return clock() - start


def in_the_queue(call, wait, clock):
    call()
    start = clock()
    call()
    wait()
    return clock() - start


def the_wrong_way_round(call, wait, clock):
    call()
    wait()
    start = clock()
    call()
    wait()
    return start - clock()


def without_a_call(call, wait, clock):
    start = clock()
    wait()
    return clock() - start


def by_another_clock(call, wait, clock):
    call()
    wait()
    return 0.25


def ten_calls(call, wait, clock):
    call()
    wait()
    start = clock()
    for _ in range(10):
        call()
    wait()
    return clock() - start


def two_times(call, wait, clock):
    return clock(), clock()


def untouched_waits(take_step, batches):
    total = 0.0
    for batch in batches:
        total += take_step(batch).item()
    return total / len(batches)


def with_graphs(take_step, batches):
    total = 0.0
    for batch in batches:
        total = total + take_step(batch)
    return total.item() / len(batches)


def without_learning(take_step, batches):
    with torch.no_grad():
        return with_graphs(take_step, batches)


def a_tensor(take_step, batches):
    return sum(take_step(batch).detach() for batch in batches) / len(batches)


def a_sum(take_step, batches):
    return sum(take_step(batch).detach() for batch in batches).item()


def the_last(take_step, batches):
    for batch in batches:
        loss = take_step(batch).detach()
    return loss.item()


def too_early(take_step, batches):
    return take_step(batches[0]).detach().item()


def an_array(take_step, batches):
    return np.mean([take_step(batch).detach().cpu().numpy() for batch in batches])


UNTOUCHED = {"devices.step": untouched_step, "devices.timer": untouched_timer, "devices.waits": untouched_waits}
WRONG = {
    "devices.step": [
        (untouched_step, "the operands are on two devices in `loss = F.cross_entropy(model(x), y)`"),
        (stepping(move=False), "in `loss = loss_fn(model(x), y)`: what does .to return"),
        (stepping(back=lambda loss: loss.cpu()), "back from the device in `return back(loss)`, and"),
        (stepping(back=lambda loss: loss.item()), "expected a tensor: a number of Python"),
        (stepping(back=lambda loss: loss.detach().numpy()), "the result is a ndarray"),
        (model_to_the_cpu, 'back from the device in `model.to("cpu")`'),
        (stepping(take=False), "where is the step of the optimizer?"),
        (two_steps, "not those of one step"),
        (loss_after_the_step, "the loss after the step"),
        (stepping(loss_fn=lambda z, y: F.cross_entropy(z.softmax(1), y)), "the cross-entropy of the batch"),
    ],
    "devices.timer": [
        (naive, "that is how long it takes to order the work"),
        (cold, "the first call takes longer"),
        (in_the_queue, "older work was still in the queue"),
        (the_wrong_way_round, "the end minus the start"),
        (without_a_call, "call was never called"),
        (by_another_clock, "did not look at the clock"),
        (ten_calls, "are 10 calls"),
        (two_times, "you return a tuple"),
    ],
    "devices.waits": [
        (untouched_waits, "the device had to wait 5 times for 5 batches"),
        (with_graphs, "remembers the graph of every step"),
        (without_learning, "taken under no_grad"),
        (a_tensor, "still a tensor"),
        (a_sum, "you return the sum 7, expected the mean 1.4"),
        (the_last, "you return 3, expected 1.4"),
        (too_early, "of 5 batches, 1 steps were taken"),
        (an_array, "wait 5 times for 5 batches"),
    ],
}
