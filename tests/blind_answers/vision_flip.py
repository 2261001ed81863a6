"""Answers to vision.flip, written from its text alone."""

import torch
from torchvision import tv_tensors
from torchvision.transforms.v2 import functional as T


def by_columns(images, boxes):
    x0, y0, x1, y1 = boxes.unbind(1)
    width = images.shape[3]
    return images.flip(3), torch.stack([width - x1, y0, width - x0, y1], 1)


def by_index(images, boxes):
    moved = boxes.clone()
    moved[:, [0, 2]] = images.size(-1) - boxes[:, [2, 0]]
    return images.flip(dims=[-1]), moved


def by_torchvision(images, boxes):
    size = tuple(images.shape[-2:])
    kept = tv_tensors.BoundingBoxes(boxes.clone(), format="XYXY", canvas_size=size)
    return T.horizontal_flip(images), T.horizontal_flip(kept)


def in_numpy(images, boxes):
    width, moved = images.shape[-1], boxes.numpy().copy()
    moved[:, 0], moved[:, 2] = width - boxes[:, 2].numpy(), width - boxes[:, 0].numpy()
    return [images.numpy()[..., ::-1].copy(), moved]


def boxes_by(images_too=True, **columns):
    """Return an answer with boxes whose columns are functions of x0, y0, x1, y1, width, height."""

    def flip(images, boxes):
        height, width = images.shape[-2:]
        moved = boxes.clone()
        for name, column in columns.items():
            moved[:, ("x0", "y0", "x1", "y1").index(name)] = column(*boxes.unbind(1), width, height)
        return images.flip(-1) if images_too else images, moved

    return flip


def to_right(x0, y0, x1, y1, width, height):
    return width - x1


def to_left(x0, y0, x1, y1, width, height):
    return width - x0


def upside_down(images, boxes):
    moved = boxes.clone()
    moved[:, [1, 3]] = images.shape[-2] - boxes[:, [3, 1]]
    return images.flip(-2), moved


def overwrites(images, boxes):
    boxes[:, 0] = images.shape[-1] - boxes[:, 2]
    boxes[:, 2] = images.shape[-1] - boxes[:, 0]
    return images.flip(-1), boxes


def batch_for_width(images, boxes):
    moved = boxes.clone()
    moved[:, [0, 2]] = len(images) - boxes[:, [2, 0]]
    return images.flip(-1), moved


def boxes_only(images, boxes):
    return by_index(images, boxes)[1]


def forgets(images, boxes):
    by_index(images, boxes)


RIGHT = [
    (by_columns, "column by column"),
    (by_index, "two columns at once"),
    (by_torchvision, "torchvision's"),
    (in_numpy, "in NumPy, as a list"),
    (boxes_by(x0=to_right, x1=to_left), "in pieces"),
]
WRONG = [
    (boxes_by(), "as it was", "stay where they were"),
    (boxes_by(x0=to_left, x1=to_right), "edges not exchanged", "change places"),
    (boxes_by(x0=to_right), "one edge only", "x1 stays"),
    (boxes_by(False, x0=to_right, x1=to_left), "boxes but no images", "the images were right"),
    (boxes_by(x0=lambda *q: q[4] - 1 - q[2], x1=lambda *q: q[4] - 1 - q[0]), "one less", "one pixel too far"),
    (boxes_by(x0=lambda *q: q[5] - q[2], x1=lambda *q: q[5] - q[0]), "height for width", "height for the width"),
    (boxes_by(x0=lambda *q: q[2], x1=lambda *q: q[0]), "exchanged only", "change places"),
    (upside_down, "upside down", "left to right"),
    (overwrites, "written over", "changes its argument boxes"),
    (batch_for_width, "the batch for the width", "becomes"),
    (boxes_only, "boxes alone", "two things"),
    (forgets, "no return", "returns nothing"),
]
