"""The exercises of notebook 22_vision."""

import numpy as np
import torch
from torch import Tensor
from torchvision.ops import box_iou, nms

from course.exercises.exercise import Exercise, Mistake, as_number, call_cases, explain, first_wrong, near

PAIRS = (  # two boxes of x0, y0, x1, y1; the last ones have no area
    ([0, 0, 4, 4], [2, 1, 6, 4]),
    ([1, 2, 5, 9], [1, 2, 5, 9]),
    ([0, 0, 10, 8], [3, 2, 5, 7]),
    ([0, 0, 2, 2], [5, 1, 7, 2]),
    ([0, 0, 2, 2], [1, 5, 2, 7]),
    ([0, 0, 2, 2], [4, 5, 7, 9]),
    ([0.5, 0, 3, 6], [3, 2, 5, 4]),
    ([0.0, 0.0, 2.0, 8.0], [2.5, 1.0, 6.0, 7.0]),
    ([0.0, 0.0, 8.0, 2.0], [1.0, 2.5, 7.0, 6.0]),
    ([6, 7, 9, 9], [5, 3, 7, 8]),
    ([3, 1, 3, 5], [3, 1, 3, 5]),
    ([1, 3, 5, 3], [1, 3, 5, 3]),
)
FIRST_EMPTY = 10


def check_overlap(answer: object) -> None:
    right = [overlap_share(*pair) for pair in PAIRS]
    try:
        results = call_cases(answer, PAIRS, WRONG_OVERLAP, 1e-6, right, as_number)
    except Mistake as mistake:
        if "ZeroDivisionError" in str(mistake):
            raise Mistake("two boxes of no area cover nothing together, and you divide by it: return 0.") from None
        raise
    if near(results, right):
        return
    explain(results[:FIRST_EMPTY], PAIRS[:FIRST_EMPTY], WRONG_OVERLAP)
    place = first_wrong(results, right)
    if place >= FIRST_EMPTY:
        raise Mistake("two boxes of no area cover nothing together: return 0 for them.")
    one, other = PAIRS[place]
    raise Mistake(f"for {one} and {other} you return {results[place]:.3f}, expected {right[place]:.3f}.")


def overlap_share(one, other):
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    both = width * height
    area_one = (one[2] - one[0]) * (one[3] - one[1])
    area_other = (other[2] - other[0]) * (other[3] - other[1])
    return both / (area_one + area_other - both)


def _sides(one, other):
    return min(one[2], other[2]) - max(one[0], other[0]), min(one[3], other[3]) - max(one[1], other[1])


def _area(box):
    return (box[2] - box[0]) * (box[3] - box[1])


def _both(one, other):
    width, height = _sides(one, other)
    return max(0, width) * max(0, height)


def _uncut(one, other):
    width, height = _sides(one, other)
    return width * height / (_area(one) + _area(other) - width * height)


def _cut_late(one, other):
    both = max(0, _sides(one, other)[0] * _sides(one, other)[1])
    return both / (_area(one) + _area(other) - both)


def _with_last_pixel(one, other):
    one, other = ([*box[:2], box[2] + 1, box[3] + 1] for box in (one, other))
    return _both(one, other) / (_area(one) + _area(other) - _both(one, other))


def _around(one, other):
    hull = [min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3])]
    return _both(one, other) / _area(hull)


