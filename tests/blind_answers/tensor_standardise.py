"""Answers to tensor.standardise, written from its text alone."""

from functools import partial

import torch

# ---- wrong


def no_keepdim(images):
    return (images - images.mean(dim=(0, 2, 3))) / images.std(dim=(0, 2, 3))


def channels_of_each_image(images):
    mean = images.mean(dim=(2, 3), keepdim=True)
    std = images.std(dim=(2, 3), keepdim=True)
    return (images - mean) / std


def over_channels(images):
    mean = images.mean(dim=1, keepdim=True)
    std = images.std(dim=1, keepdim=True)
    return (images - mean) / std


def each_pixel_over_batch(images):
    mean = images.mean(dim=0, keepdim=True)
    std = images.std(dim=0, keepdim=True)
    return (images - mean) / std


def whole_block(images):
    return (images - images.mean()) / images.std()


def whole_images(images):
    mean = images.mean(dim=(1, 2, 3), keepdim=True)
    std = images.std(dim=(1, 2, 3), keepdim=True)
    return (images - mean) / std


def in_place(images):
    images -= images.mean(dim=(0, 2, 3), keepdim=True)
    images /= images.std(dim=(0, 2, 3), keepdim=True)
    return images


def view_is_no_copy(images):
    out = images.view(images.shape)
    for c in range(images.shape[1]):
        channel = out[:, c]
        out[:, c] = (channel - channel.mean()) / channel.std()
    return out


def reshape_mixes_images_and_channels(images):
    b, c, h, w = images.shape
    rows = images.reshape(c, b * h * w)
    rows = (rows - rows.mean(dim=1, keepdim=True)) / rows.std(dim=1, keepdim=True)
    return rows.reshape(b, c, h, w)


def divides_by_variance(images):
    mean = images.mean(dim=(0, 2, 3), keepdim=True)
    return (images - mean) / images.var(dim=(0, 2, 3), keepdim=True)


def three_channels_only(images):
    out = images.clone()
    for c in range(min(3, images.shape[1])):
        out[:, c] = (images[:, c] - images[:, c].mean()) / images[:, c].std()
    return out


def mean_of_image_deviations(images):
    mean = images.mean(dim=(0, 2, 3), keepdim=True)
    std = images.std(dim=(2, 3), keepdim=True).mean(dim=0, keepdim=True)
    return (images - mean) / std


def channel_first_and_left_so(images):
    rows = images.transpose(0, 1).flatten(1)
    rows = (rows - rows.mean(dim=1, keepdim=True)) / rows.std(dim=1, keepdim=True)
    return rows.reshape(images.shape[1], images.shape[0], *images.shape[2:])


def last_dimension_as_channel(images):
    mean = images.mean(dim=(0, 1, 2), keepdim=True)
    std = images.std(dim=(0, 1, 2), keepdim=True)
    return (images - mean) / std


# ---- right


def keepdim(images):
    mean = images.mean(dim=(0, 2, 3), keepdim=True)
    std = images.std(dim=(0, 2, 3), keepdim=True)
    return (images - mean) / std


def channel_by_channel(images):
    out = torch.empty_like(images)
    for c in range(images.shape[1]):
        channel = images[:, c]
        out[:, c] = (channel - channel.mean()) / channel.std()
    return out


def flat_channels(images: torch.Tensor) -> torch.Tensor:
    rows = images.transpose(0, 1).reshape(images.shape[1], -1)
    std, mean = torch.std_mean(rows, dim=1)
    return (images - mean[None, :, None, None]) / std[None, :, None, None]


def clone_then_in_place(images):
    def shaped(numbers):
        return numbers.view(1, -1, 1, 1)

    out = images.clone()
    out -= shaped(out.mean(dim=(0, -1, -2)))
    out /= shaped(out.std(dim=(0, -1, -2)))
    return out


def with_numpy(images):
    array = images.detach().cpu().numpy()
    mean = array.mean(axis=(0, 2, 3), keepdims=True)
    std = array.std(axis=(0, 2, 3), keepdims=True)
    return torch.from_numpy((array - mean) / std)


def list_of_channels(deviation, images):
    channels = [(c - c.mean()) / deviation(c) for c in images.unbind(1)]
    print("channels:", len(channels))
    return torch.stack(channels, dim=1)


WRONG = [
    (
        no_keepdim,
        "(C,) meets W, not C: an error, or a wrong fit for C == W or C == 1",
        "the mean of channel 0 went to column 0, that of",
    ),
    (
        channels_of_each_image,
        "each image by itself, not over the batch",
        "every channel of every image is standardised by",
    ),
    (over_channels, "along the channels", "you average over the channels, which mixes them"),
    (each_pixel_over_batch, "each pixel over the batch", "every pixel is standardised by itself, expected each"),
    (whole_block, "one mean for all channels", "all channels share one mean and one standard"),
    (whole_images, "one mean for each image", "every image is standardised by itself, expected every"),
    (in_place, "changes its argument", "your function changes its argument images: make a new"),
    (
        view_is_no_copy,
        "right numbers, but a view: changes its argument",
        "your function changes its argument images: make a new",
    ),
    (
        reshape_mixes_images_and_channels,
        "reshape where a transpose is needed",
        "expected 0 and 1: print the shapes of your mean and",
    ),
    (divides_by_variance, "divides by the variance", "the channels are divided by their variance, expected"),
    (three_channels_only, "hard-coded three channels", "expected 0 and 1: print the shapes of your mean and"),
    (
        mean_of_image_deviations,
        "mean of the images' deviations is not the batch's",
        "expected 0 and 1: divide by that of all numbers of",
    ),
    (
        channel_first_and_left_so,
        "right numbers, but of shape (C, B, H, W)",
        "the result has shape (4, 3, 5, 4), expected (3, 4, 5",
    ),
    (
        last_dimension_as_channel,
        "takes the last dimension for the channel",
        "expected 0 and 1: print the shapes of your mean and",
    ),
]
RIGHT = [
    (keepdim, "mean and std with keepdim"),
    (channel_by_channel, "a loop over the channels into a new tensor"),
    (flat_channels, "std_mean of transposed rows, annotated"),
    (clone_then_in_place, "in place on a clone, negative dimensions, nested helper"),
    (with_numpy, "computed by NumPy (std divides by N, not N - 1), a tensor again"),
    (
        partial(list_of_channels, lambda c: ((c - c.mean()) ** 2).mean().sqrt()),
        "functools.partial, unbind/stack, a print",
    ),
]
