"""The values of the engine that notebook 03_autograd writes, line by line; `autograd.engine` adds to it."""


class Value:
    """A number that remembers how it was made."""

    def __init__(self, data, how="", parents=(), slopes=()):
        self.data, self.how = data, how
        self.parents = parents  # the values that it was made of
        self.slopes = slopes  # how fast it changes with each of them
        self.grad = 0.0  # how fast the end result changes with it: to be found

    def __add__(self, other):  # Python calls this for self + other
        return add(self, other)

    def __mul__(self, other):
        return multiply(self, other)

    def __sub__(self, other):
        return add(self, multiply(other, -1))

    __radd__, __rmul__ = __add__, __mul__  # for 3 + a and 3 * a


def as_value(x):
    return Value(x) if isinstance(x, (int, float)) else x


def add(a, b):
    a, b = as_value(a), as_value(b)
    return Value(a.data + b.data, "+", (a, b), (1, 1))


def multiply(a, b):
    a, b = as_value(a), as_value(b)
    return Value(a.data * b.data, "*", (a, b), (b.data, a.data))
