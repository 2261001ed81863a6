import numpy as np
import torch

from course.two_layer import D_IN, D_OUT, LEARNING_RATE, H, N, two_layer_start


def losses(steps):
    """Losses before each step and after the last, with torch's gradients."""
    x, y, w1, w2 = map(torch.from_numpy, two_layer_start())
    seen = []
    for _ in range(steps + 1):
        w1, w2 = w1.detach().requires_grad_(), w2.detach().requires_grad_()
        loss = ((x @ w1).clamp(min=0) @ w2 - y).square().sum(1).mean()
        d1, d2 = torch.autograd.grad(loss, (w1, w2))
        w1, w2 = w1 - LEARNING_RATE * d1, w2 - LEARNING_RATE * d2
        seen.append(loss.item())
    return seen


def test_the_start_has_the_promised_shapes_in_float64():
    arrays = two_layer_start()
    assert [a.shape for a in arrays] == [(N, D_IN), (N, D_OUT), (D_IN, H), (H, D_OUT)]
    assert {a.dtype for a in arrays} == {np.dtype("float64")}


def test_the_start_is_drawn_in_the_order_x_y_w1_w2():
    numbers = np.random.default_rng(3).standard_normal(N * D_IN + N * D_OUT + D_IN * H + H * D_OUT)
    x, y, w1, w2 = two_layer_start(3)
    drawn = np.concatenate([x.ravel(), y.ravel(), w1.ravel() * D_IN**0.5, w2.ravel() * H**0.5])
    np.testing.assert_allclose(drawn, numbers, rtol=1e-14)


def test_another_seed_gives_other_numbers_and_the_same_seed_the_same():
    again = two_layer_start(0)
    assert all(map(np.array_equal, two_layer_start(), again))
    assert not any(map(np.array_equal, two_layer_start(1), again))


def test_each_call_returns_fresh_arrays():
    two_layer_start()[2][:] = 0
    assert two_layer_start()[2].any()


def test_20_steps_at_the_common_rate_learn_visibly_and_500_fit():
    seen = losses(500)
    assert 13.9 < seen[0] < 14 and seen[20] < 1.5 and seen[500] < 1e-6
    assert all(later < earlier for earlier, later in zip(seen[:20], seen[1:21]))