WRONG_OVERLAP = (
    (_uncut, "boxes that lie apart have a negative width or height between them: what they share is then 0."),
    (
        _cut_late,
        "boxes that lie apart in both directions have a negative width and height, and the product is positive: "
        "cut each off at 0.",
    ),
    (
        lambda one, other: _both(one, other) / (_area(one) + _area(other)),
        "you count what they share twice below the line: the union holds it once.",
    ),
    (lambda one, other: _both(one, other), "this is the area that they share: divide it by that of the union."),
    (
        lambda one, other: _area(one) + _area(other) - _both(one, other),
        "this is the area of the union: divide what they share by it.",
    ),
    (
        lambda one, other: _both(one, other) / min(_area(one), _area(other)),
        "you divide by the smaller box: a small box in a large one would be perfect.",
    ),
    (
        lambda one, other: _both(one, other) / max(_area(one), _area(other)),
        "you divide by the larger box, expected the area of the union.",
    ),
    (
        lambda one, other: _both(one, other) / _area(one),
        "you divide by the first box only: whoever answers with the whole picture would be perfect.",
    ),
    (
        lambda one, other: _both(one, other) / _area(other),
        "you divide by the second box only: whoever answers with the whole picture would be perfect.",
    ),
    (
        lambda one, other: 2 * _both(one, other) / (_area(one) + _area(other)),
        "this is Dice's score, twice the shared area over the sum of both areas: expected shared over union.",
    ),
    (_around, "you divide by the box around both, which also holds corners that neither covers: take the union."),
    (_with_last_pixel, "you add 1 to each width: x1 and y1 are where a box ends, so its width is x1 - x0."),
)


def _boxes_case(count: int, limit: float, seed: int) -> tuple[Tensor, Tensor, float]:
    generator = torch.Generator().manual_seed(seed)
    corner = 20 * torch.rand(count, 2, generator=generator)
    size = 8 + 12 * torch.rand(count, 2, generator=generator)
    scores = (torch.randperm(count, generator=generator) + 1) / (count + 1)  # no two are equal
    return torch.cat([corner, corner + size], 1), scores, limit


CROWDS = (
    _boxes_case(9, 0.3, 0),
    _boxes_case(12, 0.5, 1),
    (  # the middle one of a chain goes; then nothing is in the way of the last
        torch.tensor([[0.0, 0, 10, 10], [4.0, 0, 14, 10], [8.0, 0, 18, 10]]),
        torch.tensor([0.9, 0.8, 0.7]),
        0.3,
    ),
    (torch.tensor([[0.0, 0, 2, 1], [0.0, 0, 2, 2], [5.0, 5, 6, 6]]), torch.tensor([0.2, 0.6, 0.4]), 0.5),
    _boxes_case(1, 0.5, 2),
    _boxes_case(0, 0.5, 3),
    _boxes_case(10, 0.1, 4),
)
CHAIN, BORDER, NONE = 2, 3, 5


def check_suppress(answer: object) -> None:
    right = [nms(*crowd).tolist() for crowd in CROWDS]
    results: list = []
    for place, crowd in enumerate(CROWDS):
        try:
            results += call_cases(answer, [crowd], read=_read_places)
        except Mistake as mistake:
            if place == NONE:
                raise Mistake(f"without any box, return an empty list: {mistake}") from None
            raise
    if near(results, right):
        return
    explain(results, CROWDS, WRONG_SUPPRESS)
    if first_wrong(results, right) == BORDER:
        raise Mistake("an IoU that equals limit is still allowed, as in torchvision: only more than that suppresses.")
    place = first_wrong(results, right)
    raise Mistake(
        f"of {len(CROWDS[place][0])} boxes, with a limit of {CROWDS[place][2]}, you keep {results[place]}, "
        f"expected {right[place]}, as torchvision.ops.nms does."
    )


def _read_places(result: object) -> list[int]:
    try:
        values = np.asarray(result.detach().cpu() if isinstance(result, Tensor) else result)
        places = values.astype(float)
    except (TypeError, ValueError):
        raise Mistake(f"you return a {type(result).__name__}, expected a list of places.") from None
    if values.dtype == bool:
        raise Mistake("you return a mask, expected the places of the boxes that stay, the highest score first.")
    if places.ndim != 1 or (places != places.round()).any():
        raise Mistake("you return boxes or scores, expected their places: whole numbers, counted from 0.")
    return [int(place) for place in places]


def suppress_overlaps(boxes, scores, limit):
    kept = []
    for place in scores.argsort(descending=True).tolist():
        overlaps = box_iou(boxes[place : place + 1], boxes[kept])
        if (overlaps <= limit).all():
            kept.append(place)
    return kept


