"""Answers to speedrun.patches, written from its text alone."""

import functools

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F


def loops_over_offsets(x, side):
    parts = []
    for row in range(side):
        for column in range(side):
            parts.append(x[:, 0, row::side, column::side])
    return torch.stack(parts, 1)


def takes_the_module(x, side):
    return nn.PixelUnshuffle(side)(x)


def reshapes(x, side):
    batch, _, height, width = x.shape
    squares = x.reshape(batch, height // side, side, width // side, side)
    return squares.permute(0, 2, 4, 1, 3).reshape(batch, side * side, height // side, width // side)


def unfolds(x, side):
    columns = F.unfold(x, side, stride=side)
    return columns.view(len(x), side**2, x.shape[2] // side, x.shape[3] // side)


def unfolds_twice(x, side):
    squares = x[:, 0].unfold(1, side, side).unfold(2, side, side)
    return squares.flatten(3).movedim(3, 1)


def convolves(x, side):
    kernels = torch.eye(side * side, dtype=x.dtype).view(side * side, 1, side, side)
    return F.conv2d(x, kernels, stride=side)


def fills(x, side):
    result = x.new_empty(len(x), side**2, x.shape[2] // side, x.shape[3] // side)
    for channel in range(side**2):
        row, column = divmod(channel, side)
        result[:, channel] = x[:, 0, row::side, column::side]
    return result


def goes_by_numpy(x, side):
    parts = [x.numpy()[:, 0, row::side, column::side] for row in range(side) for column in range(side)]
    return torch.from_numpy(np.stack(parts, axis=1))


def left_as_given(x, side): ...


def forgets_the_return(x, side):
    loops_over_offsets(x, side)


def goes_by_columns(x, side):
    parts = [x[:, 0, row::side, column::side] for column in range(side) for row in range(side)]
    return torch.stack(parts, 1)


def puts_channels_last(x, side):
    return loops_over_offsets(x, side).permute(0, 2, 3, 1)


def only_views(x, side):
    return x.reshape(len(x), side**2, x.shape[2] // side, x.shape[3] // side)


def cuts_into_quarters(x, side):
    height, width = x.shape[2] // side, x.shape[3] // side
    parts = []
    for row in range(side):
        for column in range(side):
            parts.append(x[:, 0, row * height : (row + 1) * height, column * width : (column + 1) * width])
    return torch.stack(parts, 1)


def takes_means(x, side):
    return F.avg_pool2d(x, side)


def shuffles_the_other_way(x, side):
    return F.pixel_shuffle(x.repeat(1, side**2, 1, 1), side)


def takes_two_always(x, side):
    return loops_over_offsets(x, 2)


def starts_at_the_end(x, side):
    return loops_over_offsets(x, side).flip(1)


def stacks_in_front(x, side):
    return loops_over_offsets(x, side).transpose(0, 1)


def stacks_the_batch(x, side):
    return torch.cat([x[:, :, r::side, c::side] for r in range(side) for c in range(side)])


def keeps_an_axis(x, side):
    return torch.stack([x[:, :, r::side, c::side] for r in range(side) for c in range(side)], 1)


def takes_the_first_pixels(x, side):
    return x[:, :, ::side, ::side].repeat(1, side**2, 1, 1)


def takes_rows_for_height_and_width(x, side):
    count = x.shape[2] // side
    return F.unfold(x, side, stride=side).view(len(x), side**2, count, count)


def swaps_height_and_width(x, side):
    return loops_over_offsets(x.transpose(2, 3), side)


def returns_a_list(x, side):
    return [x[:, 0, r::side, c::side] for r in range(side) for c in range(side)]


RIGHT = [
    (loops_over_offsets, "two loops over offsets"),
    (takes_the_module, "nn.PixelUnshuffle"),
    (reshapes, "reshape and permute"),
    (unfolds, "F.unfold"),
    (unfolds_twice, "Tensor.unfold, twice"),
    (convolves, "a convolution with one 1 in each kernel"),
    (fills, "fills an empty tensor, divmod"),
    (goes_by_numpy, "NumPy's stack"),
    (functools.partial(torch.pixel_unshuffle), "functools.partial of pixel_unshuffle"),
]

WRONG = [
    (left_as_given, "left as given", "is not tried yet"),
    (forgets_the_return, "computes it but does not return it", "your function returns nothing"),
    (goes_by_columns, "pixels of a patch column by column", "you count the pixels of a patch column by column"),
    (puts_channels_last, "channels last", "you put the channels last"),
    (only_views, "a view with the right shape", "the shape is right"),
    (cuts_into_quarters, "cuts the image into large parts", "you cut the image into a few large parts"),
    (takes_means, "the mean of each patch", "the result for (2"),
    (shuffles_the_other_way, "pixel_shuffle instead of pixel_unshuffle", "the result for (2"),
    (takes_two_always, "patches of 2x2 whatever was asked", "raises RuntimeError"),
    (starts_at_the_end, "from the bottom right", "you begin at the bottom right of a patch"),
    (stacks_in_front, "the channels before the batch", "the result for (2"),
    (stacks_the_batch, "joins along the batch", "the result for (2"),
    (keeps_an_axis, "leaves the one channel as an axis", "the result for (2"),
    (takes_the_first_pixels, "the first pixel of each patch again and again", "channel 1 of image 0 holds"),
    (takes_rows_for_height_and_width, "takes the image for a square", "raises RuntimeError"),
    (swaps_height_and_width, "swaps height and width", "the result for (2"),
    (returns_a_list, "a list of channels", "the result for (2"),
]
