from torch import nn


class Skip(nn.Module):
    def __init__(self, body, shortcut):
        super().__init__()
        self.body, self.shortcut = body, shortcut

    def forward(self, x):
        return self.body(x) + self.shortcut(x)


def given_size(n, kernel, stride, padding, dilation):
    return (n + 2 * padding - kernel) // stride + 1


def kernel_times_dilation(n, kernel, stride, padding, dilation):
    return (n + 2 * padding - kernel * dilation) // stride + 1


def not_rounded(n, kernel, stride, padding, dilation):
    return (n + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1


def two_sizes(n, kernel, stride, padding, dilation):
    return (n, n)


def given_field(layers): ...


def no_strides(layers):
    return 1 + sum(kernel - 1 for kernel, _ in layers)


def own_stride(layers):
    field, step = 1, 1
    for kernel, stride in layers:
        step *= stride
        field += (kernel - 1) * step
    return field


def of_the_last_two(layers):
    return sum(kernel for kernel, _ in layers[-2:])


def given_fire(inputs, squeeze, expand1, expand3): ...


def no_biases(inputs, squeeze, expand1, expand3):
    return inputs * squeeze + squeeze * expand1 + 9 * squeeze * expand3


def one_after_the_other(inputs, squeeze, expand1, expand3):
    return (inputs + 1) * squeeze + (squeeze + 1) * expand1 + (9 * expand1 + 1) * expand3


def product(inputs, squeeze, expand1, expand3):
    return inputs * squeeze * expand1 * expand3


def given_skip(body, inputs, outputs, stride):
    shortcut = nn.Identity() if inputs == outputs else nn.Conv2d(inputs, outputs, 1, stride)
    return Skip(body, shortcut)


def always_projected(body, inputs, outputs, stride):
    return Skip(body, nn.Conv2d(inputs, outputs, 1, stride))


def no_stride(body, inputs, outputs, stride):
    return Skip(body, nn.Identity() if (inputs, stride) == (outputs, 1) else nn.Conv2d(inputs, outputs, 1))


def every_second_pixel(body, inputs, outputs, stride):
    if inputs == outputs and stride == 1:
        return Skip(body, nn.Identity())
    if inputs == outputs:
        return Skip(body, nn.MaxPool2d(1, stride))
    return Skip(body, nn.Conv2d(inputs, outputs, 1, stride))


def as_a_function(body, inputs, outputs, stride):
    return lambda x: body(x) + x


def in_threes(body, inputs, outputs, stride):
    if inputs == outputs and stride == 1:
        return Skip(body, nn.Identity())
    return Skip(body, nn.Conv2d(inputs, outputs, 3, stride, padding=1))


UNTOUCHED = {
    "convnets.size": given_size,
    "convnets.field": given_field,
    "convnets.fire": given_fire,
    "convnets.skip": given_skip,
}
WRONG = {
    "convnets.size": [
        (given_size, "you leave dilation out"),
        (kernel_times_dilation, "only these become wider"),
        (not_rounded, "round down"),
        (two_sizes, "expected a number"),
    ],
    "convnets.field": [
        (no_strides, "you leave the strides out"),
        (own_stride, "not for itself"),
        (of_the_last_two, "you return"),
    ],
    "convnets.fire": [
        (no_biases, "the biases are missing"),
        (one_after_the_other, "side by side"),
        (product, "three convolutions"),
    ],
    "convnets.skip": [
        (given_skip, "the module raises RuntimeError"),
        (always_projected, "the skip is the input itself"),
        (no_stride, "the module raises RuntimeError"),
        (every_second_pixel, "the shortcut has no weights"),
        (in_threes, "looks at more pixels"),
        (as_a_function, "expected an nn.Module"),
    ],
}