def _suppress(boxes, scores, limit, by_kept=True, descending=True):
    kept, seen = [], []
    for place in scores.argsort(descending=descending).tolist():
        overlaps = box_iou(boxes[place : place + 1], boxes[kept if by_kept else seen])
        if (overlaps <= limit).all():
            kept.append(place)
        seen.append(place)
    return kept


def _below(boxes, scores, limit):
    kept = []
    for place in scores.argsort(descending=True).tolist():
        if (box_iou(boxes[place : place + 1], boxes[kept]) < limit).all():
            kept.append(place)
    return kept


def _best_only(boxes, scores, limit):
    order = scores.argsort(descending=True).tolist()
    return [p for p in order if p == order[0] or box_iou(boxes[order[:1]], boxes[p : p + 1]).item() <= limit]


def _first_in_list(boxes, scores, limit):
    return _suppress(boxes, torch.arange(len(boxes), 0, -1), limit)


def _suppressed(boxes, scores, limit):
    kept = _suppress(boxes, scores, limit)
    return [place for place in scores.argsort(descending=True).tolist() if place not in kept]


WRONG_SUPPRESS = (
    (
        lambda boxes, scores, limit: _suppress(boxes, scores, limit, by_kept=False),
        "a box that was suppressed still suppresses others: compare with those that were kept.",
    ),
    (_below, "an IoU that equals limit is still allowed, as in torchvision: only more than that suppresses."),
    (
        lambda boxes, scores, limit: _suppress(boxes, scores, limit, descending=False),
        "you begin with the lowest score: the best box is the first that stays.",
    ),
    (_first_in_list, "you go through the boxes as they come, expected from the highest score down."),
    (
        lambda boxes, scores, limit: sorted(_suppress(boxes, scores, limit)),
        "these boxes are the right ones: return them with the highest score first.",
    ),
    (_best_only, "you compare with the best box only: each one that was kept suppresses others."),
    (_suppressed, "these are the boxes that go: return those that stay."),
    (
        lambda boxes, scores, limit: scores.argsort(descending=True).tolist(),
        "you keep all boxes: nothing is suppressed.",
    ),
    (
        lambda boxes, scores, limit: _suppress(boxes, scores, 1 - limit),
        "your limit is upside down: is it the IoU, or 1 - IoU?",
    ),
)

LISTS = (  # whether each detection is right, the highest score first; how many boxes there are
    ([True, False, True, True, False], 4),
    ([False, True, False, True, True], 5),
    ([False, False, True], 2),
    ([True, True], 3),
    ([False, False], 2),
    ([], 3),
    ([True], 1),
    ([False, True, True, False, True, True], 4),
)
NOTHING = 5


def check_area(answer: object) -> None:
    right = [precision_area(*case) for case in LISTS]
    try:
        results = call_cases(answer, LISTS, WRONG_AREA, 1e-6, right, as_number)
    except Mistake as mistake:
        if "ZeroDivisionError" in str(mistake) or "max()" in str(mistake):
            raise Mistake(f"without a detection that is right, the area is 0: {mistake}") from None
        raise
    if near(results, right):
        return
    explain(results, LISTS, WRONG_AREA)
    place = first_wrong(results, right)
    hits, count = LISTS[place]
    raise Mistake(f"for {hits} and {count} boxes you return {results[place]:.4f}, expected {right[place]:.4f}.")


def precision_area(hits, count):
    found, precisions = 0, []
    for place, hit in enumerate(hits):
        found += hit
        precisions.append(found / (place + 1))
    total = 0.0
    for place, hit in enumerate(hits):
        if hit:
            total += max(precisions[place:])
    return total / count


def _precisions(hits):
    return [sum(hits[: place + 1]) / (place + 1) for place in range(len(hits))]


def _mean(values):
    return sum(values) / len(values) if len(values) else 0.0


def _falling(hits):
    precisions = _precisions(hits)
    return [max(precisions[place:]) for place in range(len(hits))]


