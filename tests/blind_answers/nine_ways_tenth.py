"""Answers to nine_ways.tenth, written from its text alone."""

import functools

import numpy as np


def slopes(x, y, w1, w2):
    z = x @ w1
    h = np.maximum(z, 0)
    d_y = 2 * (h @ w2 - y) / len(x)
    return x.T @ ((d_y @ w2.T) * (z > 0)), h.T @ d_y


def as_given(x, y, w1, w2, lr):
    z = x @ w1
    h = np.maximum(z, 0)
    d_y = 2 * (h @ w2 - y) / len(x)
    w2 -= lr * h.T @ d_y
    d_z = (d_y @ w2.T) * (z > 0)
    w1 -= lr * x.T @ d_z
    return w1, w2


def order_only(x, y, w1, w2, lr):
    d_w1, d_w2 = slopes(x, y, w1, w2)
    w1 -= lr * d_w1
    w2 -= lr * d_w2
    return w1, w2


def copies_only(x, y, w1, w2, lr):
    return as_given(x, y, np.copy(w1), np.copy(w2), lr)


def no_minus_equals_but_the_same_order(x, y, w1, w2, lr):
    z = x @ w1
    h = np.maximum(z, 0)
    d_y = 2 * (h @ w2 - y) / len(x)
    w2 = w2 - lr * h.T @ d_y
    d_z = (d_y @ w2.T) * (z > 0)
    return w1 - lr * x.T @ d_z, w2


def first_weight_first(x, y, w1, w2, lr):
    w1 = w1 - lr * slopes(x, y, w1, w2)[0]
    w2 = w2 - lr * slopes(x, y, w1, w2)[1]
    return w1, w2


def writes_into_one_only(x, y, w1, w2, lr):
    d_w1, d_w2 = slopes(x, y, w1, w2)
    w1 -= lr * d_w1
    return w1, w2 - lr * d_w2


def the_gradients(x, y, w1, w2, lr):
    return slopes(x, y, w1, w2)


def exchanged(x, y, w1, w2, lr):
    d_w1, d_w2 = slopes(x, y, w1, w2)
    return w2 - lr * d_w2, w1 - lr * d_w1


def the_old_ones(x, y, w1, w2, lr):
    as_given(x, y, w1.copy(), w2.copy(), lr)
    return w1, w2


def upwards(x, y, w1, w2, lr):
    d_w1, d_w2 = slopes(x, y, w1, w2)
    return w1 + lr * d_w1, w2 + lr * d_w2


def no_return(x, y, w1, w2, lr):
    d_w1, d_w2 = slopes(x, y, w1, w2)
    w1, w2 = w1 - lr * d_w1, w2 - lr * d_w2


def one_dictionary(x, y, w1, w2, lr):
    d_w1, d_w2 = slopes(x, y, w1, w2)
    return {"w1": w1 - lr * d_w1, "w2": w2 - lr * d_w2}


def mask_dropped(x, y, w1, w2, lr):
    d_y = 2 * (np.maximum(x @ w1, 0) @ w2 - y) / len(x)
    return w1 - lr * x.T @ (d_y @ w2.T), w2 - lr * slopes(x, y, w1, w2)[1]


def half_a_step(x, y, w1, w2, lr):
    d_w1, d_w2 = slopes(x, y, w1, w2)
    return w1 - lr * d_w1 / 2, w2 - lr * d_w2 / 2


def new_arrays(x, y, w1, w2, lr):
    z = x @ w1
    h = np.maximum(z, 0)
    d_y = 2 * (h @ w2 - y) / len(x)
    d_z = (d_y @ w2.T) * (z > 0)
    return w1 - lr * x.T @ d_z, w2 - lr * h.T @ d_y


def copies_first(x, y, w1, w2, lr):
    w1, w2 = w1.copy(), w2.copy()
    d_w1, d_w2 = slopes(x, y, w1, w2)
    w1 -= lr * d_w1
    w2 -= lr * d_w2
    print("stepped")
    return [w1, w2]


def keeps_the_old_second(x: np.ndarray, y: np.ndarray, w1: np.ndarray, w2: np.ndarray, lr: float) -> tuple:
    old = np.array(w2)
    z = x @ w1
    h = z * (z > 0)
    error = 2 * (h @ old - y) / x.shape[0]
    w2 = old - lr * (h.T @ error)
    w1 = w1 - lr * (x.T @ np.where(z > 0, error @ old.T, 0))
    return w1, w2


class Step:
    def __call__(self, x, y, w1, w2, lr):
        return tuple(w - lr * d for w, d in zip((w1, w2), slopes(x, y, w1, w2)))


def with_copy_function(x, y, w1, w2, lr, copy):
    return order_only(x, y, copy(w1), copy(w2), lr)


WRONG = [
    (as_given, "the given code", "in what order do things happen?"),
    (order_only, "the order mended, still in place", "the new weights are right now"),
    (copies_only, "copies, the order as it was", "through the *new* w2"),
    (no_minus_equals_but_the_same_order, "new arrays, the order as it was", "through the *new* w2"),
    (first_weight_first, "w1 moves before the gradient of w2", "after w1 has moved"),
    (writes_into_one_only, "w1 is still written into", "the new weights are right now"),
    (the_gradients, "returns the gradients", "you return the gradients"),
    (exchanged, "returns w2 first", "do they come in order?"),
    (the_old_ones, "returns what came in", "the weights that came in"),
    (upwards, "the wrong sign", "uphill"),
    (no_return, "no return", "returns nothing"),
    (one_dictionary, "a dictionary", "you return a dict, expected two arrays"),
    (mask_dropped, "the mask of the ReLU dropped", "the mask z > 0 is missing"),
    (half_a_step, "half a step", "w1 and w2 after the step differs"),
]
RIGHT = [
    (new_arrays, "new arrays in the return"),
    (copies_first, "copies first, a list, a print"),
    (keeps_the_old_second, "keeps the old w2, annotated"),
    (Step(), "a callable object, a tuple of a generator"),
    (functools.partial(with_copy_function, copy=np.array), "partial, np.array as copy"),
]
