import torch
from torch.nn import functional as F


def untouched_lion(w, grad, state, lr, betas=(0.9, 0.99), weight_decay=0.0): ...


def renewed(m, g, b):
    return b[1] * m + (1 - b[1]) * g


def down(w, u, lr, decay):
    return w - lr * (u + decay * w)


def lion(direction, keep=renewed, step=down):
    """A rule from its three lines."""

    def lion(w, grad, state, lr, betas=(0.9, 0.99), weight_decay=0.0):
        m = state.get("m", torch.zeros_like(w))
        u = direction(m, grad, betas)
        state["m"] = keep(m, grad, betas)
        return step(w, u, lr, weight_decay)

    return lion


def mixed(m, g, b):
    return torch.sign(b[0] * m + (1 - b[0]) * g)


def forgetful(w, grad, state, lr, betas=(0.9, 0.99), weight_decay=0.0):
    return w - lr * (torch.sign((1 - betas[0]) * grad) + weight_decay * w)


def coupled(w, grad, state, lr, betas=(0.9, 0.99), weight_decay=0.0):
    return lion(mixed, step=lambda w, u, lr, decay: w - lr * u)(w, grad + weight_decay * w, state, lr, betas)


def spoils_grad(w, grad, state, lr, betas=(0.9, 0.99), weight_decay=0.0):
    m = state.get("m", torch.zeros_like(w))
    u = mixed(m, grad, betas)
    state["m"] = grad.mul_(1 - betas[1]).add_(m, alpha=betas[1])
    return w - lr * (u + weight_decay * w)


def outside():
    kept = {}
    rule = lion(mixed)
    return lambda w, grad, state, lr, betas, weight_decay: rule(w, grad, kept, lr, betas, weight_decay)


def numpy_lion(w, grad, state, lr, betas=(0.9, 0.99), weight_decay=0.0):
    return lion(mixed)(w, grad, state, lr, betas, weight_decay).numpy()


def single(w, grad, state, lr, betas=(0.9, 0.99), weight_decay=0.0):
    return lion(mixed)(w, grad, state, lr, betas, weight_decay).float()


def wrong_name(w, grad, state, lr, betas=(0.9, 0.99), weight_decay=0.0):
    return w - lr * torch.sign(state["m"])


def plus(w, u, lr, decay):
    return w + lr * (u + decay * w)


def untouched_rates(curvatures): ...


def rates(edge=lambda c: 2 / max(c), best=lambda c: 2 / (min(c) + max(c))):
    return lambda curvatures: (edge(curvatures), best(curvatures))


def untouched_epoch(model, batches, optimizer):
    total = 0
    for x, y in batches:
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        total += loss
    return total / len(batches)


def epoch(clean="each", add=lambda loss, x: loss.item() * len(x), divide=lambda batches: 10):
    """An epoch from its parts; 10 examples in batches of 4, 4 and 2."""

    def epoch(model, batches, optimizer):
        total = 0.0
        if clean == "once":
            optimizer.zero_grad()
        for x, y in batches:
            if clean == "each":
                optimizer.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            if clean == "between":
                optimizer.zero_grad()
            optimizer.step()
            if clean == "after":
                optimizer.zero_grad()
            total = total + add(loss, x)
        return total / divide(batches)

    return epoch


def number(loss, x):
    return loss.item()


def skips_the_short(model, batches, optimizer):
    return epoch()(model, [(x, y) for x, y in batches if len(x) == 4], optimizer)


def turned_late(model, batches, optimizer):
    return epoch(add=lambda loss, x: loss * len(x))(model, batches, optimizer).item()


def last_alone(model, batches, optimizer):
    return [epoch(add=number, divide=lambda _: 1)(model, [batch], optimizer) for batch in batches][-1]


def all_losses(model, batches, optimizer):
    return [epoch(divide=lambda _: 1)(model, [batch], optimizer) for batch in batches]


def step_twice(model, batches, optimizer):
    return epoch()(model, [*batches, *batches], optimizer)