def _at_hits(values, hits):
    return [value for value, hit in zip(values, hits, strict=True) if hit]


WRONG_AREA = (
    (
        lambda hits, count: sum(_at_hits(_precisions(hits), hits)) / count,
        "your precision may rise again: at each hit the best precision from there on counts.",
    ),
    (
        lambda hits, count: _mean(_at_hits(_falling(hits), hits)),
        "you divide by the boxes that were found: those that were missed count as well, with 0.",
    ),
    (
        lambda hits, count: _mean(_at_hits(_precisions(hits), hits)),
        "you divide by the boxes that were found: those that were missed count as well, with 0.",
    ),
    (
        lambda hits, count: sum(_falling(hits)) / count,
        "recall grows only where a detection is right: the others add nothing to the area.",
    ),
    (
        lambda hits, count: _mean(_falling(hits)),
        "this is the mean over all detections: recall grows only where one is right, by 1 / count.",
    ),
    (
        lambda hits, count: _mean(hits),
        "this is the precision of all detections together: their order is lost.",
    ),
    (lambda hits, count: sum(hits) / count, "this is the recall: the wrong detections cost nothing."),
    (
        lambda hits, count: sum(_at_hits(_falling(hits), hits)),
        "you add up precisions: each hit adds its precision times the step in recall, 1 / count.",
    ),
    (
        lambda hits, count: precision_area(list(hits)[::-1], count),
        "you go through the detections from the last to the first: the first has the highest score.",
    ),
)


