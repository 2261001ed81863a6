"""Answers to rain.split, written from its text alone."""

import functools

import numpy as np
import torch


def sorts_and_cuts(times, length, share, gap):
    order = sorted(range(len(times)), key=lambda place: times[place])
    cut = len(times) - round(share * len(times))
    others, judging = order[:cut], order[cut:]
    if judging:
        first = times[judging[0]]
        others = [place for place in others if times[place] + length + gap <= first]
    return sorted(others), sorted(judging)


def infinite_first(times, length, share, gap):
    count = round(share * len(times))
    order = sorted(range(len(times)), key=times.__getitem__, reverse=True)
    first = min((times[place] for place in order[:count]), default=float("inf"))
    training = [place for place in range(len(times)) if first - (times[place] + length) >= gap]
    training = [place for place in training if place not in order[:count]]
    return training, sorted(order[:count])


def in_torch(times, length, share, gap):
    begin = torch.as_tensor(times)
    order = begin.argsort()
    cut = len(begin) - round(share * len(begin))
    others, judging = order[:cut], order[cut:].sort().values
    if len(judging):
        others = others[begin[others] + length <= begin[judging].min() - gap]
    return others.sort().values, judging


def in_numpy(times, length, share, gap):
    begin = np.asarray(times)
    count = int(np.round(share * len(begin)))
    judged = np.zeros(len(begin), dtype=bool)
    judged[np.argsort(-begin)[:count]] = True
    trained = ~judged
    if count:
        trained &= begin + length + gap <= begin[judged].min()
    return np.flatnonzero(trained), np.flatnonzero(judged)


def method_of_a_tensor(times, length, share, gap):
    order = times.argsort(descending=True)
    count = round(share * len(times))
    judging, others = order[:count].tolist(), order[count:].tolist()
    if count:
        others = [place for place in others if times[place] + length + gap <= times[judging].min()]
    return sorted(others), sorted(judging)


def index_in_a_list(times, length, share, gap):
    ordered = sorted(times)
    ordered.reverse()
    late = ordered[: round(share * len(times))]
    early = [t for t in times if t not in late and (not late or t + length <= late[-1] - gap)]
    return tuple(times.index(t) for t in early), tuple(sorted(times.index(t) for t in late))


def pops_the_latest(times, length, share, gap):
    left, judging = dict(enumerate(times)), []
    first = None
    for _ in range(round(share * len(left))):
        latest = max(left, key=left.get)
        first = left.pop(latest)
        judging.append(latest)
    training = [place for place, t in left.items() if first is None or first - t - length >= gap]
    return [training, sorted(judging)]


def with_key(key, times, length, share, gap):
    pairs = sorted(((time, place) for place, time in enumerate(times)), key=key)
    cut = len(pairs) - round(share * len(pairs))
    judging = pairs[cut:]
    training = [p for t, p in pairs[:cut] if not judging or t + length + gap <= judging[0][0]]
    return sorted(training), sorted(p for _, p in judging)


class Split:
    def __call__(self, times, length, share, gap):
        return sorts_and_cuts(times, length, share, gap)


def left_as_given(times, length, share, gap):
    order = torch.randperm(len(times)).tolist()
    judging = round(share * len(times))
    return sorted(order[judging:]), sorted(order[:judging])


def parts(times, share):
    order = sorted(range(len(times)), key=lambda place: times[place])
    cut = len(times) - round(share * len(times))
    return order[:cut], order[cut:]


def keeping(keeps):
    """An answer that trains on the others for which `keeps(begin, length, gap, first)` holds."""

    def answer(times, length, share, gap):
        others, judging = parts(times, share)
        if judging:
            first = times[judging[0]]
            others = [place for place in others if keeps(times[place], length, gap, first)]
        return sorted(others), sorted(judging)

    return answer


def forgets_the_return(times, length, share, gap):
    training, judging = sorts_and_cuts(times, length, share, gap)


def fixed_shuffle(times, length, share, gap):
    order = torch.randperm(len(times), generator=torch.Generator().manual_seed(0)).tolist()
    judging = round(share * len(times))
    return sorted(order[judging:]), sorted(order[:judging])


def random_with_gap(times, length, share, gap):
    order = torch.randperm(len(times)).tolist()
    cut = len(times) - round(share * len(times))
    judging = order[cut:]
    first = min((times[place] for place in judging), default=float("inf"))
    return sorted(p for p in order[:cut] if times[p] + length + gap <= first), sorted(judging)


