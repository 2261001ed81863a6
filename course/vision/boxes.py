"""Boxes: targets of a detector that looks at a grid of cells, its answers as boxes, and how good these are."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torchvision.ops import batched_nms, box_iou

FACTOR = 1e3  # a size lies between the anchor over this and the anchor times this: none overflows
ANCHOR = 16.0  # pixels: sizes are learned as logarithms of their ratio to this


class Grid(NamedTuple):
    """What a detector should say in each cell of a grid of G x G cells.

    Shapes: seen (N, G, G), 1 where the centre of a box lies; offsets (N, 4, G, G): x and y of that centre from the
    middle of the cell, in cells, and logarithms of width and height over 16 pixels; labels (N, G, G); lost: how many
    boxes had their centre in a cell that was taken.
    """

    seen: Tensor
    offsets: Tensor
    labels: Tensor
    lost: int


class Detections(NamedTuple):
    """What was found in one picture. Shapes: boxes (M, 4) with x0, y0, x1, y1; scores (M,) 0..1; labels (M,)."""

    boxes: Tensor
    scores: Tensor
    labels: Tensor


def fill_grid(boxes: Sequence[Tensor], labels: Sequence[Tensor], side: int, stride: int = 8) -> Grid:
    """Turn boxes into what a detector should say: the cell that holds a box's centre answers for it.

    Shapes: boxes N of (M, 4), labels N of (M,); returns a Grid of side // stride cells each way.
    Raises: ValueError if the lists differ in length, a box has no area, its centre lies outside, or the side is no
    multiple of the stride.
    """
    if side < 1 or stride < 1 or side % stride:
        raise ValueError(f"side is {side} and stride is {stride}, expected a multiple of the stride: try 64 and 8")
    cells = side // stride
    _check_lists(boxes, labels)
    seen = torch.zeros(len(boxes), cells, cells)
    offsets = torch.zeros(len(boxes), 4, cells, cells)
    classes, lost = torch.zeros(len(boxes), cells, cells, dtype=torch.long), 0
    for picture in range(len(boxes)):
        for box, label in zip(boxes[picture], labels[picture], strict=True):
            size = box[2:] - box[:2]
            centre = (box[2:] + box[:2]) / 2
            if not (size > 0).all():
                raise ValueError(f"box {box.tolist()} of picture {picture} has no area, expected x0 < x1 and y0 < y1")
            if not ((centre >= 0) & (centre < side)).all():
                raise ValueError(
                    f"box {box.tolist()} of picture {picture} has its centre outside of {side} x {side} pixels: "
                    "leave it out, or clip it by torchvision.ops.clip_boxes_to_image"
                )
            column, row = (int(place // stride) for place in centre)
            if seen[picture, row, column]:
                lost += 1
                continue
            seen[picture, row, column] = 1
            classes[picture, row, column] = label
            middle = torch.tensor([column + 0.5, row + 0.5])
            offsets[picture, :, row, column] = torch.cat([centre.cpu() / stride - middle, (size.cpu() / ANCHOR).log()])
    return Grid(seen, offsets, classes, lost)


def decode_grid(outputs: Tensor, side: int, least: float = 0.05, suppress: float | None = 0.45) -> list[Detections]:
    """Turn what a detector says into boxes, less the unlikely ones and those that overlap a better one of their class.

    least: the lowest score that is kept; suppress: the IoU from which on a box is suppressed; None suppresses none.
    Shapes: outputs (N, 5 + K, G, G): the logit of an object, four offsets as in Grid, K logits of classes. Returns N
    Detections, the highest score first, with boxes inside of the picture.
    Raises: ValueError if outputs have another shape.
    """
    if outputs.ndim != 4 or outputs.shape[1] < 6 or outputs.shape[2] != outputs.shape[3]:
        raise ValueError(f"outputs has shape {tuple(outputs.shape)}, expected (N, 5 + K, G, G)")
    cells = outputs.shape[-1]
    middle = torch.arange(cells, device=outputs.device) + 0.5
    found = []
    for one in outputs.detach().float():
        chance, label = one[5:].softmax(0).max(0)
        score = one[0].sigmoid() * chance
        x, y = (one[1] + middle) * (side / cells), (one[2] + middle[:, None]) * (side / cells)
        width, height = one[3:5].clamp(-math.log(FACTOR), math.log(FACTOR)).exp() * ANCHOR
        box = torch.stack([x - width / 2, y - height / 2, x + width / 2, y + height / 2], -1).clamp(0, side)
        box, score, label = box.flatten(0, 1), score.flatten(), label.flatten()
        area = (box[:, 2:] - box[:, :2]).prod(1)
        order = score.argsort(descending=True)
        order = order[(score[order] >= least) & (area[order] > 0)]
        if suppress is not None:
            order = order[batched_nms(box[order], score[order], label[order], suppress)]
        found.append(Detections(box[order], score[order], label[order]))
    return found


def average_precision(
    found: Sequence[Detections], boxes: Sequence[Tensor], labels: Sequence[Tensor], classes: int, least: float = 0.5
) -> Tensor:
    """Return the average precision of each class: the area under its curve of precision over recall.

    Detections of all pictures are gone through from the highest score down. One is right if the box of its class that
    it overlaps most has an IoU of `least` or more, and no detection before it has that box. Precision is made to fall:
    at each recall the best at this or a higher one counts. A class that never occurs has nan; one of which nothing is
    found has 0.
    Shapes: N Detections, N boxes (M, 4), N labels (M,); returns (classes,).
    Raises: ValueError if the lists differ in length, or a label is not in 0..classes-1.
    Source: Everingham et al. 2010, "The Pascal Visual Object Classes challenge", in the form of 2010.
    """
    _check_lists(boxes, labels)
    if len(found) != len(boxes):
        raise ValueError(f"there are detections of {len(found)} pictures and boxes of {len(boxes)}: pass as many")
    for kind in [*labels, *(one.labels for one in found)]:
        if len(kind) and not (0 <= int(kind.min()) and int(kind.max()) < classes):
            raise ValueError(f"labels run from {int(kind.min())} to {int(kind.max())}, expected 0 to {classes - 1}")
    return torch.tensor([_precision_of(k, found, boxes, labels, least) for k in range(classes)])


def mean_precision(
    found: Sequence[Detections], boxes: Sequence[Tensor], labels: Sequence[Tensor], classes: int, least: float = 0.5
) -> float:
    """Return the mean of `average_precision` over the classes that occur (mAP50 at least=0.5); nan if none occurs."""
    return average_precision(found, boxes, labels, classes, least).nanmean().item()


def _precision_of(label: int, found: Sequence, boxes: Sequence, labels: Sequence, least: float) -> float:
    """The average precision of one class."""
    scores, hits, count = [], [], 0
    for one, here, kinds in zip(found, boxes, labels, strict=True):
        of_class, truth = one.labels == label, here[kinds == label]
        count += len(truth)
        score, order = one.scores[of_class].sort(descending=True, stable=True)
        overlap = box_iou(one.boxes[of_class][order], truth.to(one.boxes)).nan_to_num()  # 0 / 0: no area
        scores.append(score.cpu())
        hits += _match(overlap, least)
    if not count:
        return math.nan
    hit = torch.tensor(hits, dtype=torch.float64)[torch.cat(scores).argsort(descending=True, stable=True)]
    if not hit.any():
        return 0.0
    precision = hit.cumsum(0) / torch.arange(1, len(hit) + 1)
    precision = precision.flip(0).cummax(0).values.flip(0)
    return (precision * hit).sum().item() / count  # recall rises by 1 / count at each hit


def _match(overlap: Tensor, least: float) -> list[bool]:
    """Which detections of a picture are right, the highest score first. Shapes: overlap (detections, boxes)."""
    taken, hits = set(), []
    for row in overlap:
        best = int(row.argmax()) if len(row) else -1
        hits.append(best >= 0 and row[best].item() >= least and best not in taken)
        if hits[-1]:
            taken.add(best)
    return hits


def _check_lists(boxes: Sequence[Tensor], labels: Sequence[Tensor]) -> None:
    if len(boxes) != len(labels):
        raise ValueError(f"there are boxes of {len(boxes)} pictures and labels of {len(labels)}: pass as many of each")
    for picture, (box, label) in enumerate(zip(boxes, labels, strict=True)):
        if box.ndim != 2 or box.shape[1] != 4 or len(box) != len(label):
            raise ValueError(
                f"picture {picture} has boxes of shape {tuple(box.shape)} and labels of shape {tuple(label.shape)}, "
                "expected (M, 4) and (M,): torch.zeros(0, 4) if there is none"
            )
