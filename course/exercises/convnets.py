"""The exercises of notebook 21_convnets."""

import torch
from torch import Tensor, nn

from course.exercises.exercise import (
    Exercise,
    Mistake,
    as_number,
    call,
    call_cases,
    describe_error,
    explain,
    first_wrong,
    near,
)

SIZES = (  # n, kernel, stride, padding, dilation
    (28, 3, 1, 1, 1),
    (28, 3, 1, 0, 2),
    (28, 5, 3, 2, 3),
    (10, 4, 2, 1, 2),
    (7, 1, 2, 0, 5),
    (9, 3, 2, 0, 4),
    (30, 6, 5, 3, 2),
)


def check_size(answer: object) -> None:
    right = [output_size(*case) for case in SIZES]
    results = call_cases(answer, SIZES, WRONG_SIZE, 1e-6, right, as_number)
    if near(results, right):
        return
    explain(results, SIZES, WRONG_SIZE)
    place = first_wrong(results, right)
    raise Mistake(
        f"for n, kernel, stride, padding, dilation = {SIZES[place]} you return {results[place]:g}, "
        f"expected {right[place]}: how far are the first and the last pixel apart that the kernel looks at?"
    )


def output_size(n, kernel, stride, padding, dilation):
    width = dilation * (kernel - 1) + 1
    return (n + 2 * padding - width) // stride + 1


def _size_of(width):
    """Return a wrong answer that takes the kernel for so wide."""
    return lambda n, k, s, p, d: (n + 2 * p - width(k, d)) // s + 1


