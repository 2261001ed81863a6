"""Answers to processes.resume, written from its text alone."""

import copy
import functools

import torch
from torch.nn import functional as F


def learn(model, optimizer, x, y):
    optimizer.zero_grad()
    F.mse_loss(model(x), y).backward()
    optimizer.step()


def keeps_the_optimizer(model, optimizer, batches, checkpoint):
    step = 0
    if checkpoint:
        model.load_state_dict(checkpoint["model"])
        optimizer.load_state_dict(checkpoint["optimizer"])
        step = checkpoint["step"]
    for x, y in batches[step:]:
        learn(model, optimizer, x, y)
        step += 1
    return {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": step}


def counts_all_batches(model, optimizer, batches, checkpoint):
    if "step" in checkpoint:
        model.load_state_dict(checkpoint["weights"])
        optimizer.load_state_dict(checkpoint["averages"])
    for x, y in batches[checkpoint.get("step", 0) :]:
        learn(model, optimizer, x, y)
    return dict(weights=model.state_dict(), averages=optimizer.state_dict(), step=len(batches))


def enumerates(model, optimizer, batches, checkpoint):
    done = 0
    if len(checkpoint):
        done = checkpoint["done"]
        for part, state in zip((model, optimizer), checkpoint["states"]):
            part.load_state_dict(state)
    for number, (x, y) in enumerate(batches):
        if number < done:
            continue
        learn(model, optimizer, x, y)
    return {"states": [model.state_dict(), optimizer.state_dict()], "done": max(done, len(batches))}


def copies_the_states(model, optimizer, batches, checkpoint):
    checkpoint = checkpoint or {"step": 0}
    if checkpoint["step"] > 0:
        model.load_state_dict(checkpoint["model"])
        optimizer.load_state_dict(checkpoint["optimizer"])
    for step in range(checkpoint["step"], len(batches)):
        learn(model, optimizer, *batches[step])
    states = copy.deepcopy((model.state_dict(), optimizer.state_dict()))
    return {"model": states[0], "optimizer": states[1], "step": len(batches)}


def updates_the_checkpoint(model, optimizer, batches, checkpoint):
    if checkpoint:
        optimizer.load_state_dict(checkpoint["optimizer"])
        model.load_state_dict(checkpoint["model"])
    for x, y in batches[checkpoint.get("step", 0) :]:
        learn(model, optimizer, x, y)
        checkpoint["step"] = checkpoint.get("step", 0) + 1
    checkpoint.update(model=model.state_dict(), optimizer=optimizer.state_dict())
    return checkpoint


def named(keys, model, optimizer, batches, checkpoint):
    step = checkpoint.get("step", 0)
    parts = dict(zip(keys, (model, optimizer)))
    if checkpoint:
        for key, part in parts.items():
            part.load_state_dict(checkpoint[key])
    for x, y in batches[step:]:
        learn(model, optimizer, x, y)
        step += 1
    return {key: part.state_dict() for key, part in parts.items()} | {"step": step}


def left_as_given(model, optimizer, batches, checkpoint):
    step = 0
    if checkpoint:
        model.load_state_dict(checkpoint["model"])
        step = checkpoint["step"]
    for x, y in batches[step:]:
        optimizer.zero_grad()
        F.mse_loss(model(x), y).backward()
        optimizer.step()
        step += 1
    return {"model": model.state_dict(), "step": step}


def forgets_the_return(model, optimizer, batches, checkpoint):
    keeps_the_optimizer(model, optimizer, batches, checkpoint)


def saves_and_does_not_load(model, optimizer, batches, checkpoint):
    return {**left_as_given(model, optimizer, batches, checkpoint), "optimizer": optimizer.state_dict()}


def loads_and_does_not_save(model, optimizer, batches, checkpoint):
    if checkpoint:
        optimizer.load_state_dict(checkpoint["optimizer"])
    return left_as_given(model, optimizer, batches, checkpoint)


def saves_the_step_before(model, optimizer, batches, checkpoint):
    given = keeps_the_optimizer(model, optimizer, batches, checkpoint)
    return given | {"step": given["step"] - 1}


def starts_anew(model, optimizer, batches, checkpoint):
    return keeps_the_optimizer(model, optimizer, batches, {})


def trains_on_all_batches_again(model, optimizer, batches, checkpoint):
    if checkpoint:
        model.load_state_dict(checkpoint["model"])
        optimizer.load_state_dict(checkpoint["optimizer"])
    for x, y in batches:
        learn(model, optimizer, x, y)
    return {"model": model.state_dict(), "optimizer": optimizer.state_dict()}


def skips_one_batch(model, optimizer, batches, checkpoint):
    step = 0
    if checkpoint:
        model.load_state_dict(checkpoint["model"])
        optimizer.load_state_dict(checkpoint["optimizer"])
        step = checkpoint["step"] + 1
    for x, y in batches[step:]:
        learn(model, optimizer, x, y)
        step += 1
    return {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": step}


def saves_the_optimizer_itself(model, optimizer, batches, checkpoint):
    return {**left_as_given(model, optimizer, batches, checkpoint), "optimizer": optimizer}


def saves_what_it_began_with(model, optimizer, batches, checkpoint):
    before = copy.deepcopy(optimizer.state_dict())
    if checkpoint:
        optimizer.load_state_dict(checkpoint["optimizer"])
    return {**left_as_given(model, optimizer, batches, checkpoint), "optimizer": before}


def saves_only_the_optimizer(model, optimizer, batches, checkpoint):
    step = checkpoint.get("step", 0)
    if checkpoint:
        optimizer.load_state_dict(checkpoint["optimizer"])
    for x, y in batches[step:]:
        learn(model, optimizer, x, y)
        step += 1
    return {"optimizer": optimizer.state_dict(), "step": step}


def makes_an_optimizer(model, optimizer, batches, checkpoint):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    return keeps_the_optimizer(model, optimizer, batches, checkpoint)


def always_loads(model, optimizer, batches, checkpoint):
    optimizer.load_state_dict(checkpoint["optimizer"])
    return {**left_as_given(model, optimizer, batches, checkpoint), "optimizer": optimizer.state_dict()}


def returns_the_model(model, optimizer, batches, checkpoint):
    keeps_the_optimizer(model, optimizer, batches, checkpoint)
    return model


def never_clears(model, optimizer, batches, checkpoint):
    step = 0
    if checkpoint:
        model.load_state_dict(checkpoint["model"])
        optimizer.load_state_dict(checkpoint["optimizer"])
        step = checkpoint["step"]
    for x, y in batches[step:]:
        F.mse_loss(model(x), y).backward()
        optimizer.step()
        step += 1
    return {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": step}


RIGHT = [
    (keeps_the_optimizer, "the optimizer's state, saved and loaded"),
    (counts_all_batches, "other keys, and the number of batches as the step"),
    (enumerates, "a list of states, batches skipped by number"),
    (copies_the_states, "deep copies, a loop over numbers"),
    (updates_the_checkpoint, "the given dictionary, updated"),
    (functools.partial(named, ("a", "b")), "functools.partial over the keys"),
]

WRONG = [
    (left_as_given, "left as given", "killed after 1 of 4 batches"),
    (forgets_the_return, "does not return it", "your function returns nothing"),
    (saves_and_does_not_load, "saves the optimizer's state, never loads it", "killed after 1 of 4 batches"),
    (loads_and_does_not_save, "loads what was never saved", "raises KeyError"),
    (saves_the_step_before, "saves the number of the step before", "killed after 1 of 4 batches"),
    (starts_anew, "ignores the checkpoint", "killed after 1 of 4 batches"),
    (trains_on_all_batches_again, "begins with the first batch again", "killed after 1 of 4 batches"),
    (skips_one_batch, "leaves out a batch", "killed after 1 of 4 batches"),
    (saves_the_optimizer_itself, "saves the optimizer as an object", "cannot be written to a file"),
    (saves_what_it_began_with, "saves the optimizer's state before the training", "killed after 1 of 4 batches"),
    (saves_only_the_optimizer, "forgets the weights", "killed after 1 of 4 batches"),
    (makes_an_optimizer, "makes an optimizer of its own", "killed after 1 of 4 batches"),
    (always_loads, "loads from an empty checkpoint", "raises KeyError"),
    (returns_the_model, "returns the model", "you return a Linear"),
    (never_clears, "lets gradients add up over the steps", "killed after 1 of 4 batches"),
]
