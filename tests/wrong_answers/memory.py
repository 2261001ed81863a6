import torch


def untouched_training(weights, optimizer): ...


def given_batch(peak, budget):
    batch = 0
    while peak(batch + 1) <= budget:
        batch += 1
    return batch


def given_collect(model, batches):
    kept = []
    for x in batches:
        kept.append(model(x))
    return torch.cat(kept).detach()


def trainings(size=4, always=2, copies=lambda name: {"SGD": 0, "momentum": 1}.get(name, 2)):
    return lambda weights, optimizer: size * weights * (always + copies(optimizer))


def line(peak):
    one, two = peak(1), peak(2)
    return one - (two - one), two - one


def by_the_first(peak, budget):
    return budget // peak(1)


def without_the_fixed(peak, budget):
    return budget // line(peak)[1]


def rounded_up(peak, budget):
    fixed, each = line(peak)
    return max(0, -((fixed - budget) // each))


def one_counted_twice(peak, budget):
    return max(0, (budget - peak(1)) // line(peak)[1])


def at_least_one(peak, budget):
    fixed, each = line(peak)
    return max(1, (budget - fixed) // each)


def negative(peak, budget):
    fixed, each = line(peak)
    return (budget - fixed) // each


def a_fraction(peak, budget):
    fixed, each = line(peak)
    return max(0, (budget - fixed) / each)


def asks_for_ever(peak, budget):
    while peak(1) > 0:
        pass
    return 0


def with_graph(model, batches):
    return torch.cat([model(x) for x in batches])


def switched_off(model, batches):
    torch.set_grad_enabled(False)
    return torch.cat([model(x) for x in batches])


def frozen(model, batches):
    model.requires_grad_(False)
    return torch.cat([model(x) for x in batches])


def a_list(model, batches):
    with torch.no_grad():
        return [model(x) for x in batches]


def only_the_last(model, batches):
    with torch.no_grad():
        for x in batches:
            y = model(x)
    return y


def backwards(model, batches):
    with torch.no_grad():
        return torch.cat([model(x) for x in batches][::-1])


UNTOUCHED = {
    "memory.training": untouched_training,
    "memory.batch": given_batch,
    "memory.collect": given_collect,
}
WRONG = {
    "memory.training": [
        (trainings(size=1), "these are numbers, not bytes"),
        (trainings(size=8), "float32 has four"),
        (trainings(always=1), "the gradients?"),
        (trainings(always=0), "weights and gradients are there, too"),
        (trainings(copies=lambda name: min(1, len(name) - 3)), "Adam keeps two running averages"),
        (trainings(copies=lambda name: 0), "the optimizer makes no difference"),
        (
            trainings(copies=lambda name: {"Adam": 2, "AdamW": 3}.get(name, 0)),
            "training_bytes(1_000, 'momentum') gives",
        ),
    ],
    "memory.batch": [
        (given_batch, "you ask peak for a batch of 3"),
        (by_the_first, "a part of that is there only once"),
        (without_the_fixed, "you forget what does not depend on the batch"),
        (rounded_up, "round down"),
        (one_counted_twice, "take that out before you divide"),
        (at_least_one, "where not even one example fits, the answer is 0"),
        (negative, "expected 0 where not even one example fits"),
        (a_fraction, "expected a whole number"),
        (asks_for_ever, "again and again"),
    ],
    "memory.collect": [
        (given_collect, "cutting them off at the end is too late"),
        (with_graph, "the result still carries a graph"),
        (switched_off, "use `with torch.no_grad():`"),
        (frozen, "the weights do not require gradients any more"),
        (a_list, "the result"),
        (only_the_last, "the result has shape"),
        (backwards, "in their order"),
    ],
}
