"""Answers to start.surest, written from its text alone."""

import numpy as np
import torch

# ---- right


def places_of_places(logits, y, count):
    confidence, answers = logits.softmax(dim=1).max(dim=1)
    wrong = (answers != y).nonzero().flatten()
    order = confidence[wrong].argsort(descending=True)
    return wrong[order[:count]]


def right_ones_get_none(logits, y, count):
    confidence, answers = logits.softmax(1).max(1)
    confidence = torch.where(answers == y, -1.0, confidence)
    order = confidence.sort(descending=True).indices
    return order[: min(count, int((answers != y).sum()))]


def plain_python(logits, y, count):
    found = []
    for place in range(len(y)):
        row = logits[place].softmax(0).tolist()
        answer = row.index(max(row))
        if answer != y[place].item():
            found.append((-max(row), place))
    return [place for _, place in sorted(found)][:count]


def with_numpy(logits, y, count):
    e = np.exp(logits.double().numpy() - logits.max(1, keepdim=True).values.double().numpy())
    p = e / e.sum(1, keepdims=True)
    wrong = np.flatnonzero(p.argmax(1) != y.numpy())
    return wrong[np.argsort(-p[wrong].max(1))][:count]


def best_of_the_wrong(logits, y, count):
    confidence, answers = logits.softmax(1).max(1)
    wrong = torch.where(answers != y)[0]
    best = confidence[wrong].topk(min(count, len(wrong))).indices
    return wrong[best].tolist()


# ---- wrong


def as_given(logits, y, count):
    confidence, answers = logits.softmax(dim=1).max(dim=1)
    wrong = (answers != y).nonzero().flatten()
    return confidence[wrong].argsort(descending=True)[:count]


def least_sure(logits, y, count):
    confidence, answers = logits.softmax(dim=1).max(dim=1)
    wrong = (answers != y).nonzero().flatten()
    return wrong[confidence[wrong].argsort()[:count]]


def right_instead_of_wrong(logits, y, count):
    confidence, answers = logits.softmax(dim=1).max(dim=1)
    right = (answers == y).nonzero().flatten()
    return right[confidence[right].argsort(descending=True)[:count]]


def all_images(logits, y, count):
    return logits.softmax(1).max(1).values.argsort(descending=True)[:count]


def not_sorted(logits, y, count):
    return (logits.argmax(1) != y).nonzero().flatten()[:count]


def cut_before_sorting(logits, y, count):
    confidence, answers = logits.softmax(dim=1).max(dim=1)
    wrong = (answers != y).nonzero().flatten()[:count]
    return wrong[confidence[wrong].argsort(descending=True)]


def all_of_them(logits, y, count):
    confidence, answers = logits.softmax(dim=1).max(dim=1)
    wrong = (answers != y).nonzero().flatten()
    return wrong[confidence[wrong].argsort(descending=True)]


def fails_if_there_are_few(logits, y, count):
    confidence, answers = logits.softmax(dim=1).max(dim=1)
    wrong = (answers != y).nonzero().flatten()
    return wrong[confidence[wrong].topk(count).indices]


def by_the_logit(logits, y, count):
    largest, answers = logits.max(dim=1)
    wrong = (answers != y).nonzero().flatten()
    return wrong[largest[wrong].argsort(descending=True)[:count]]


def by_the_truth(logits, y, count):
    truth = logits.softmax(1).gather(1, y[:, None])[:, 0]
    wrong = (logits.argmax(1) != y).nonzero().flatten()
    return wrong[truth[wrong].argsort()[:count]]


def the_answers(logits, y, count):
    return logits.argmax(1)[places_of_places(logits, y, count)]


def the_confidences(logits, y, count):
    confidence = logits.softmax(dim=1).max(dim=1).values
    return confidence[places_of_places(logits, y, count)]


def rows_of_nonzero(logits, y, count):
    return places_of_places(logits, y, count)[:, None]


def softmax_down_the_columns(logits, y, count):
    confidence, answers = logits.softmax(dim=0).max(dim=1)
    wrong = (answers != y).nonzero().flatten()
    return wrong[confidence[wrong].argsort(descending=True)[:count]]


def true_and_false(logits, y, count):
    return logits.argmax(1) != y


RIGHT = [
    (places_of_places, "wrong[order]"),
    (right_ones_get_none, "confidence -1 where it is right"),
    (plain_python, "a loop, and a list"),
    (with_numpy, "NumPy, and its array"),
    (best_of_the_wrong, "topk of at most so many"),
]
WRONG = [
    (as_given, "places among the wrong ones", "places among the wrong answers"),
    (least_sure, "the least sure first", "the least sure first"),
    (right_instead_of_wrong, "right answers", "were read correctly"),
    (all_images, "all images", "were read correctly"),
    (not_sorted, "in the order of the images", "in the order of the images"),
    (cut_before_sorting, "sorts the first mistakes only", "expected"),
    (all_of_them, "ignores count", "expected 3"),
    (fails_if_there_are_few, "topk of more than there are", "raises"),
    (by_the_logit, "the largest logit is no confidence", "logit"),
    (by_the_truth, "the least probable truth", "expected"),
    (the_answers, "answers for places", "classes"),
    (the_confidences, "confidences for places", "expected whole numbers"),
    (rows_of_nonzero, "one row for each", "shape"),
    (softmax_down_the_columns, "softmax over the images", "expected"),
    (true_and_false, "a mask", "expected whole numbers"),
]
