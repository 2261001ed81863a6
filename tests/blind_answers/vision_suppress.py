"""Answers to vision.suppress, written from its text alone."""

import numpy as np
import torch
from torchvision.ops import box_iou, nms


def by_loop(boxes, scores, limit):
    kept = []
    for place in torch.argsort(scores, descending=True).tolist():
        if all(box_iou(boxes[[place]], boxes[[other]]).item() <= limit for other in kept):
            kept.append(place)
    return kept


def by_table(boxes, scores, limit):
    overlaps = box_iou(boxes, boxes)
    left, kept = list(torch.argsort(scores, descending=True)), []
    while left:
        best = left.pop(0)
        kept.append(best)
        left = [place for place in left if overlaps[best, place] <= limit]
    return kept


def by_mask(boxes, scores, limit):
    left, kept = torch.ones(len(boxes), dtype=torch.bool), []
    while left.any():
        best = int(torch.where(left, scores, -torch.inf).argmax())
        kept.append(best)
        left &= box_iou(boxes[[best]], boxes)[0] <= limit
        left[best] = False
    return torch.tensor(kept, dtype=torch.long)


def in_numpy(boxes, scores, limit):
    return np.array(by_loop(boxes, scores, limit), int)


def torchs_own(boxes, scores, limit):
    return nms(boxes, scores, limit)


def by_all(boxes, scores, limit):
    order = scores.argsort(descending=True)
    overlaps = box_iou(boxes[order], boxes[order]).triu(1)
    return order[(overlaps <= limit).all(0)]


def upwards(boxes, scores, limit):
    return by_loop(boxes, -scores, limit)


def from_one(boxes, scores, limit):
    return [place + 1 for place in by_loop(boxes, scores, limit)]


def as_mask(boxes, scores, limit):
    mask = torch.zeros(len(boxes), dtype=torch.bool)
    mask[by_loop(boxes, scores, limit)] = True
    return mask


def their_boxes(boxes, scores, limit):
    return boxes[by_loop(boxes, scores, limit)]


def their_scores(boxes, scores, limit):
    return scores[by_loop(boxes, scores, limit)].tolist()


def in_order(boxes, scores, limit):
    return sorted(by_loop(boxes, scores, limit))


def as_listed(boxes, scores, limit):
    return by_loop(boxes, -torch.arange(len(boxes)), limit)


def less_than(boxes, scores, limit):
    kept = []
    for place in scores.argsort(descending=True).tolist():
        if all(box_iou(boxes[[place]], boxes[[other]]).item() < limit for other in kept):
            kept.append(place)
    return kept


def all_of_them(boxes, scores, limit):
    return scores.argsort(descending=True).tolist()


def needs_one(boxes, scores, limit):
    best = scores.argmax().item()
    return by_loop(boxes, scores, limit) if best >= 0 else []


def forgets(boxes, scores, limit):
    by_loop(boxes, scores, limit)


RIGHT = [
    (by_loop, "one box at a time"),
    (by_table, "by a table of all pairs, with places as tensors"),
    (by_mask, "by a mask"),
    (in_numpy, "as an array"),
    (torchs_own, "torchvision's"),
]
WRONG = [
    (by_all, "all pairs at once", "still suppresses"),
    (upwards, "from the lowest", "lowest"),
    (from_one, "counts from 1", "expected"),
    (as_mask, "a mask", "mask"),
    (their_boxes, "boxes", "places"),
    (their_scores, "scores", "places"),
    (in_order, "sorted", "highest score first"),
    (as_listed, "as they are listed", "as they come"),
    (less_than, "less than the limit", "equals limit"),
    (all_of_them, "keeps all", "keep all"),
    (needs_one, "no empty list", "without any box"),
    (forgets, "no return", "returns nothing"),
]