def _images_case(count: int, height: int, width: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(width)
    corner = torch.randint(0, 3, (count, 2), generator=generator).float()
    size = torch.randint(1, min(height, width) - 3, (count, 2), generator=generator).float()
    return torch.rand(count, 3, height, width, generator=generator), torch.cat([corner, corner + size], 1)


FLIPS = (_images_case(5, 8, 12), _images_case(2, 11, 7), _images_case(1, 9, 9), _images_case(0, 6, 8))


def check_flip(answer: object) -> None:
    right = [_read_flip(flip_both(*case)) for case in FLIPS]
    results = call_cases(answer, FLIPS, (), 1e-6, right, _read_flip)
    if near(results, right):
        return
    place = first_wrong(results, right)
    (pictures, boxes), (right_pictures, right_boxes) = results[place], right[place]
    if pictures.shape != right_pictures.shape or not near(pictures, right_pictures):
        raise Mistake("the images were right: they are still to be flipped from left to right, `images.flip(-1)`.")
    if boxes.shape != right_boxes.shape:
        raise Mistake(f"boxes of shape {tuple(right_boxes.shape)} become {tuple(boxes.shape)}, expected the same.")
    given = [_read_flip(case) for case in FLIPS]
    explain([one[1] for one in results], [case[:2] for case in FLIPS], WRONG_FLIP)
    raise Mistake(
        f"in an image {FLIPS[place][0].shape[-1]} pixels wide, the box {given[place][1][0].tolist()} becomes "
        f"{boxes[0].tolist()}, expected {right_boxes[0].tolist()}."
    )


def _read_flip(result: object) -> tuple[np.ndarray, np.ndarray]:
    if not isinstance(result, (tuple, list)) or len(result) != 2:
        raise Mistake(f"you return a {type(result).__name__}, expected two things: images, boxes.")
    try:
        parts = [np.asarray(part.detach().cpu() if isinstance(part, Tensor) else part, float) for part in result]
    except (TypeError, ValueError):
        raise Mistake("you return something that is no numbers, expected two tensors: images, boxes.") from None
    return parts[0], parts[1]


def flip_both(images, boxes):
    width = images.shape[-1]
    flipped = boxes.clone()
    flipped[:, 0] = width - boxes[:, 2]
    flipped[:, 2] = width - boxes[:, 0]
    return images.flip(-1), flipped


def _boxes_of(x0, y0, x1, y1):
    """Return a wrong answer's boxes: each column is a function of the boxes' columns, the width and the height."""

    def flipped(images, boxes):
        height, width = images.shape[-2:]
        columns = [part(*boxes.unbind(1), width, height) for part in (x0, y0, x1, y1)]
        return torch.stack(columns, 1).numpy()

    return flipped


def _left(x0, y0, x1, y1, w, h):
    return w - x0


def _right(x0, y0, x1, y1, w, h):
    return w - x1


def _keep(place):
    return lambda x0, y0, x1, y1, w, h: (x0, y0, x1, y1)[place]


WRONG_FLIP = (
    (_boxes_of(*map(_keep, range(4))), "the boxes stay where they were: what was at the left is now at the right."),
    (
        _boxes_of(_left, _keep(1), _right, _keep(3)),
        "your x0 is larger than x1: in the mirror a left edge becomes a right one, so they change places.",
    ),
    (
        _boxes_of(lambda x0, y0, x1, y1, w, h: w - 1 - x1, _keep(1), lambda x0, y0, x1, y1, w, h: w - 1 - x0, _keep(3)),
        "your boxes lie one pixel too far to the left: x1 is where a box ends, so 0 becomes the width, not one less.",
    ),
    (
        _boxes_of(lambda x0, y0, x1, y1, w, h: h - x1, _keep(1), lambda x0, y0, x1, y1, w, h: h - x0, _keep(3)),
        "you take the height for the width: the last dimension of images is the width.",
    ),
    (
        _boxes_of(_keep(0), lambda x0, y0, x1, y1, w, h: h - y1, _keep(2), lambda x0, y0, x1, y1, w, h: h - y0),
        "you flip the boxes upside down: the images are flipped from left to right.",
    ),
    (
        _boxes_of(_right, lambda x0, y0, x1, y1, w, h: h - y1, _left, lambda x0, y0, x1, y1, w, h: h - y0),
        "you flip the boxes upside down as well: y0 and y1 stay.",
    ),
    (
        _boxes_of(_right, _keep(1), _keep(2), _keep(3)),
        "x1 stays where it was: it becomes the width less the old x0. (Have you written over x0 before you read it?)",
    ),
    (
        _boxes_of(_keep(2), _keep(1), _keep(0), _keep(3)),
        "you let x0 and x1 change places: each also becomes the width less itself.",
    ),
)


EXERCISES: dict[str, Exercise] = {
    "vision.iou": Exercise(
        check_overlap,
        "One number from 0 to 1 says how well a box fits, however large the box is.",
        (
            "What two boxes share is a box. Where does it begin, where does it end?",
            "It begins at the larger of both x0 and ends at the smaller of both x1; so in y. It may not exist.",
            "The union is both areas less what they share. Return 0 if there is nothing to share.",
        ),
        overlap_share,
    ),
    "vision.suppress": Exercise(
        check_suppress,
        "This is all that torchvision.ops.nms does, and it does it faster.",
        (
            "Go through the boxes from the highest score down, and remember those that stay.",
            "`scores.argsort(descending=True).tolist()` is the order. A box meets those that were kept before it.",
            "It stays if `(box_iou(boxes[place:place + 1], boxes[kept]) <= limit).all()`; `kept` is a list.",
        ),
        suppress_overlaps,
    ),
    "vision.precision": Exercise(
        check_area,
        "Five detections fit on paper; what judges detectors is this sum, for every class.",
        (
            "Write down the precision after each detection: how many of those so far are right?",
            "At each hit, recall grows by 1 / count. The precision there is the best from this place on.",
            "Sum `max(precisions[place:])` over the hits, and divide by `count`, not by the number of hits.",
        ),
        precision_area,
    ),
    "vision.flip": Exercise(
        check_flip,
        "Nothing crashes if the boxes stay behind: the network learns to look at the wrong side.",
        (
            "Draw a digit at the left edge and its box. Where are both after the flip?",
            "A place x becomes `width - x`, and `width` is `images.shape[-1]`.",
            "The new x0 is `width - boxes[:, 2]`, the new x1 is `width - boxes[:, 0]`. Write into a copy.",
        ),
        flip_both,
    ),
}
