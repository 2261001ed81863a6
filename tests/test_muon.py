import math

import pytest
import torch
from torch import nn

from course.speedrun import Muon, orthogonalize


def matrix(rows, columns, singular_values, seed=0):
    """A matrix with these singular values, and its two rotations."""
    generator = torch.Generator().manual_seed(seed)
    size = len(singular_values)
    left, right = (torch.linalg.qr(torch.randn(n, size, generator=generator))[0] for n in (rows, columns))
    return left @ torch.diag(torch.tensor(singular_values)) @ right.T, left, right


def stepped(start, grads, **arguments):
    """Where a weight is after one step a gradient."""
    weight = nn.Parameter(start.clone())
    optimizer = Muon([weight], **arguments)
    for grad in grads:
        weight.grad = grad.clone()
        optimizer.step()
    return weight.detach()


@pytest.mark.parametrize("rows, columns", [(4, 9), (9, 4), (4, 4)])
def test_singular_values_go_near_1_and_singular_vectors_stay(rows, columns):
    m, left, right = matrix(rows, columns, [5.0, 2.0, 1.0, 0.2])
    result = orthogonalize(m)
    inner = left.T @ result @ right  # diagonal, if the vectors are the same
    assert torch.allclose(inner, torch.diag(inner.diag()), atol=1e-5)
    assert (0.6 < inner.diag()).all() and (inner.diag() < 1.3).all()
    assert torch.allclose(left @ inner @ right.T, result, atol=1e-5)  # nothing beside these four directions


def test_each_singular_value_takes_the_steps_of_the_polynomial():
    m, left, right = matrix(3, 5, [4.0, 2.0, 0.5])
    norm = math.sqrt(4.0**2 + 2.0**2 + 0.5**2)
    values = [4.0 / norm, 2.0 / norm, 0.5 / norm]
    for _ in range(2):
        values = [3.4445 * v - 4.7750 * v**3 + 2.0315 * v**5 for v in values]
    assert (left.T @ orthogonalize(m, steps=2) @ right).diag().tolist() == pytest.approx(values, abs=1e-5)


def test_five_steps_keep_their_bounds_over_two_orders_of_magnitude():
    values = torch.linspace(0.01, 1, 1000)
    for _ in range(5):
        values = 3.4445 * values - 4.7750 * values**3 + 2.0315 * values**5
    assert 0.6 < values.min() and values.max() < 1.3


def test_a_matrix_of_zeros_stays_zero():
    assert torch.equal(orthogonalize(torch.zeros(3, 2)), torch.zeros(3, 2))


def test_a_vector_takes_steps_of_length_lr():
    after = stepped(torch.zeros(2), [torch.tensor([3.0, 4.0])], lr=0.5)
    assert after.tolist() == pytest.approx([-0.3, -0.4])


def test_the_momentum_is_nesterovs():
    grads = [torch.tensor([1.0, 0.0]), torch.tensor([0.0, -1.0])]
    after = stepped(torch.zeros(2), grads, lr=1.0, momentum=0.5)
    # average (1/2, 0), half-way from it to the gradient (3/4, 0); then (1/4, -1/2) and (1/8, -3/4)
    norm = math.hypot(1 / 8, 3 / 4)
    assert after.tolist() == pytest.approx([-1 - 1 / 8 / norm, 3 / 4 / norm], rel=1e-5)


def test_a_convolution_is_the_matrix_of_its_output_channels():
    grad = torch.randn(6, 2, 3, 3, generator=torch.Generator().manual_seed(1))
    filters = stepped(torch.zeros(6, 2, 3, 3), [grad], lr=0.1)
    assert torch.allclose(filters.flatten(1), stepped(torch.zeros(6, 18), [grad.flatten(1)], lr=0.1))
    last = torch.zeros(6, 2, 3, 3).to(memory_format=torch.channels_last)
    assert torch.allclose(stepped(last, [grad], lr=0.1), filters)


def test_a_matrix_with_more_rows_than_columns_takes_longer_steps():
    grad = torch.randn(8, 2, generator=torch.Generator().manual_seed(2))
    assert torch.allclose(stepped(torch.zeros(8, 2), [grad], lr=1.0), -2 * orthogonalize(grad), atol=1e-5)
    assert torch.allclose(stepped(torch.zeros(2, 8), [grad.T], lr=1.0), -orthogonalize(grad.T), atol=1e-5)


def test_weight_decay_is_decoupled():
    start, grad = torch.full((2,), 8.0), torch.tensor([0.0, 1.0])
    assert stepped(start, [grad], lr=0.5, weight_decay=0.25).tolist() == pytest.approx([7.0, 6.5])


def test_every_argument_has_its_effect():
    start, grad = (torch.randn(6, 3, generator=torch.Generator().manual_seed(seed)) for seed in (4, 5))
    after = stepped(start, [grad], lr=0.25, momentum=0.5, weight_decay=0.5, steps=1)
    expected = start * (1 - 0.25 * 0.5) - 0.25 * 2**0.5 * orthogonalize(0.75 * grad, 1)
    assert torch.allclose(after, expected, atol=1e-5)
    assert not torch.allclose(orthogonalize(grad, 1), orthogonalize(grad), atol=0.01)


@pytest.mark.skipif(not hasattr(torch.optim, "Muon"), reason="this torch has no torch.optim.Muon")
@pytest.mark.parametrize("shape", [(16, 40), (40, 16)])
def test_steps_are_those_of_torch_within_bfloat16(shape):
    generator = torch.Generator().manual_seed(3)
    start, *grads = (torch.randn(shape, generator=generator) for _ in range(6))
    theirs = nn.Parameter(start.clone())
    optimizer = torch.optim.Muon([theirs], lr=0.02, momentum=0.9, weight_decay=0.1)
    for grad in grads:
        theirs.grad = grad.clone()
        optimizer.step()
    ours = stepped(start, grads, lr=0.02, momentum=0.9, weight_decay=0.1)
    assert (ours - theirs).norm() < 0.03 * (ours - start).norm()


def test_weights_without_a_gradient_stay():
    used, unused = nn.Parameter(torch.ones(2)), nn.Parameter(torch.ones(2))
    optimizer = Muon([used, unused], lr=0.5)
    used.sum().backward()
    optimizer.step()
    assert unused.tolist() == [1, 1] and used.tolist() != [1, 1]


@pytest.mark.parametrize(
    "arguments, sentence",
    [
        ({"lr": 0.0}, "lr is 0, expected a number above 0: try 0.05"),
        ({"lr": 0.1, "momentum": 1.0}, "momentum is 1, expected 0 to below 1: try 0.95"),
        (
            {"lr": 0.1, "weight_decay": -1.0},
            "weight_decay is -1 and steps 5, expected 0 or more and a whole number from 1: try 0 and 5",
        ),
        (
            {"lr": 0.1, "steps": 2.5},
            "weight_decay is 0 and steps 2.5, expected 0 or more and a whole number from 1: try 0 and 5",
        ),
    ],
)
def test_arguments_out_of_range_are_named(arguments, sentence):
    with pytest.raises(ValueError) as error:
        Muon([nn.Parameter(torch.ones(2))], **arguments)
    assert str(error.value) == sentence
