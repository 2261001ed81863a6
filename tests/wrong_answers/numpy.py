import numpy as np


def untouched_biases(x, y, w1, b1, w2, b2):
    z = x @ w1 + b1
    h = np.maximum(z, 0)
    d_y = 2 * (h @ w2 + b2 - y) / len(x)  # noqa: F841
    d_b1 = ...
    d_b2 = ...
    return d_b1, d_b2


def parts(x, y, w1, b1, w2, b2):
    """Gradients of h, z and y_pred, one row for each example."""
    z = x @ w1 + b1
    d_y = 2 * (np.maximum(z, 0) @ w2 + b2 - y) / len(x)
    return d_y @ w2.T, (d_y @ w2.T) * (z > 0), d_y


def one_missing(*given):
    d_h, d_z, d_y = parts(*given)
    return ..., d_y.sum(0)


def a_row_each(*given):
    d_h, d_z, d_y = parts(*given)
    return d_z, d_y


def averaged(*given):
    d_h, d_z, d_y = parts(*given)
    return d_z.mean(0), d_y.mean(0)


def averaged_first_only(*given):
    d_h, d_z, d_y = parts(*given)
    return d_z.mean(0), d_y.sum(0)


def kept_dimensions(*given):
    d_h, d_z, d_y = parts(*given)
    return d_z.sum(0, keepdims=True), d_y.sum(0, keepdims=True)


def other_axis(*given):
    d_h, d_z, d_y = parts(*given)
    return d_z.sum(1), d_y.sum(1)


def no_axis(*given):
    d_h, d_z, d_y = parts(*given)
    return d_z.sum(), d_y.sum()


def no_mask(*given):
    d_h, d_z, d_y = parts(*given)
    return d_h.sum(0), d_y.sum(0)


def mask_of_the_gradient(*given):
    d_h, d_z, d_y = parts(*given)
    return (d_h * (d_h > 0)).sum(0), d_y.sum(0)


def swapped(*given):
    d_h, d_z, d_y = parts(*given)
    return d_y.sum(0), d_z.sum(0)


def downhill(*given):
    d_h, d_z, d_y = parts(*given)
    return -d_z.sum(0), -d_y.sum(0)


def first_row(*given):
    d_h, d_z, d_y = parts(*given)
    return d_z[0], d_y[0]


def one_array(*given):
    d_h, d_z, d_y = parts(*given)
    return d_y.sum(0)


def as_lists(*given):
    d_h, d_z, d_y = parts(*given)
    return d_z.sum(0).tolist(), d_y.sum(0).tolist()


def in_float32(*given):
    d_h, d_z, d_y = parts(*given)
    return d_z.sum(0).astype(np.float32), d_y.sum(0).astype(np.float32)


def untouched_step(x, y, w1, w2, rate):
    z = x @ w1
    h = np.maximum(z, 0)
    d_y = 2 * (h @ w2 - y) / len(x)
    w2 = w2 - rate * h.T @ d_y
    d_h = d_y @ w2.T
    w1 = w1 - rate * x.T @ (d_h * (z > 0))
    return w1, w2


def gradients(x, y, w1, w2):
    z = x @ w1
    h = np.maximum(z, 0)
    d_y = 2 * (h @ w2 - y) / len(x)
    return x.T @ ((d_y @ w2.T) * (z > 0)), h.T @ d_y


def in_place(x, y, w1, w2, rate):
    d_w1, d_w2 = gradients(x, y, w1, w2)
    w1 -= rate * d_w1
    w2 -= rate * d_w2
    return w1, w2


def second_forward_pass(x, y, w1, w2, rate):
    w2 = w2 - rate * gradients(x, y, w1, w2)[1]
    return w1 - rate * gradients(x, y, w1, w2)[0], w2


def first_layer_first(x, y, w1, w2, rate):
    w1 = w1 - rate * gradients(x, y, w1, w2)[0]
    return w1, w2 - rate * gradients(x, y, w1, w2)[1]


def uphill(x, y, w1, w2, rate):
    d_w1, d_w2 = gradients(x, y, w1, w2)
    return w1 + rate * d_w1, w2 + rate * d_w2


def no_two(x, y, w1, w2, rate):
    d_w1, d_w2 = gradients(x, y, w1, w2)
    return w1 - rate * d_w1 / 2, w2 - rate * d_w2 / 2


