"""Answers to autograd.engine, written from its text alone, beside the engine as a learner has it."""

import math

import numpy as np

from course.exercises import engine


class Value(engine.Value):
    """A class of the learner's own."""


def as_value(x):
    return x if isinstance(x, Value) else Value(x)


def right(a, b):
    a, b = as_value(a), as_value(b)
    return Value(a.data / b.data, "/", (a, b), (1 / b.data, -a.data / b.data**2))


def in_steps(a, b):
    if not isinstance(a, Value):
        a = Value(a)
    if not isinstance(b, Value):
        b = Value(b)
    quotient = a.data / b.data
    slopes = [1 / b.data, -quotient / b.data]
    return Value(quotient, how="divide", parents=[a, b], slopes=slopes)


def power(a, n):
    return Value(a.data**n, f"^{n}", (a,), (n * a.data ** (n - 1),))


def by_the_engine(a, b):
    return engine.multiply(a, power(as_value(b), -1))


def reciprocal(b):
    b = as_value(b)
    return Value(1 / b.data, "1/", (b,), (-1 / b.data**2,))


def by_reciprocal(a, b):
    return a * reciprocal(b)


def in_numpy(a, b):
    a, b = as_value(a), as_value(b)
    slopes = np.array([1.0, -a.data / b.data]) / b.data
    return Value(np.divide(a.data, b.data), "/", (a, b), slopes)


def other_order(a, b):
    a, b = as_value(a), as_value(b)
    return Value(a.data / b.data, "/", (b, a), (-a.data / b.data**2, 1 / b.data))


def by_logarithms(a, b):
    a, b = as_value(a), as_value(b)
    quotient = math.copysign(math.exp(math.log(abs(a.data)) - math.log(abs(b.data))), a.data * b.data)
    return Value(quotient, "/", (a, b), (quotient / a.data, -quotient / b.data))


def untouched(a, b): ...


def plain(a, b):
    return as_value(a).data / as_value(b).data


def forgotten_return(a, b):
    a, b = as_value(a), as_value(b)
    Value(a.data / b.data, "/", (a, b), (1 / b.data, -a.data / b.data**2))


def no_parents(a, b):
    return Value(as_value(a).data / as_value(b).data)


def built(slope_a, slope_b, data=lambda a, b: a / b):
    def divide(a, b):
        a, b = as_value(a), as_value(b)
        slopes = slope_a(a.data, b.data), slope_b(a.data, b.data)
        return Value(data(a.data, b.data), "/", (a, b), slopes)

    return divide


def to_a(a, b):
    return 1 / b


def to_b(a, b):
    return -a / b**2


def only_a(a, b):
    a, b = as_value(a), as_value(b)
    return Value(a.data / b.data, "/", (a,), (1 / b.data,))


def one_slope(a, b):
    a, b = as_value(a), as_value(b)
    return Value(a.data / b.data, "/", (a, b), (1 / b.data,))


def numbers_as_parents(a, b):
    a, b = as_value(a), as_value(b)
    return Value(a.data / b.data, "/", (a.data, b.data), (1 / b.data, -a.data / b.data**2))


def values_as_slopes(a, b):
    a, b = as_value(a), as_value(b)
    return Value(a.data / b.data, "/", (a, b), (reciprocal(b), -1 * a * reciprocal(b) * reciprocal(b)))


def only_values(a, b):
    return Value(a.data / b.data, "/", (a, b), (1 / b.data, -a.data / b.data**2))


def number_below(a, b):
    b = as_value(b)
    return Value(a.data / b.data, "/", (a, b), (1 / b.data, -a.data / b.data**2))


def copies(a, b):
    a, b = Value(as_value(a).data), Value(as_value(b).data)
    return Value(a.data / b.data, "/", (a, b), (1 / b.data, -a.data / b.data**2))


def fills_grad(a, b):
    a, b = as_value(a), as_value(b)
    a.grad, b.grad = 1 / b.data, -a.data / b.data**2
    return Value(a.data / b.data, "/", (a, b), (a.grad, b.grad))


def in_place(a, b):
    a, b = as_value(a), as_value(b)
    slopes = 1 / b.data, -a.data / b.data**2
    a.data = a.data / b.data
    return Value(a.data, "/", (a, b), slopes)


def by_the_sign(a, b):
    return a / b


def list_of_slopes(a, b):
    a, b = as_value(a), as_value(b)
    return a.data / b.data, (1 / b.data, -a.data / b.data**2)


RIGHT = [
    (right, "as multiply has it"),
    (in_steps, "isinstance, named arguments, lists"),
    (by_the_engine, "a times b to the power of -1"),
    (by_reciprocal, "an operation of its own for 1 / b"),
    (in_numpy, "NumPy numbers, the slopes in an array"),
    (other_order, "the parents in the other order"),
    (by_logarithms, "the quotient through logarithms"),
    (built(to_a, to_b), "slopes by functions of their own"),
]

WRONG = [
    (untouched, "as given", "is not tried yet"),
    (plain, "returns the number", "expected a Value"),
    (forgotten_return, "forgets the return", "returns nothing"),
    (no_parents, "remembers nothing", "does not know a"),
    (built(to_a, lambda a, b: a / b**2), "the sign of the slope to b", "sign"),
    (built(to_a, lambda a, b: -1 / b**2), "forgets a in the slope to b", "a is a factor"),
    (built(to_a, lambda a, b: -a / b), "forgets the square", "b"),
    (built(to_a, lambda a, b: 1 / a), "the slope to b as if it stood above", "b"),
    (built(to_a, lambda a, b: a), "the slope to b as in a product", "b"),
    (built(lambda a, b: b, to_b), "the slope to a as in a product", "a"),
    (built(lambda a, b: 1, to_b), "the slope to a as in a sum", "a"),
    (built(lambda a, b: a / b, to_b), "the quotient as slope", "a"),
    (built(to_b, to_a), "both slopes swapped", "swapped"),
    (built(to_a, to_b, lambda a, b: b / a), "the other way round", "b / a"),
    (built(to_a, to_b, lambda a, b: a // b), "whole numbers only", "data"),
    (built(to_a, to_b, lambda a, b: a * b), "a product", "data"),
    (only_a, "forgets b as a parent", "does not know b"),
    (one_slope, "two parents and one slope", "slope"),
    (numbers_as_parents, "numbers as parents", "parents"),
    (values_as_slopes, "Values as slopes", "plain number"),
    (only_values, "no plain numbers", "raises AttributeError"),
    (number_below, "no plain number above", "raises AttributeError"),
    (copies, "copies as parents", "does not know a"),
    (fills_grad, "fills grad at once", "backward"),
    (in_place, "changes a", "changes"),
    (by_the_sign, "uses the sign that is to be written", "raises TypeError"),
    (list_of_slopes, "a pair", "expected a Value"),
]
