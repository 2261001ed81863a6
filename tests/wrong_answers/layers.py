import torch


def given_r2(h, wanted): ...


def given_frozen(model, frozen):
    return list(model.parameters())


def given_twin(part, seed):
    generator = torch.Generator().manual_seed(seed)
    mixed = part.state_dict()
    for weight in mixed.values():
        order = torch.randperm(weight.numel(), generator=generator)
        weight.copy_(weight.flatten()[order].view_as(weight))
    return mixed


def score(h, wanted, fit, judge):
    x = torch.cat([h, torch.ones(len(h), 1)], dim=1)
    weights = torch.linalg.lstsq(x[fit], wanted[fit]).solution
    rest = wanted[judge] - x[judge] @ weights
    return (1 - rest.square().mean() / wanted[judge].var(correction=0)).item()


def on_all_rows(h, wanted):
    return score(h, wanted, slice(None), slice(None))


def halves_swapped(h, wanted):
    half = len(h) // 2
    return score(h, wanted, slice(half, None), slice(0, half))


def three_quarters(h, wanted):
    most = 3 * len(h) // 4
    return score(h, wanted, slice(0, most), slice(most, None))


def in_a_tensor(h, wanted):
    return h


def returns_all(model, frozen):
    by_beginning(model, [path + "." for path in frozen])
    return list(model.parameters())


def by_first_word(model, frozen):
    for name, weight in model.named_parameters():
        weight.requires_grad_(name.split(".")[0] not in [path.split(".")[0] for path in frozen])
    return [weight for weight in model.parameters() if weight.requires_grad]


def by_beginning(model, frozen):
    for name, weight in model.named_parameters():
        weight.requires_grad_(not name.startswith(tuple(frozen)))
    return [weight for weight in model.parameters() if weight.requires_grad]


def one_number(model, frozen):
    return len(frozen)


def all_at_once(part, seed):
    generator = torch.Generator().manual_seed(seed)
    weights = part.state_dict()
    flat = torch.cat([weight.flatten() for weight in weights.values()])
    flat = flat[torch.randperm(len(flat), generator=generator)]
    pieces = flat.split([weight.numel() for weight in weights.values()])
    return {name: piece.view_as(weight) for (name, weight), piece in zip(weights.items(), pieces)}


def filters_only(part, seed):
    generator = torch.Generator().manual_seed(seed)
    return {name: w[torch.randperm(len(w), generator=generator)] for name, w in part.state_dict().items()}


def by_the_seed_itself(part, seed):
    torch.manual_seed(0)
    return {name: w.flatten()[torch.randperm(w.numel())].view_as(w) for name, w in part.state_dict().items()}


def in_double(part, seed):
    generator = torch.Generator().manual_seed(seed)
    mixed = {}
    for name, weight in part.state_dict().items():
        order = torch.randperm(weight.numel(), generator=generator)
        mixed[name] = weight.double().flatten()[order].view_as(weight)
    return mixed


UNTOUCHED = {"layers.r2": given_r2, "layers.frozen": given_frozen, "layers.twin": given_twin}
WRONG = {
    "layers.r2": [
        (on_all_rows, "has not seen"),
        (halves_swapped, "you fit on the second half"),
        (three_quarters, "fit on the first half, judge by the rest"),
        (in_a_tensor, "expected a number"),
    ],
    "layers.frozen": [
        (given_frozen, "freezes nothing"),
        (returns_all, "returns all weights"),
        (by_first_word, "which no path names"),
        (by_beginning, "behind a path comes a dot"),
        (one_number, "expected a list of weights"),
    ],
    "layers.twin": [
        (given_twin, "they share memory with the part"),
        (all_at_once, "does not hold the same numbers"),
        (filters_only, "each filter is as it was"),
        (by_the_seed_itself, "seed 3 and seed 4 give the same"),
        (in_double, "has dtype"),
    ],
}