WRONG_SIZE = (
    (_size_of(lambda k, d: k), "you leave dilation out: it pulls the pixels apart at which the kernel looks."),
    (
        _size_of(lambda k, d: d * k),
        "a kernel of k pixels has k - 1 gaps, and only these become wider: it is not dilation times as wide.",
    ),
    (
        _size_of(lambda k, d: d * (k - 1)),
        "the kernel is one pixel wider than the distance from its first to its last: with 1x1 you would count none.",
    ),
    (
        _size_of(lambda k, d: k + d * (k - 1)),
        "dilation 1 is what you had before, with no pixels skipped: it adds dilation - 1 to each gap.",
    ),
    (_size_of(lambda k, d: k + d - 1), "you make one gap wider, expected all k - 1 gaps."),
    (
        lambda n, k, s, p, d: (n + 2 * p - d * (k - 1) - 1) / s + 1,
        "your size is no whole number where something is left over: round down before the 1 is added.",
    ),
    (
        lambda n, k, s, p, d: -(-(n + 2 * p - d * (k - 1) - 1) // s) + 1,
        "you round up: what is left over at the end is too short for one more step.",
    ),
    (
        lambda n, k, s, p, d: (n + p - d * (k - 1) - 1) // s + 1,
        "zeros are padded at both sides: count padding twice.",
    ),
)

STACKS = (
    [(3, 1), (3, 1), (3, 1)],
    [(3, 2), (3, 2), (5, 1), (2, 3), (1, 1)],
    [],
    [(7, 4)],
    [(2, 2), (1, 1), (3, 1)],
    [(2, 2), (2, 2), (2, 2)],
)


def check_field(answer: object) -> None:
    cases = [(stack,) for stack in STACKS]
    right = [receptive_field(stack) for stack in STACKS]
    results = call_cases(answer, cases, WRONG_FIELD, 1e-6, right, as_number)
    if near(results, right):
        return
    explain(results, cases, WRONG_FIELD)
    place = first_wrong(results, right)
    raise Mistake(f"for {STACKS[place]} you return {results[place]:g}, expected {right[place]}.")


def receptive_field(layers):
    field, step = 1, 1
    for kernel, stride in layers:
        field += (kernel - 1) * step
        step *= stride
    return field


def _field(layers, begin=1, own_first=False, taken=1):
    field, step = begin, 1
    for kernel, stride in layers:
        step *= stride if own_first else 1
        field += (kernel - taken) * step
        step *= 1 if own_first else stride
    return field


def _by_last_stride(layers):
    field, before = 1, 1
    for kernel, stride in layers:
        field += (kernel - 1) * before
        before = stride
    return field


WRONG_FIELD = (
    (
        lambda layers: 1 + sum(kernel - 1 for kernel, _ in layers),
        "you leave the strides out: after a stride of 2, neighbours are 2 pixels of the image apart.",
    ),
    (
        lambda layers: _field(layers, own_first=True),
        "a layer's own stride parts its outputs: it counts for the layers after it, not for itself.",
    ),
    (
        lambda layers: _field(layers[::-1]),
        "you go through the layers from the last to the first: the first sees the image.",
    ),
    (lambda layers: _field(layers, begin=0), "without any layer a pixel sees itself: begin with 1."),
    (
        lambda layers: _field(layers, taken=0),
        "a kernel of k pixels adds k - 1 steps: its first was there already.",
    ),
    (_by_last_stride, "strides multiply: after two strides of 2, neighbours are 4 pixels of the image apart."),
    (
        lambda layers: 1 + sum((kernel - 1) * stride for kernel, stride in layers),
        "you multiply each layer by its own stride: expected the product of all strides before it.",
    ),
)

FIRES = ((96, 16, 64, 48), (5, 2, 3, 4), (64, 8, 8, 32), (1, 1, 1, 1))


def check_fire(answer: object) -> None:
    right = [fire_weights(*case) for case in FIRES]
    results = call_cases(answer, FIRES, WRONG_FIRE, 1e-9, right, as_number)
    if near(results, right, 1e-9):
        return
    explain(results, FIRES, WRONG_FIRE, 1e-9)
    place = first_wrong(results, right, 1e-9)
    raise Mistake(
        f"for inputs, squeeze, expand1, expand3 = {FIRES[place]} you return {results[place]:,.0f}, "
        f"expected {right[place]:,}: three convolutions, each with its biases."
    )


def fire_weights(inputs, squeeze, expand1, expand3):
    squeezing = inputs * squeeze + squeeze
    small = squeeze * expand1 + expand1
    large = squeeze * expand3 * 9 + expand3
    return squeezing + small + large


WRONG_FIRE = (
    (
        lambda i, s, e1, e3: i * s + s * e1 + 9 * s * e3,
        "the biases are missing: each output channel of the three convolutions has one.",
    ),
    (
        lambda i, s, e1, e3: i * s + s + s * e1 + e1 + s * e3 + e3,
        "a 3x3 kernel has 9 weights for each pair of channels.",
    ),
    (
        lambda i, s, e1, e3: i * s + s + s * e1 + e1 + 3 * s * e3 + e3,
        "a 3x3 kernel has 9 weights for each pair of channels, not 3.",
    ),
    (
        lambda i, s, e1, e3: i * s + s + i * e1 + e1 + 9 * i * e3 + e3,
        "the two that expand see what was squeezed, not the input.",
    ),
    (
        lambda i, s, e1, e3: i * s + s + s * e1 + e1 + 9 * e1 * e3 + e3,
        "the two that expand stand side by side: the 3x3 sees what was squeezed, not what the 1x1 made of it.",
    ),
    (
        lambda i, s, e1, e3: 9 * i * s + s + s * e1 + e1 + 9 * s * e3 + e3,
        "the convolution that squeezes is 1x1.",
    ),
    (lambda i, s, e1, e3: s * e1 + e1 + 9 * s * e3 + e3, "the convolution that squeezes has weights, too."),
    (
        lambda i, s, e1, e3: i * s + s + 9 * s * e1 + e1 + s * e3 + e3,
        "you have taken the 1x1 and the 3x3 for each other: expand3 channels come from the 3x3.",
    ),
    (
        lambda i, s, e1, e3: i * s + s + s * e1 + 9 * s * e3 + (e1 + e3) * s,
        "a convolution has one bias for each output channel, whatever comes in.",
    ),
)


class Skip(nn.Module):
    """Add the input, or what a shortcut makes of it, to what a body makes of it."""

    def __init__(self, body, shortcut):
        super().__init__()
        self.body, self.shortcut = body, shortcut

    def forward(self, x):
        return self.body(x) + self.shortcut(x)


class _Body(nn.Module):
    """Stands for the body of a block: gives maps of a fixed number, of the size that the stride leaves."""

    def __init__(self, outputs: int, stride: int) -> None:
        super().__init__()
        self.outputs, self.stride = outputs, stride
        self.level = nn.Parameter(torch.tensor(-2.0))

    def forward(self, x: Tensor) -> Tensor:
        return self.level.expand(len(x), self.outputs, *(-(-side // self.stride) for side in x.shape[2:]))


BLOCKS = ((4, 4, 1, 6), (4, 8, 1, 6), (4, 8, 2, 7), (4, 4, 2, 7), (4, 4, 2, 2), (6, 3, 3, 8))  # and the map's side


def check_skip(answer: object) -> None:
    for block in BLOCKS:
        _check_skip(answer, *block)


def _check_skip(answer: object, inputs: int, outputs: int, stride: int, side: int) -> None:
    said = f"with inputs, outputs, stride = {inputs}, {outputs}, {stride}"
    body = _Body(outputs, stride)
    module = call(answer, body, inputs, outputs, stride)
    if not isinstance(module, nn.Module):
        raise Mistake(f"you return a {type(module).__name__}, expected an nn.Module, such as Skip.")
    module.eval()
    generator = torch.Generator().manual_seed(side)
    x = torch.randn(2, inputs, side, side, generator=generator)
    added = body(x).detach()
    output = _run(module, x, said)
    if output.shape != added.shape:
        raise Mistake(
            f"{said}, x of {tuple(x.shape)} becomes {tuple(output.shape)}, expected {tuple(added.shape)}, "
            "as the body gives it: which shape has the shortcut?"
        )
    if near(output, added):
        raise Mistake(f"{said}, only the body comes out: where is the skip?")
    shortcut = output - added
    if (inputs, 1) == (outputs, stride):
        _check_identity(x, shortcut, output, added, said)
    else:
        _check_projection(module, body, x, shortcut, stride, said)


def _run(module: nn.Module, x: Tensor, said: str) -> Tensor:
    try:
        output = module(x)
    except Exception as error:
        raise Mistake(
            f"{said}, and maps of {x.shape[2]}x{x.shape[3]}, the module raises {describe_error(error)}."
        ) from None
    if not isinstance(output, Tensor):
        raise Mistake(f"{said}, the module gives a {type(output).__name__}, expected a tensor.")
    return output.detach()


def _check_identity(x: Tensor, shortcut: Tensor, output: Tensor, added: Tensor, said: str) -> None:
    if near(shortcut, x, 1e-5):
        return
    if near(output, x, 1e-5) or near(output, x.relu(), 1e-5):
        raise Mistake(f"{said}, only the input comes out: add what the body makes of it.")
    if near(output, (x + added).relu(), 1e-5):
        raise Mistake("a ReLU follows the sum: here it belongs to what comes after the block.")
    raise Mistake(f"{said}, the body keeps the shape: then the skip is the input itself, untouched.")


def _check_projection(module: nn.Module, body: nn.Module, x: Tensor, shortcut: Tensor, stride: int, said: str) -> None:
    own = {id(weight) for weight in body.parameters()}
    if all(id(weight) in own for weight in module.parameters()):
        raise Mistake(f"{said}, the shortcut has no weights to train, expected those of a 1x1 convolution.")
    at = (..., slice(0, None, stride), slice(0, None, stride))
    other = torch.zeros_like(x)
    other[at] = x[at]  # a 1x1 convolution with this stride never looks at the other pixels
    seen = _run(module, other, said) - body(x).detach()
    if not near(seen, shortcut, 1e-5):
        raise Mistake(f"{said}, the shortcut looks at more pixels than a 1x1 convolution with the body's stride.")


def add_skip(body, inputs, outputs, stride):
    if inputs == outputs and stride == 1:
        shortcut = nn.Identity()
    else:
        shortcut = nn.Conv2d(inputs, outputs, 1, stride)
    return Skip(body, shortcut)


EXERCISES: dict[str, Exercise] = {
    "convnets.size": Exercise(
        check_size,
        "A kernel of three pixels that looks at every second one is five pixels wide, for the price of three.",
        (
            "Only the width of the kernel changes. Draw three pixels, and leave one out between each two.",
            "A kernel of k pixels has k - 1 gaps, each `dilation` long.",
            "It is `dilation * (kernel - 1) + 1` pixels wide.",
        ),
        output_size,
    ),
    "convnets.field": Exercise(
        check_field,
        "A stride widens all that comes after it: so deep networks see far with small kernels.",
        (
            "Keep two numbers: how wide the field is, and how far apart two neighbours of this layer are in the image.",
            "Both begin at 1. A layer adds (kernel - 1) of those distances to the field.",
            "Only then multiply the distance by the layer's stride.",
        ),
        receptive_field,
    ),
    "convnets.fire": Exercise(
        check_fire,
        "Most weights are in the 3x3, and what was squeezed keeps them few.",
        (
            "There are three convolutions. Which of them sees the input?",
            "A convolution has inputs x outputs x kernel area weights, and a bias for each output.",
            "The two that expand both take `squeeze` channels; only one of them has 9 weights for each pair.",
        ),
        fire_weights,
    ),
    "convnets.skip": Exercise(
        check_skip,
        "Broadcasting would have added a map of one pixel to a map of four, and nobody would have been told.",
        (
            "Try it with 4 channels in, 4 out, and stride 2. What shape has the body's output, what shape has x?",
            "A stride changes the shape as well as a change of channels does.",
            "The input may go through untouched only if `inputs == outputs and stride == 1`.",
        ),
        add_skip,
    ),
}
