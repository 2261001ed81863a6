"""Answers to start.centre, written from its text alone."""

import numpy as np
import torch

# ---- right


def weighted_means(picture):
    ink = picture.float()
    if ink.sum() == 0:
        return picture
    places = torch.arange(28)
    row = (ink.sum(1) * places).sum() / ink.sum()
    column = (ink.sum(0) * places).sum() / ink.sum()
    return torch.roll(picture, (14 - int(row.round()), 14 - int(column.round())), (0, 1))


def loops(picture):
    total = rows = columns = 0
    for r in range(28):
        for c in range(28):
            ink = picture[r, c].item()
            total += ink
            rows += r * ink
            columns += c * ink
    if not total:
        return picture.clone()
    moved = torch.roll(picture, 14 - round(rows / total), dims=0)
    return torch.roll(moved, 14 - round(columns / total), dims=1)


def by_numpy(picture):
    ink = picture.numpy()
    if ink.max() == 0:
        return picture
    rows, columns = np.indices(ink.shape)
    down = int(np.rint(14 - np.average(rows, weights=ink)))
    right = int(np.rint(14 - np.average(columns, weights=ink)))
    return torch.from_numpy(np.roll(np.roll(ink, down, axis=0), right, axis=1))


def one_pixel_at_a_time(picture):
    picture = picture.clone()
    total = picture.sum().item()
    if total == 0:
        return picture
    lines = torch.arange(28)
    for dim in (0, 1):
        while (picture.sum(1 - dim) * lines).sum().item() / total < 13.5:
            picture = picture.roll(1, dim)
        while (picture.sum(1 - dim) * lines).sum().item() / total > 14.5:
            picture = picture.roll(-1, dim)
    return picture


def array_of_bytes(picture):
    return weighted_means(picture).numpy()


def by_index(picture):
    mass = picture.sum()
    if mass == 0:
        return picture
    r, c = torch.meshgrid(torch.arange(28), torch.arange(28), indexing="ij")
    dr = 14 - torch.round((picture * r).sum() / mass).long()
    dc = 14 - torch.round((picture * c).sum() / mass).long()
    return picture[(torch.arange(28) - dr) % 28][:, (torch.arange(28) - dc) % 28]


# ---- wrong


def empty(picture): ...


def unmoved(picture):
    return picture


def no_test_for_an_empty_page(picture):
    places = torch.arange(28)
    row = (picture.sum(1) * places).sum() / picture.sum()
    column = (picture.sum(0) * places).sum() / picture.sum()
    return torch.roll(picture, (14 - int(row.round()), 14 - int(column.round())), (0, 1))


def moved(picture, down, right):
    return torch.roll(picture, (int(down), int(right)), (0, 1))


def place(picture):
    places, ink = torch.arange(28), picture.double()
    return (ink.sum(1) * places).sum() / ink.sum(), (ink.sum(0) * places).sum() / ink.sum()


def swapped(picture):
    if picture.sum() == 0:
        return picture
    row, column = place(picture)
    return moved(picture, (14 - column).round(), (14 - row).round())


def wrong_way(picture):
    if picture.sum() == 0:
        return picture
    row, column = place(picture)
    return moved(picture, (row - 14).round(), (column - 14).round())


def middle_of_the_box(picture):
    if picture.sum() == 0:
        return picture
    rows, columns = picture.nonzero().T
    return moved(picture, 14 - (rows.min() + rows.max()) / 2, 14 - (columns.min() + columns.max()) / 2)


def every_pixel_counts_alike(picture):
    if picture.sum() == 0:
        return picture
    row, column = picture.nonzero().double().mean(0)
    return moved(picture, (14 - row).round(), (14 - column).round())


def cut_off(picture):
    if picture.sum() == 0:
        return picture
    row, column = place(picture)
    return moved(picture, 14 - int(row), 14 - int(column))


def to_thirteen(picture):
    if picture.sum() == 0:
        return picture
    row, column = place(picture)
    return moved(picture, 13 - row.round(), 13 - column.round())


def only_rows(picture):
    if picture.sum() == 0:
        return picture
    return torch.roll(picture, 14 - int(place(picture)[0].round()), 0)


def no_dims(picture):
    if picture.sum() == 0:
        return picture
    row, column = place(picture)
    return torch.roll(torch.roll(picture, 14 - int(row.round())), 14 - int(column.round()))


def brightest_pixel(picture):
    row, column = divmod(int(picture.argmax()), 28)
    return moved(picture, 14 - row, 14 - column)


def sums_of_bytes(picture):
    if picture.sum() == 0:
        return picture
    places = torch.arange(28, dtype=torch.uint8)
    row = (picture * places[:, None]).sum() / picture.sum()
    column = (picture * places).sum() / picture.sum()
    return moved(picture, (14 - row).round(), (14 - column).round())


def as_floats(picture):
    return weighted_means(picture).float()


def in_the_given(picture):
    picture.copy_(weighted_means(picture.clone()))
    return picture


def returns_the_place(picture):
    return place(picture)


def tried_a_half(picture):
    if picture.sum() == 0:
        return picture
    row, column = place(picture)
    return torch.roll(picture, (14 - row, 14 - column), (0, 1))


RIGHT = [
    (weighted_means, "sums of rows and columns"),
    (loops, "two loops, two rolls"),
    (by_numpy, "np.average"),
    (one_pixel_at_a_time, "one pixel at a time, until it fits"),
    (array_of_bytes, "a NumPy array of bytes"),
    (by_index, "indices instead of roll"),
]
WRONG = [
    (empty, "nothing written", "is not tried yet"),
    (unmoved, "the picture as it was", "the picture comes back as it was"),
    (no_test_for_an_empty_page, "divides by no ink", "raises"),
    (swapped, "rows and columns swapped", "rows and columns are swapped"),
    (wrong_way, "moves the other way", "the wrong way"),
    (middle_of_the_box, "middle of the ink's box", "the middle of the box around the ink"),
    (every_pixel_counts_alike, "faint pixels count as full ones", "faint ink counts as much as black"),
    (cut_off, "int() for the nearest", "to the nearest pixel"),
    (to_thirteen, "row 13 and column 13", "lies at row 13 and column 13"),
    (only_rows, "rows only", "columns"),
    (no_dims, "roll without dims", "flat"),
    (brightest_pixel, "the brightest pixel into the middle", "centre of mass"),
    (sums_of_bytes, "bytes times bytes", "count modulo 256"),
    (as_floats, "floats", "dtype"),
    (in_the_given, "changes its argument", "changes its argument picture"),
    (returns_the_place, "where the centre is", "the result is a tuple"),
    (tried_a_half, "roll by a tensor of floats", "raises"),
]
