"""Answers to memory.training, written from its text alone."""

import functools

import numpy as np
import torch

EXTRA_COPIES = {"SGD": 0, "momentum": 1, "Adam": 2, "AdamW": 2}


def looks_up_the_copies(weights, optimizer):
    copies = {"SGD": 2, "momentum": 3, "Adam": 4, "AdamW": 4}
    return 4 * weights * copies[optimizer]


def chains_ifs(weights, optimizer):
    if optimizer == "SGD":
        return 8 * weights
    if optimizer == "momentum":
        return 12 * weights
    return 16 * weights


def matches_the_name(weights, optimizer):
    match optimizer:
        case "Adam" | "AdamW":
            kept = 2
        case "momentum":
            kept = 1
        case _:
            kept = 0
    return (1 + 1 + kept) * weights * torch.float32.itemsize


def adds_three_terms(weights, optimizer):
    in_weights = weights * torch.empty(0).element_size()
    in_gradients = in_weights
    in_optimizer = in_weights * (2 * optimizer.startswith("Adam") + (optimizer == "momentum"))
    return in_weights + in_gradients + in_optimizer


def counts_in_numpy(weights, optimizer):
    names = np.array(["SGD", "momentum", "Adam", "AdamW"])
    copies = np.array([2, 3, 4, 4], dtype=np.int64)
    return np.int64(weights) * copies[names == optimizer].sum() * np.dtype(np.float32).itemsize


def sums_a_comprehension(weights, optimizer):
    held = ["weight", "gradient"] + ["state"] * EXTRA_COPIES[optimizer]
    return sum(4 * weights for _ in held)


def multiplies_with_table(table, weights, optimizer):
    return weights * 4 * (2 + table[optimizer])


class TrainingBytes:
    def __init__(self, bytes_each):
        self.bytes_each = bytes_each

    def __call__(self, weights, optimizer):
        return self.bytes_each * weights * (2 + EXTRA_COPIES[optimizer])


def steps_a_real_optimizer(weights, optimizer):
    parameter = torch.nn.Parameter(torch.ones(2))
    makers = {
        "SGD": functools.partial(torch.optim.SGD, lr=0.1),
        "momentum": functools.partial(torch.optim.SGD, lr=0.1, momentum=0.9),
        "Adam": torch.optim.Adam,
        "AdamW": torch.optim.AdamW,
    }
    made = makers[optimizer]([parameter])
    parameter.grad = torch.ones(2)
    made.step()
    held = [parameter, parameter.grad, *made.state[parameter].values()]
    return 4 * weights * sum(torch.is_tensor(t) and t.shape == parameter.shape for t in held)


def left_as_given(weights, optimizer): ...


def forgets_the_return(weights, optimizer):
    copies = 2 + EXTRA_COPIES[optimizer]
    4 * weights * copies


def forgets_the_gradients(weights, optimizer):
    return 4 * weights * (1 + EXTRA_COPIES[optimizer])


def forgets_the_weights(weights, optimizer):
    return 4 * weights + 4 * weights * EXTRA_COPIES[optimizer]


def forgets_the_optimizer(weights, optimizer):
    return 4 * weights * 2


def counts_only_the_optimizer(weights, optimizer):
    return 4 * weights * EXTRA_COPIES[optimizer]


def counts_numbers(weights, optimizer):
    return weights * (2 + EXTRA_COPIES[optimizer])


def counts_bits(weights, optimizer):
    return torch.finfo(torch.float32).bits * weights * (2 + EXTRA_COPIES[optimizer])


def takes_float64(weights, optimizer):
    return np.dtype(float).itemsize * weights * (2 + EXTRA_COPIES[optimizer])


def takes_half_for_gradients(weights, optimizer):
    return 4 * weights + 2 * weights + 4 * weights * EXTRA_COPIES[optimizer]


def gives_adam_one_copy(weights, optimizer):
    return 4 * weights * (2 if optimizer == "SGD" else 3)


def gives_adamw_a_decay_copy(weights, optimizer):
    copies = {"SGD": 2, "momentum": 3, "Adam": 4, "AdamW": 5}
    return 4 * weights * copies[optimizer]


def gives_momentum_two_copies(weights, optimizer):
    return 4 * weights * (2 if optimizer == "SGD" else 4)


def gives_momentum_none(weights, optimizer):
    return 4 * weights * (4 if optimizer in ("Adam", "AdamW") else 2)


def gives_sgd_one_copy(weights, optimizer):
    copies = {"SGD": 3, "momentum": 3, "Adam": 4, "AdamW": 4}
    return 4 * weights * copies[optimizer]


def forgets_adamw_in_the_ifs(weights, optimizer):
    kept = 0
    if optimizer == "momentum":
        kept = 1
    elif optimizer == "Adam":
        kept = 2
    return 4 * weights * (2 + kept)


