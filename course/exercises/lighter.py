"""The exercises of notebook 26_lighter."""

import copy

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course.exercises.exercise import (
    Exercise,
    Mistake,
    as_number,
    call,
    call_cases,
    expect_like,
    explain,
    first_wrong,
    near,
)

BLOCKS = ((10, 7, 6), (64, 32, 6), (5, 3, 1), (8, 4, 0), (1, 1, 3), (12, 2, 9))


def check_dense(answer: object) -> None:
    right = [dense_weights(*case) for case in BLOCKS]
    results = call_cases(answer, BLOCKS, WRONG_DENSE, 1e-9, right, as_number)
    if near(results, right, 1e-9):
        return
    explain(results, BLOCKS, WRONG_DENSE, 1e-9)
    place = first_wrong(results, right, 1e-9)
    raise Mistake(
        f"for inputs, growth, layers = {BLOCKS[place]} you return {results[place]:,.0f}, expected {right[place]:,}: "
        "write down what each layer sees."
    )


def dense_weights(inputs, growth, layers):
    total = 0
    for layer in range(layers):
        seen = inputs + layer * growth
        total += 9 * seen * growth
    return total


WRONG_DENSE = (
    (
        lambda i, g, n: 9 * n * i * g,
        "each layer sees as much as the first: expected that it sees the added channels, too.",
    ),
    (
        lambda i, g, n: sum((i + k * g) * g for k in range(n)),
        "a 3x3 kernel has 9 weights for each pair of channels.",
    ),
    (
        lambda i, g, n: sum(9 * (i + (k + 1) * g) * g for k in range(n)),
        "a layer does not see what it adds itself: the first sees `inputs` channels.",
    ),
    (
        lambda i, g, n: sum(9 * (i + k * g) * g + g for k in range(n)),
        "you count biases, and there are none.",
    ),
    (
        lambda i, g, n: sum(9 * (i + k * g) * (i + (k + 1) * g) for k in range(n)),
        "a layer makes only `growth` channels: the others are handed on, without weights.",
    ),
    (
        lambda i, g, n: 9 * i * g + 9 * (n - 1) * g * g,
        "each layer sees only what the one before added: expected all channels so far.",
    ),
)

OPTIMIZERS = (
    ("SGD", lambda weight: torch.optim.SGD([weight], lr=0.1)),
    ("SGD with momentum", lambda weight: torch.optim.SGD([weight], lr=0.1, momentum=0.9)),
    ("Adam", lambda weight: torch.optim.Adam([weight], lr=0.05)),
)
STEPS = 3


def check_mask(answer: object) -> None:
    for name, make in OPTIMIZERS:
        for shape in ((3, 4), (5,)):
            _check_mask(answer, name, make, shape)


def _check_mask(answer: object, name: str, make, shape: tuple[int, ...]) -> None:
    dice = torch.Generator().manual_seed(len(shape))
    start, goal = (torch.randn(shape, generator=dice) for _ in range(2))
    mask = torch.ones(shape)
    mask.view(-1)[::2] = 0
    weights = [(start * mask).requires_grad_() for _ in range(2)]
    ours, theirs = (make(weight) for weight in weights)
    for step in range(1, STEPS + 1):
        said = f"with {name}, after step {step}"
        masked_step(weights[0], mask, ours, lambda weight: _loss(weight, goal))
        given = mask.clone()
        value = call(answer, weights[1], given, theirs, lambda weight: _loss(weight, goal))
        if not near(given, mask):
            raise Mistake("your function changes the mask: it must stay as it is, for the next step.")
        if not isinstance(value, Tensor):
            raise Mistake(f"you return a {type(value).__name__}, expected the weight, a tensor.")
        expect_like("the weight", value.detach(), weights[0].detach())
        _compare_weights(value.detach(), weights[0].detach(), mask, said)
        _compare_weights(weights[1].detach(), weights[0].detach(), mask, f"{said}, in the weight that was given")


def _loss(weight: Tensor, goal: Tensor) -> Tensor:
    return (weight.sum() * 0.1 + weight - goal).square().mean()


