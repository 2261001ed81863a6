import torch


def untouched_ema(values, beta): ...


def untouched_clip(gradients, limit):
    return [gradient.clamp(-limit, limit) for gradient in gradients]


def averages(first=0.0, old=lambda b: b, new=lambda b: 1 - b, by=lambda b, n: 1 - b**n, back=False):
    """A running average from its parts."""

    def ema(values, beta):
        average, seen = first, []
        for count, value in enumerate(values, 1):
            average = old(beta) * average + new(beta) * value
            share = by(beta, count)
            seen.append(average / share)
            average = average / share if back else average
        return seen

    return ema


def last(values, beta):
    return averages()(values, beta)[-1:]


def a_number(values, beta):
    return 0.5


def mean_so_far(values, beta):
    return [sum(values[: n + 1]) / (n + 1) for n in range(len(values))]


def begins_at_the_first(values, beta):
    return averages(first=values[0] if values else 0.0, by=lambda b, n: 1)(values, beta)


def length(gradients):
    return sum((g**2).sum() for g in gradients) ** 0.5


def each_by_itself(gradients, limit):
    return [g * min(1.0, float(limit / length([g]))) if length([g]) > 0 else g.clone() for g in gradients]


def always(gradients, limit):
    return [g * limit / max(float(length(gradients)), 1e-12) for g in gradients]


def never(gradients, limit):
    return [g.clone() for g in gradients]


def squares(gradients, limit):
    return [g * min(1.0, float(limit / length(gradients) ** 2)) for g in gradients]


def in_place(gradients, limit):
    factor = min(1.0, float(limit / length(gradients)))
    return [g.mul_(factor) for g in gradients]


def one_tensor(gradients, limit):
    return torch.cat([g.flatten() for g in gradients])


def largest(gradients, limit):
    return [g * min(1.0, limit / max(1e-9, *(float(x.abs().max()) for x in gradients))) for g in gradients]


def given_best_rate(score, rates):
    best = rates[0]
    for rate in rates:
        if score(rate) > score(best):
            best = rate
    return best


def grown(turns=99, ends=(0, -1), factor=2, what=lambda scores, best, last: best, forget=False):
    """The search from its parts: how often the grid may grow, at which ends, and by what."""

    def best_rate(score, rates):
        scores, last = {rate: score(rate) for rate in rates}, rates[0]
        for turn in range(turns + 1):
            best = max(scores, key=scores.get)
            if forget:
                score(best)
            if turn < turns and best == min(scores) and 0 in ends:
                last = best / factor
            elif turn < turns and best == max(scores) and -1 in ends:
                last = best * factor
            else:
                return what(scores, best, last)
            scores[last] = score(last)

    return best_rate


def both_ends(score, rates):
    scores = {rate: score(rate) for rate in rates}
    while True:
        low, high = min(scores) / 2, 2 * max(scores)
        scores |= {low: score(low), high: score(high)}
        best = max(scores, key=scores.get)
        if low < best < high:
            return best


def for_ever(score, rates):
    while True:
        score(rates[-1])


UNTOUCHED = {
    "optimizers.ema": untouched_ema,
    "optimizers.grid": given_best_rate,
    "optimizers.clip": untouched_clip,
}
WRONG = {
    "optimizers.ema": [
        (averages(by=lambda b, n: 1), "nothing is corrected"),
        (averages(old=lambda b: 1 - b, new=lambda b: b, by=lambda b, n: 1), "you give it to the new"),
        (averages(by=lambda b, n: 1 - b), "you always divide by 1 - beta"),
        (begins_at_the_first, "it is to begin at 0"),
        (averages(back=True), "you correct the average and go on from the corrected one"),
        (last, "you return the last average only"),
        (a_number, "you return a float, expected a list"),
        (mean_so_far, "is divided by 1 - "),
    ],
    "optimizers.grid": [
        (given_best_rate, "nobody looks beyond"),
        (grown(turns=1), "then look on"),
        (grown(ends=(-1,)), "towards larger rates only"),
        (grown(ends=(0,)), "towards smaller rates only"),
        (grown(what=lambda scores, best, last: scores[best]), "you return the highest score"),
        (grown(forget=True), "more than once"),
        (grown(factor=4), "you return 0.64, expected 0.32"),
        (grown(what=lambda scores, best, last: None), "your function returns nothing"),
        (both_ends, "you train at 0.025, too"),
        (for_ever, "you train again and again, the last time at 3.2"),
    ],
    "optimizers.clip": [
        (untouched_clip, "each number is cut on its own"),
        (each_by_itself, "each gradient is shortened by its own length"),
        (always, "all are brought to the limit, short ones too"),
        (never, "nothing is shortened"),
        (squares, "the length is its root"),
        (in_place, "which line works in place?"),
        (one_tensor, "you return a Tensor, expected a list"),
        (largest, "clip([[3.0, 4.0]], 1.0) gives"),
    ],
}