def takes_the_last_places(times, length, share, gap):
    cut = len(times) - round(share * len(times))
    judging = list(range(cut, len(times)))
    first = min(times[cut:], default=float("inf"))
    return [p for p in range(cut) if times[p] + length + gap <= first], judging


def judges_by_the_first(times, length, share, gap):
    order = sorted(range(len(times)), key=lambda place: times[place])
    count = round(share * len(times))
    judging, others = order[:count], order[count:]
    if judging:
        others = [p for p in others if times[p] - times[judging[-1]] - length >= gap]
    return sorted(others), sorted(judging)


def cuts_from_minus_nothing(times, length, share, gap):
    order = sorted(range(len(times)), key=lambda place: times[place])
    count = round(share * len(times))
    others, judging = order[:-count], order[-count:]
    first = times[judging[0]]
    return sorted(p for p in others if times[p] + length + gap <= first), sorted(judging)


def crashes_without_judges(times, length, share, gap):
    others, judging = parts(times, share)
    first = times[judging[0]]
    return sorted(p for p in others if times[p] + length + gap <= first), sorted(judging)


def trains_nobody_without_judges(times, length, share, gap):
    others, judging = parts(times, share)
    first = min((times[p] for p in judging), default=0)
    return sorted(p for p in others if times[p] + length + gap <= first), sorted(judging)


def gap_to_the_end_of_all_without_judges(times, length, share, gap):
    others, judging = parts(times, share)
    first = min((times[p] for p in judging), default=max(times))
    return sorted(p for p in others if times[p] + length + gap <= first), sorted(judging)


def rounds_down(times, length, share, gap):
    return sorts_and_cuts(times, length, int(share * len(times)) / len(times), gap)