def _compare_weights(value: Tensor, right: Tensor, mask: Tensor, said: str) -> None:
    if near(value * mask, torch.zeros_like(value)) and not near(value, torch.zeros_like(value)):
        raise Mistake(f"{said}, the weights are 0 where the mask is 1: you have it upside down.")
    if not near(value * (1 - mask), torch.zeros_like(value)):
        raise Mistake(f"{said}, weights have come back where the mask is 0: what was the last to change them?")
    if near(value, torch.zeros_like(value)):
        raise Mistake(f"{said}, all weights are 0: keep those where the mask is 1.")
    if not near(value, right, 1e-5):
        raise Mistake(f"{said}, the weights that are kept differ from what one step of the optimizer makes of them.")


def masked_step(weight, mask, optimizer, loss_fn):
    optimizer.zero_grad()
    loss_fn(weight).backward()
    optimizer.step()
    with torch.no_grad():
        weight.mul_(mask)
    return weight


CASES = ((6, 0.1), (1, 0.5), (9, 1.0))  # images, and the rate


def check_body_still(answer: object) -> None:
    for images, lr in CASES:
        _check_body_still(answer, images, lr)


def _check_body_still(answer: object, images: int, lr: float) -> None:
    dice = torch.Generator().manual_seed(images)
    body = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.Flatten())
    head = nn.Linear(18, 3)
    with torch.no_grad():
        for weight in (*body.parameters(), *head.parameters(), body[1].running_mean, body[1].running_var):
            weight.copy_(torch.rand(weight.shape, generator=dice) + 0.1)
    for weight in head.parameters():
        weight.grad = torch.ones_like(weight)  # left from before
    x = torch.randn(images, 1, 5, 5, generator=dice)
    y = torch.arange(images) % 3
    right = train_head(copy.deepcopy(body), copy.deepcopy(head), x, y, lr)
    before = copy.deepcopy(body.state_dict())
    drawn = copy.deepcopy(head.state_dict())
    value = call(answer, body, head, x.clone(), y.clone(), lr)
    if not isinstance(value, nn.Module):
        raise Mistake(f"you return a {type(value).__name__}, expected the head.")
    _check_still(body, before)
    found = value.state_dict()
    if found.keys() != drawn.keys():
        raise Mistake(f"you return a {type(value).__name__}, expected the head, a Linear.")
    if all(near(found[name], drawn[name]) for name in drawn):
        raise Mistake("the head has not changed: it alone shall take a step.")
    if not all(near(found[name], numbers, 1e-5) for name, numbers in right.state_dict().items()):
        raise Mistake(
            "the body stays as it is, but the head takes another step than expected: "
            "which means and variances does the batch norm use?"
        )


def _check_still(body: nn.Module, before: dict[str, Tensor]) -> None:
    trained = {name for name, _ in body.named_parameters()}
    for name, numbers in body.state_dict().items():
        if near(numbers, before[name], 1e-9):
            continue
        if name in trained:
            raise Mistake(f"the body's {name} has changed: only the head shall learn.")
        raise Mistake(
            f"the body's {name} has changed. It is no parameter: in which mode does a batch norm renew what it stores?"
        )


def train_head(body, head, x, y, lr):
    body.requires_grad_(False)
    body.eval()
    head.train()
    optimizer = torch.optim.SGD(head.parameters(), lr=lr)
    optimizer.zero_grad()
    F.cross_entropy(head(body(x)), y).backward()
    optimizer.step()
    return head


EXERCISES: dict[str, Exercise] = {
    "lighter.dense": Exercise(
        check_dense,
        "The weights grow with the square of the number of layers: a reason for short blocks.",
        (
            "The first layer sees `inputs` channels. How many does the second see?",
            "Layer k, counted from 0, sees `inputs + k * growth` channels.",
            "Add up `9 * (inputs + k * growth) * growth` over all layers.",
        ),
        dense_weights,
    ),
    "lighter.mask": Exercise(
        check_mask,
        "A mask has to have the last word: an optimizer moves what it likes, by momentum even without a gradient.",
        (
            "Print the weight before and after `optimizer.step()`.",
            "The gradient is not 0 where the mask is.",
            "Multiply by the mask after the step.",
        ),
        masked_step,
    ),
    "lighter.frozen": Exercise(
        check_body_still,
        "Parameters are what an optimizer changes. Buffers change in the forward pass.",
        (
            "Compare `body.state_dict()` before and after.",
            "`requires_grad_(False)` stops gradients. A batch norm's running mean does not need one.",
            "The body belongs into `eval` mode.",
        ),
        train_head,
    ),
}