def no_mean(x, y, w1, w2, rate):
    d_w1, d_w2 = gradients(x, y, w1, w2)
    return w1 - rate * d_w1 * len(x), w2 - rate * d_w2 * len(x)


def no_rate(x, y, w1, w2, rate):
    d_w1, d_w2 = gradients(x, y, w1, w2)
    return w1 - d_w1, w2 - d_w2


def returns_gradients(x, y, w1, w2, rate):
    return gradients(x, y, w1, w2)


def returns_the_old(x, y, w1, w2, rate):
    d_w1, d_w2 = gradients(x, y, w1, w2)
    return w1, w2


def no_relu_slope(x, y, w1, w2, rate):
    h = np.maximum(x @ w1, 0)
    d_y = 2 * (h @ w2 - y) / len(x)
    return w1 - rate * x.T @ (d_y @ w2.T), w2 - rate * h.T @ d_y


def second_first(x, y, w1, w2, rate):
    d_w1, d_w2 = gradients(x, y, w1, w2)
    return w2 - rate * d_w2, w1 - rate * d_w1


def loses_w1(x, y, w1, w2, rate):
    return w2 - rate * gradients(x, y, w1, w2)[1]


def only_w2_moves(x, y, w1, w2, rate):
    return w1, w2 - rate * gradients(x, y, w1, w2)[1]


def untouched_circuit(x, w, b, y):
    return ..., ...


def through_z_only(x, w, b, y):
    z = x * w + b
    d_z = 2 * (max(z, 0) * w - y) * w * (z > 0)
    return d_z * x, d_z


def never_shut(x, w, b, y):
    h = max(x * w + b, 0)
    d_r = 2 * (h * w - y)
    return d_r * h + d_r * w * x, d_r * w


def one_gradient(x, w, b, y):
    return through_z_only(x, w, b, y)[1]


def constant(x, w, b, y):
    return 1.0, 2.0


def texts(x, w, b, y):
    return "d_w", "d_b"


UNTOUCHED = {"numpy.circuit": untouched_circuit, "numpy.biases": untouched_biases, "numpy.step": untouched_step}
WRONG = {
    "numpy.circuit": [
        (through_z_only, "d_w has only the way through z"),
        (never_shut, "where z is below 0 it is shut"),
        (one_gradient, "the result has 1 part, expected two"),
        (constant, "for x = 2, w = 1.5, b = 0.5, y = 3 you return 1 and 2"),
        (texts, "you return a str, expected a number"),
    ],
    "numpy.biases": [
        (one_missing, "d_b1 is still missing"),
        (a_row_each, "d_b2 has shape (6, 3), one row for each example, expected (3,)"),
        (averaged, "d_b2 is 6 times too small"),
        (averaged_first_only, "d_b1 is 6 times too small"),
        (kept_dimensions, "drop keepdims"),
        (other_axis, "that is the other axis"),
        (no_axis, "the sum over everything"),
        (no_mask, "d_b1 counts neurons that were shut"),
        (mask_of_the_gradient, "d_b1 has the right shape, but is off by"),
        (swapped, "is the gradient of b2: look at the order"),
        (downhill, "the wrong sign"),
        (first_row, "the part of the first example only"),
        (one_array, "the result is a ndarray, expected two arrays"),
        (as_lists, "d_b2 is a list, expected a ndarray"),
        (in_float32, "d_b2 has dtype float32, expected float64"),
    ],
    "numpy.step": [
        (untouched_step, "after one step the loss is ≈"),
        (in_place, "changes its argument w1"),
        (second_forward_pass, "a second forward pass, made after w2 had moved"),
        (first_layer_first, "now w1 is right and w2 is not"),
        (uphill, "both steps go uphill"),
        (no_two, "half as long"),
        (no_mean, "6 times too long"),
        (no_rate, "what has become of the rate"),
        (returns_gradients, "you return the gradients"),
        (returns_the_old, "nothing has been learnt"),
        (no_relu_slope, "the slope of the ReLU with it"),
        (second_first, "expected w1 first"),
        (loses_w1, "the result is a ndarray, expected two arrays"),
        (only_w2_moves, "w1 did not move by rate times gradient"),
    ],
}
