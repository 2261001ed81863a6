import torch


def untouched_standardise(images): ...


def one_pair_for_all(images):
    return (images - images.mean()) / images.std()


def each_image(images):
    return (images - images.mean((1, 2, 3), keepdim=True)) / images.std((1, 2, 3), keepdim=True)


def each_image_and_channel(images):
    return (images - images.mean((2, 3), keepdim=True)) / images.std((2, 3), keepdim=True)


def each_pixel(images):
    return (images - images.mean(0)) / images.std(0)


def over_the_channels(images):
    return (images - images.mean(1, keepdim=True)) / images.std(1, keepdim=True)


def no_keepdim(images):
    return (images - images.mean((0, 2, 3))) / images.std((0, 2, 3))


def no_division(images):
    return images - images.mean((0, 2, 3), keepdim=True)


def no_subtraction(images):
    return images / images.std((0, 2, 3), keepdim=True)


def variance(images):
    return (images - images.mean((0, 2, 3), keepdim=True)) / images.var((0, 2, 3), keepdim=True)


def no_brackets(images):
    return images - images.mean((0, 2, 3), keepdim=True) / images.std((0, 2, 3), keepdim=True)


def in_place(images):
    images -= images.mean((0, 2, 3), keepdim=True)
    images /= images.std((0, 2, 3), keepdim=True)
    return images


def mean_only(images):
    return images.mean((0, 2, 3), keepdim=True)


def to_numpy(images):
    return images.numpy()


def lines_up_with_rows(images):
    return (images - images.mean((0, 2, 3))[:, None]) / images.std((0, 2, 3))[:, None]


def squares(images):
    mean = images.mean((0, 2, 3), keepdim=True)
    return (images - mean) / (images**2).mean((0, 2, 3), keepdim=True).sqrt()


def untouched_loss(y_pred, y):
    return ((y_pred - y) ** 2).mean()


def row_against_column(y_pred, y):
    return ((y_pred - y[None, :]) ** 2).mean()


def item(y_pred, y):
    return ((y_pred - y[:, None]) ** 2).mean().item()


def in_place_shape(y_pred, y):
    return ((y_pred - y.unsqueeze_(1)) ** 2).mean()


def no_mean(y_pred, y):
    return (y_pred - y) ** 2


def one_each(y_pred, y):
    return (y_pred.squeeze(1) - y) ** 2


def detached(y_pred, y):
    return ((y_pred.detach()[:, 0] - y) ** 2).mean()


def summed(y_pred, y):
    return ((y_pred[:, 0] - y) ** 2).sum()


def absolute(y_pred, y):
    return (y_pred[:, 0] - y).abs().mean()


def no_square(y_pred, y):
    return (y_pred[:, 0] - y).mean()


def square_of_mean(y_pred, y):
    return (y_pred[:, 0] - y).mean() ** 2


def norm(y_pred, y):
    return (y_pred[:, 0] - y).norm()


def means_first(y_pred, y):
    return ((y_pred - y).mean(1) ** 2).mean()


def diagonal(y_pred, y):
    return ((y_pred - y).diagonal() ** 2).mean()


def untouched_strides(shape): ...


def reversed_strides(shape):
    return tuple(reversed(torch.empty(shape, device="meta").stride()))


def sizes_behind(shape):
    return (*shape[1:], 1)


def one_too_many(shape):
    return (0, *torch.empty(shape, device="meta").stride())


def all_ones(shape):
    return (1,) * len(shape)


def a_real_one(shape):
    return torch.empty(shape).stride()


def a_number(shape):
    return 1


UNTOUCHED = {
    "tensor.strides": untouched_strides,
    "tensor.standardise": untouched_standardise,
    "tensor.loss": untouched_loss,
}
WRONG = {
    "tensor.strides": [
        (reversed_strides, "it is the last index that goes one cell ahead"),
        (sizes_behind, "each stride is only the next size"),
        (one_too_many, "you return 3 strides for the shape (3, 4), expected 2"),
        (all_ones, "for the shape (3, 4) you return (1, 1), expected (4, 1)"),
        (a_real_one, "your function raises RuntimeError in its line `return torch.empty(shape).stride()`"),
        (a_number, "you return a int for the shape (3, 4), expected a tuple"),
    ],
    "tensor.standardise": [
        (one_pair_for_all, "all channels share one mean"),
        (each_image, "every image is standardised by itself"),
        (each_image_and_channel, "every channel of every image"),
        (each_pixel, "every pixel is standardised by itself"),
        (over_the_channels, "which mixes them"),
        (no_keepdim, "as many columns as channels"),
        (no_division, "the division is missing"),
        (no_subtraction, "the subtraction is missing"),
        (variance, "expected its square root"),
        (no_brackets, "only the mean is divided"),
        (in_place, "changes its argument images"),
        (mean_only, "the result has shape (1, 4, 1, 1), expected (3, 4, 5, 4)"),
        (to_numpy, "the result is a ndarray, expected a Tensor"),
        (lines_up_with_rows, "RuntimeError in its line `return (images - images.mean("),
        (squares, "print the shapes of your mean"),
    ],
    "tensor.loss": [
        (row_against_column, "four perfect predictions get 2.5, expected 0."),
        (item, "the loss is a float, expected a tensor"),
        (in_place_shape, "changes its argument y"),
        (no_mean, "every prediction against every target"),
        (one_each, "the loss has shape (4,), expected ()"),
        (detached, "nothing could be trained with it"),
        (summed, "the squares are summed"),
        (absolute, "the mean of the distances"),
        (no_square, "the square is gone"),
        (square_of_mean, "this squares the mean"),
        (norm, "the root of the sum of squares"),
        (means_first, "your loss is"),
        (diagonal, "N times N differences"),
    ],
}
