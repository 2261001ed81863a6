"""Answers to layers.twin, written from its text alone."""

import copy

import numpy as np
import torch


def mixed(weight, generator):
    return weight.flatten()[torch.randperm(weight.numel(), generator=generator)].view_as(weight)


def into_a_new_dict(part, seed):
    generator = torch.Generator().manual_seed(seed)
    new = {}
    for name, weight in part.state_dict().items():
        new[name] = mixed(weight, generator)
    return new


def copies_first(part, seed):
    generator = torch.Generator().manual_seed(seed)
    weights = copy.deepcopy(part.state_dict())
    for weight in weights.values():
        weight.copy_(mixed(weight, generator))
    return weights


def copies_the_part(part, seed):
    torch.manual_seed(seed)
    other = copy.deepcopy(part)
    with torch.no_grad():
        for weight in other.parameters():
            weight.copy_(weight.reshape(-1)[torch.randperm(weight.numel())].reshape(weight.shape))
    return other.state_dict()


def by_numpy(part, seed):
    rng = np.random.default_rng(seed)
    return {
        name: torch.from_numpy(rng.permutation(weight.numpy().ravel()).reshape(weight.shape))
        for name, weight in part.state_dict().items()
    }


def clones_each(part, seed):
    generator = torch.Generator().manual_seed(seed)
    weights = {name: weight.clone() for name, weight in part.state_dict().items()}
    for weight in weights.values():
        flat = weight.view(-1)
        flat[:] = flat[torch.randperm(len(flat), generator=generator)]
    return weights


def in_place(part, seed):
    generator = torch.Generator().manual_seed(seed)
    weights = part.state_dict()
    for weight in weights.values():
        weight.copy_(mixed(weight, generator))
    return weights


def shallow(part, seed):
    generator = torch.Generator().manual_seed(seed)
    weights = dict(part.state_dict())
    for weight in weights.values():
        weight.copy_(mixed(weight, generator))
    return weights


def copied_too_late(part, seed):
    return copy.deepcopy(in_place(part, seed))


def rows_only(part, seed):
    generator = torch.Generator().manual_seed(seed)
    return {name: w[torch.randperm(len(w), generator=generator)] for name, w in part.state_dict().items()}


def nothing_mixed(part, seed):
    return copy.deepcopy(part.state_dict())


def no_seed(part, seed):
    return {name: w.flatten()[torch.randperm(w.numel())].view_as(w) for name, w in part.state_dict().items()}


def always_one_seed(part, seed):
    return into_a_new_dict(part, 0)


def flat(part, seed):
    return {name: weight.flatten() for name, weight in into_a_new_dict(part, seed).items()}


def drawn_anew(part, seed):
    generator = torch.Generator().manual_seed(seed)
    return {name: torch.randn(weight.shape, generator=generator) for name, weight in part.state_dict().items()}


def with_replacement(part, seed):
    generator = torch.Generator().manual_seed(seed)
    new = {}
    for name, weight in part.state_dict().items():
        chosen = torch.randint(weight.numel(), (weight.numel(),), generator=generator)
        new[name] = weight.flatten()[chosen].view_as(weight)
    return new


def the_part(part, seed):
    other = copy.deepcopy(part)
    other.load_state_dict(into_a_new_dict(part, seed))
    return other


def a_list(part, seed):
    return list(into_a_new_dict(part, seed).values())


def only_matrices(part, seed):
    return {name: weight for name, weight in into_a_new_dict(part, seed).items() if weight.dim() > 1}


def biases_stay(part, seed):
    weights = part.state_dict()
    return {
        name: weight if weight.dim() > 1 else weights[name].clone()
        for name, weight in into_a_new_dict(part, seed).items()
    }


def shares_small_ones(part, seed):
    weights = part.state_dict()
    new = into_a_new_dict(part, seed)
    return {name: new[name] if weight.numel() > 1 else weight for name, weight in weights.items()}


def forgets(part, seed):
    into_a_new_dict(part, seed)


RIGHT = [
    (into_a_new_dict, "a new dict"),
    (copies_first, "a deep copy that is mixed in place"),
    (copies_the_part, "a copy of the part, and torch's global seed"),
    (by_numpy, "NumPy's generator"),
    (clones_each, "a clone of each"),
    (shares_small_ones, "a single number is not copied: it is not changed"),
]
WRONG = [
    (in_place, "as given: the part is mixed, too", "part"),
    (shallow, "a shallow copy shares the tensors", "part"),
    (copied_too_late, "copies what is mixed already", "part"),
    (rows_only, "mixes rows only", "rows"),
    (nothing_mixed, "mixes nothing", "order"),
    (no_seed, "no seed", "seed"),
    (always_one_seed, "one seed for all", "seed"),
    (flat, "forgets the shape", "shape"),
    (drawn_anew, "draws new numbers", "same numbers"),
    (with_replacement, "draws with replacement", "same numbers"),
    (the_part, "returns a module", "state dict"),
    (a_list, "returns a list", "state dict"),
    (only_matrices, "leaves out the biases", "lacks"),
    (biases_stay, "leaves biases in order", "order"),
    (forgets, "returns nothing", "returns nothing"),
]
