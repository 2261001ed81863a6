from torchvision.ops import box_iou


def given_overlap(one, other): ...


def sides(one, other):
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    return width, height


def area(box):
    return (box[2] - box[0]) * (box[3] - box[1])


def never_apart(one, other):
    width, height = sides(one, other)
    return width * height / (area(one) + area(other) - width * height)


def shared_twice(one, other):
    width, height = sides(one, other)
    return max(0, width) * max(0, height) / max(1e-9, area(one) + area(other))


def by_nothing(one, other):
    width, height = sides(one, other)
    both = max(0, width) * max(0, height)
    return both / (area(one) + area(other) - both)


def always_half(one, other):
    return 0.5


def given_suppress(boxes, scores, limit): ...


def all_before(boxes, scores, limit):
    order = scores.argsort(descending=True).tolist()
    return [p for n, p in enumerate(order) if (box_iou(boxes[[p]], boxes[order[:n]]) <= limit).all()]


def greedy(boxes, scores, order, limit):
    kept = []
    for place in order:
        if (box_iou(boxes[[place]], boxes[kept]) <= limit).all():
            kept.append(place)
    return kept


def as_they_come(boxes, scores, limit):
    return greedy(boxes, scores, range(len(boxes)), limit)


def their_scores(boxes, scores, limit):
    return scores[greedy(boxes, scores, scores.argsort(descending=True).tolist(), limit)]


def first_only(boxes, scores, limit):
    return scores.argsort(descending=True).tolist()[:1]


def given_area(hits, count): ...


def may_rise(hits, count):
    found, total = 0, 0
    for place, hit in enumerate(hits):
        found += hit
        total += hit * found / (place + 1)
    return total / count


def by_hits(hits, count):
    return may_rise(hits, 1) / max(1, sum(hits))


def recall(hits, count):
    return sum(hits) / count


def one_for_all(hits, count):
    return 1


def given_flip(images, boxes):
    return images.flip(-1), boxes


def edges_stay(images, boxes):
    flipped = boxes.clone()
    flipped[:, [0, 2]] = images.shape[-1] - boxes[:, [0, 2]]
    return images.flip(-1), flipped


def one_less(images, boxes):
    flipped = boxes.clone()
    flipped[:, [0, 2]] = images.shape[-1] - 1 - boxes[:, [2, 0]]
    return images.flip(-1), flipped


def in_place(images, boxes):
    boxes[:, [0, 2]] = images.shape[-1] - boxes[:, [2, 0]]
    return images.flip(-1), boxes


def images_only(images, boxes):
    return images.flip(-1)


UNTOUCHED = {
    "vision.iou": given_overlap,
    "vision.suppress": given_suppress,
    "vision.precision": given_area,
    "vision.flip": given_flip,
}
WRONG = {
    "vision.iou": [
        (never_apart, "lie apart"),
        (shared_twice, "the union holds it once"),
        (by_nothing, "two boxes of no area"),
        (always_half, "you return 0.500"),
    ],
    "vision.suppress": [
        (all_before, "still suppresses others"),
        (as_they_come, "as they come"),
        (their_scores, "expected their places"),
        (first_only, "you keep"),
    ],
    "vision.precision": [
        (may_rise, "may rise again"),
        (by_hits, "those that were missed"),
        (recall, "this is the recall"),
        (one_for_all, "you return 1.0000"),
    ],
    "vision.flip": [
        (given_flip, "the boxes stay where they were"),
        (edges_stay, "they change places"),
        (one_less, "one pixel too far"),
        (in_place, "changes its argument boxes"),
        (images_only, "expected two things"),
    ],
}