def rounds_up(times, length, share, gap):
    return sorts_and_cuts(times, length, -int(-share * len(times) // 1) / len(times), gap)


def at_least_one_judges(times, length, share, gap):
    return sorts_and_cuts(times, length, max(1, round(share * len(times))) / len(times), gap)


def takes_share_to_train(times, length, share, gap):
    return sorts_and_cuts(times, length, 1 - share, gap)


def swaps_the_pair(times, length, share, gap):
    training, judging = sorts_and_cuts(times, length, share, gap)
    return judging, training


def places_in_order_of_time(times, length, share, gap):
    others, judging = parts(times, share)
    first = times[judging[0]] if judging else float("inf")
    return [p for p in others if times[p] + length + gap <= first], judging


def descending(times, length, share, gap):
    return tuple(part[::-1] for part in sorts_and_cuts(times, length, share, gap))


def times_for_places(times, length, share, gap):
    training, judging = sorts_and_cuts(times, length, share, gap)
    return sorted(times[p] for p in training), sorted(times[p] for p in judging)


def places_after_sorting(times, length, share, gap):
    ordered = sorted(times)
    training, judging = sorts_and_cuts(ordered, length, share, gap)
    return training, judging


def masks_for_places(times, length, share, gap):
    training, judging = sorts_and_cuts(times, length, share, gap)
    return [p in training for p in range(len(times))], [p in judging for p in range(len(times))]


def throws_out_judges(times, length, share, gap):
    others, judging = parts(times, share)
    if others:
        last = times[others[-1]] + length + gap
        judging = [p for p in judging if times[p] >= last]
    return sorted(others), sorted(judging)


def fills_up_the_judges(times, length, share, gap):
    training, _ = sorts_and_cuts(times, length, share, gap)
    return training, [p for p in range(len(times)) if p not in training]


def sorts_times_in_place(times, length, share, gap):
    answer = sorts_and_cuts(times, length, share, gap)
    times.sort()
    return answer


def one_list(times, length, share, gap):
    return sorts_and_cuts(times, length, share, gap)[0]


RIGHT = [
    (sorts_and_cuts, "sorts the places by time and cuts"),
    (infinite_first, "the first film at infinity if nobody judges"),
    (in_torch, "torch throughout, places as tensors"),
    (in_numpy, "NumPy masks and flatnonzero, places as arrays"),
    (method_of_a_tensor, "times.argsort, a method that tensors have"),
    (index_in_a_list, "times.index, a method that lists have; tuples"),
    (pops_the_latest, "takes the latest out of a dictionary; a list of two lists"),
    (functools.partial(with_key, None), "functools.partial over the key, pairs of time and place"),
    (Split(), "an object with __call__"),
    (keeping(lambda begin, length, gap, first: begin <= first - gap - length), "a closure over the condition"),
]

WRONG = [
    (left_as_given, "left as given", "you split by chance: films to train on begin minutes from"),
    (forgets_the_return, "does not return", "your function returns nothing: does every way through it"),
    (fixed_shuffle, "shuffles with a seed", "you do not judge by a film that begins at 900 minutes,"),
    (random_with_gap, "shuffles and keeps the gap", "you split by chance: films to train on begin minutes from"),
    (
        takes_the_last_places,
        "takes the last places as the latest films",
        "you take the last places for the films that begin last:",
    ),
    (
        judges_by_the_first,
        "judges by the films that begin first",
        "you judge by the films that begin first, expected those",
    ),
    (
        keeping(lambda begin, length, gap, first: True),
        "sorted by time, no gap at all",
        "the right films judge. There is no gap yet: leave out",
    ),
    (
        keeping(lambda begin, length, gap, first: begin + length <= first),
        "no overlap, but no gap",
        "no two films overlap, but there is no gap between them:",
    ),
    (
        keeping(lambda begin, length, gap, first: begin + gap <= first),
        "from begin to begin",
        "you count the gap from where a film begins, expected from",
    ),
    (
        keeping(lambda begin, length, gap, first: begin + length + gap < first),
        "more than gap minutes",
        "a film that ends `gap` minutes before is far enough: at",
    ),
    (
        keeping(lambda begin, length, gap, first: begin + 2 * length + gap <= first),
        "takes the length twice",
        "you leave it out, expected",
    ),
    (
        keeping(lambda begin, length, gap, first: begin - length + gap <= first),
        "takes the length off",
        "you train on it, expected",
    ),
    (
        keeping(lambda begin, length, gap, first: begin + max(length, gap) <= first),
        "length or gap, not both",
        "you train on it, expected",
    ),
    (
        keeping(lambda begin, length, gap, first: begin + length + 30 <= first),
        "half an hour, whatever the gap",
        "you train on it, expected",
    ),
    (
        keeping(lambda begin, length, gap, first: first - begin - length <= gap),
        "keeps those that are too near",
        "you leave it out, expected",
    ),
    (cuts_from_minus_nothing, "order[-0:] is everything", "where nobody judges, you judge by all and train on none:"),
    (crashes_without_judges, "IndexError if nobody judges", "raises IndexError"),
    (
        trains_nobody_without_judges,
        "trains on nothing if nobody judges",
        "where nobody judges, all 4 films are trained on: you give",
    ),
    (
        gap_to_the_end_of_all_without_judges,
        "keeps a gap to the last film if nobody judges",
        "where nobody judges, all 4 films are trained on: you give",
    ),
    (rounds_down, "rounds down", "you round the number of films to judge by down, expected"),
    (rounds_up, "rounds up", "you round the number of films to judge by up, expected"),
    (at_least_one_judges, "one judges at least", "where the share is too small for one film, nobody judges:"),
    (takes_share_to_train, "share is to train", "of 23 films, with share 0.35, you judge by 15, expected 8."),
    (swaps_the_pair, "to judge by first", "you return the films to judge by first, expected those to"),
    (places_in_order_of_time, "in the order of time", "these are the right places in the order of time: each"),
    (descending, "in descending order", "these are the right places: each list is to be in"),
    (times_for_places, "times instead of places", "you return when the films begin, expected their places in"),
    (places_after_sorting, "places in the sorted times", "you do not judge by a film that begins at 820 minutes,"),
    (masks_for_places, "lists of booleans", "you return True or False for each film, expected the"),
    (
        throws_out_judges,
        "leaves out films to judge by, not films to train on",
        "of 23 films, with share 0.35, you judge by 7, expected 8.",
    ),
    (
        fills_up_the_judges,
        "judges by all that are not trained on",
        "of 23 films, with share 0.35, you judge by 9, expected 8.",
    ),
    (sorts_times_in_place, "sorts times in place", "your function changes its argument times: make a new one"),
    (one_list, "returns the films to train on alone", "you return a list of length 14, expected two lists."),
]