UNTOUCHED = {"optim.lion": untouched_lion, "optim.edge": untouched_rates, "optim.epoch": untouched_epoch}
WRONG = {
    "optim.lion": [
        (lion(mixed, step=lambda w, u, lr, decay: w + lr * u - lr * decay * w), "every step goes uphill: which"),
        (lion(mixed, step=plus), "and the decay pushes the weights away"),
        (lion(lambda m, g, b: b[0] * m + (1 - b[0]) * g), "large gradients make large steps"),
        (lion(lambda m, g, b: mixed(renewed(m, g, b), g, b)), "m is renewed before it is used"),
        (lion(lambda m, g, b: torch.sign(renewed(m, g, b))), "the first beta plays no part"),
        (lion(lambda m, g, b: mixed(m, g, b[::-1]), lambda m, g, b: renewed(m, g, b[::-1])), "have changed places"),
        (lion(mixed, lambda m, g, b: b[0] * m + (1 - b[0]) * g), "the second beta plays no part"),
        (lion(lambda m, g, b: torch.sign(g)), "of this gradient alone"),
        (lion(mixed, lambda m, g, b: b[1] * m + g), "expected the part that the second beta leaves"),
        (coupled, "lost in the sign"),
        (lion(mixed, step=lambda w, u, lr, decay: w - lr * u), "weight_decay plays no part"),
        (lion(mixed, step=lambda w, u, lr, decay: w - lr * u - decay * w), "does not know the rate"),
        (lion(mixed, step=lambda w, u, lr, decay: w - lr * (u - decay * w)), "look at its sign"),
        (lion(mixed, step=lambda w, u, lr, decay: w - 2 * lr * u), "write the formulas down"),
        (lion(lambda m, g, b: mixed(m, g, (0.8, 0.7)), lambda m, g, b: 0.7 * m + 0.3 * g), "is a number left"),
        (forgetful, "every step is a first step"),
        (spoils_grad, "grad itself was changed"),
        (outside(), "a second run, with a fresh state"),
        (numpy_lion, "the new w is a ndarray, expected a Tensor"),
        (single, "the new w has dtype torch.float32"),
        (wrong_name, "raises KeyError"),
    ],
    "optim.edge": [
        (rates(lambda c: 2 / min(c)), "the flattest direction just survives"),
        (rates(lambda c: 1 / max(c)), "at its minimum after one step"),
        (rates(lambda c: 2 / sum(c)), "you add the curvatures up"),
        (rates(lambda c: 2 * len(c) / sum(c)), "you average the curvatures"),
        (rates(lambda c: 2 / c[-1]), "the last curvature of the list"),
        (rates(lambda c: 2 / c[0]), "the first curvature of the list"),
        (rates(lambda c: 2 * max(c)), "turn that round"),
        (rates(lambda c: 3 / max(c)), "is 2 in the worst direction, expected 1"),
        (rates(best=lambda c: 1 / max(c)), "made for the steepest direction alone"),
        (rates(best=lambda c: 2 / sum(c)), "which two can be the slowest"),
        (rates(best=lambda c: 2 / (c[0] + c[-1])), "first and last of the list"),
        (rates(best=lambda c: 1 / (min(c) + max(c))), "half of what is best"),
        (rates(best=lambda c: 2 * len(c) / sum(c)), "Your best rate lies beyond it"),
        (rates(best=lambda c: 2 / (max(c) - min(c))), "opposite in sign"),
        (rates(best=lambda c: 0.01), "can be had"),
        (rates(lambda c: 2 / c[1 % len(c)]), "in the worst direction"),
        (lambda c: rates()(c)[::-1], "in the wrong order"),
        (lambda c: 2 / max(c), "expected two numbers"),
    ],
    "optim.epoch": [
        (epoch(clean="never"), "what does each follow"),
        (epoch(clean="once"), "how often is it needed"),
        (epoch(clean="after"), "clean earlier"),
        (epoch(clean="between"), "a gradient left when it comes"),
        (skips_the_short, "the last, short batch is left out"),
        (step_twice, "the weights are elsewhere"),
        (epoch(add=lambda loss, x: loss * len(x)), "you return a tensor that still has its graph"),
        (turned_late, "what do you add up"),
        (epoch(add=number, divide=len), "the last batch is short"),
        (epoch(add=number, divide=lambda batches: 1), "You return a sum, expected a mean"),
        (epoch(add=number), "too small by a batch"),
        (epoch(divide=len), "add over examples, and divide by batches"),
        (epoch(divide=lambda batches: 1), "You return a sum over the examples"),
        (epoch(divide=lambda batches: 12), "count the examples"),
        (last_alone, "of the last batch alone"),
        (all_losses, "you return a list, expected a number"),
        (epoch(divide=lambda batches: 7), "you return"),
    ],
}