def forgets_adamw_in_the_table(weights, optimizer):
    return 4 * weights * {"SGD": 2, "momentum": 3, "Adam": 4}[optimizer]


def writes_names_small(weights, optimizer):
    return 4 * weights * {"sgd": 2, "momentum": 3, "adam": 4, "adamw": 4}[optimizer]


def compares_with_a_bare_or(weights, optimizer):
    if optimizer == "Adam" or "AdamW":
        return 16 * weights
    return 12 * weights if optimizer == "momentum" else 8 * weights


def misses_the_parentheses(weights, optimizer):
    return 4 * weights * 2 + EXTRA_COPIES[optimizer]


def counts_the_step_too(weights, optimizer):
    counted = 4 * weights * (2 + EXTRA_COPIES[optimizer])
    return counted + 4 if optimizer.startswith("Adam") else counted


def answers_in_mebibytes(weights, optimizer):
    return 4 * weights * (2 + EXTRA_COPIES[optimizer]) / 2**20


def answers_with_text(weights, optimizer):
    return f"{4 * weights * (2 + EXTRA_COPIES[optimizer])} bytes"


def answers_with_parts(weights, optimizer):
    return 4 * weights, 4 * weights, 4 * weights * EXTRA_COPIES[optimizer]


def overflows_int32(weights, optimizer):
    return int((np.array([weights], dtype=np.int32) * np.int32(4 * (2 + EXTRA_COPIES[optimizer])))[0])


def takes_len_of_the_number(weights, optimizer):
    return 4 * len(weights) * (2 + EXTRA_COPIES[optimizer])


RIGHT = [
    (looks_up_the_copies, "a dict of copies"),
    (chains_ifs, "a chain of ifs with the products written out"),
    (matches_the_name, "a match statement and torch.float32.itemsize"),
    (adds_three_terms, "three terms added, element_size and startswith"),
    (counts_in_numpy, "a NumPy int64 from a mask"),
    (sums_a_comprehension, "a sum over a list of what is held"),
    (functools.partial(multiplies_with_table, EXTRA_COPIES), "functools.partial over a table"),
    (TrainingBytes(4), "an object with __call__"),
    (steps_a_real_optimizer, "counts the state tensors of a real optimizer after one step"),
    (
        lambda weights, optimizer: 4 * weights * (2, 3, 4)[("SGD", "momentum", "Adam").index(optimizer.rstrip("W"))],
        "a lambda with two tuples",
    ),
]

WRONG = [
    (left_as_given, "left as given", "is not tried yet"),
    (forgets_the_return, "computes it but does not return it", "your function returns"),
    (forgets_the_gradients, "leaves out the gradients", "something of the size of the weights is"),
    (forgets_the_weights, "leaves out the weights themselves", "something of the size of the weights is"),
    (forgets_the_optimizer, "leaves out what the optimizer keeps", "the optimizer makes no difference in your"),
    (counts_only_the_optimizer, "counts only what the optimizer keeps", "this is what the optimizer keeps; weights"),
    (counts_numbers, "counts numbers, not bytes", "these are"),
    (counts_bits, "counts bits, not bytes", "training_bytes(1_000"),
    (takes_float64, "takes 8 bytes a number", "you count eight bytes a"),
    (takes_half_for_gradients, "takes 2 bytes for a gradient", "training_bytes(1_000"),
    (gives_adam_one_copy, "gives Adam and AdamW one copy instead of two", "Adam keeps two running"),
    (gives_adamw_a_decay_copy, "gives AdamW a third copy for its decay", "training_bytes(1_000"),
    (gives_momentum_two_copies, "gives momentum two copies", "training_bytes(1_000"),
    (gives_momentum_none, "gives momentum no copy", "training_bytes(1_000"),
    (gives_sgd_one_copy, "gives plain SGD one copy", "training_bytes(1_000"),
    (forgets_adamw_in_the_ifs, "AdamW falls through the ifs and counts as SGD", "training_bytes(1_000"),
    (forgets_adamw_in_the_table, "AdamW is missing from the dict and raises KeyError", "raises KeyError"),
    (writes_names_small, "keys in lower case raise KeyError", "raises KeyError"),
    (compares_with_a_bare_or, "a bare string after or is always true", "training_bytes(1_000"),
    (misses_the_parentheses, "missing parentheses add the number of copies at the end", "training_bytes(1_000"),
    (counts_the_step_too, "adds Adam's step counter, which is not of the same size", "training_bytes(1_000"),
    (answers_in_mebibytes, "answers in MiB", "training_bytes(1_000"),
    (answers_with_text, "returns a string", "you return a str, expected a number."),
    (answers_with_parts, "returns the three parts unadded", "you return a tuple, expected a number."),
    (overflows_int32, "computes in int32, which overflows for large models", "training_bytes(2_000_000_000"),
    (takes_len_of_the_number, "calls len on the number of weights and raises", "raises TypeError"),
]
