import numpy as np
import torch
from torch.autograd import Function
from torch.autograd.function import once_differentiable

from course.exercises.engine import Value, as_value


class UntouchedSilu(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * torch.sigmoid(x)

    @staticmethod
    def backward(ctx, d_out): ...


def silu(backward):
    """The class of the notebook, with this backward(d_out, x, s)."""

    class Silu(UntouchedSilu):
        @staticmethod
        def backward(ctx, d_out):
            (x,) = ctx.saved_tensors
            return backward(d_out, x, torch.sigmoid(x))

    return Silu


def right(d_out, x, s):
    return d_out * (s + x * s * (1 - s))


class Unsaved(UntouchedSilu):
    @staticmethod
    def backward(ctx, d_out):
        return d_out * torch.sigmoid(x)  # noqa: F821


class OtherForward(UntouchedSilu):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.relu(x)


class SavedSigmoid(Function):
    @staticmethod
    def forward(ctx, x):
        s = torch.sigmoid(x)
        ctx.save_for_backward(x, s)
        return x * s

    @staticmethod
    def backward(ctx, d_out):
        x, s = ctx.saved_tensors
        return d_out * (s + x * s * (1 - s))


class SavedSlope(Function):
    @staticmethod
    def forward(ctx, x):
        s = torch.sigmoid(x)
        ctx.save_for_backward(s + x * s * (1 - s))
        return x * s

    @staticmethod
    def backward(ctx, d_out):
        (slope,) = ctx.saved_tensors
        return d_out * slope


class Once(UntouchedSilu):
    @staticmethod
    @once_differentiable
    def backward(ctx, d_out):
        (x,) = ctx.saved_tensors
        return right(d_out, x, torch.sigmoid(x))


def in_place(d_out, x, s):
    return d_out.mul_(s + x * s * (1 - s))


def through_numpy(d_out, x, s):
    return torch.from_numpy(np.asarray(right(d_out, x, s).detach()))


def untouched_train(x, y, w1, w2, rate, steps):
    losses = []
    for step in range(steps):
        loss = ((torch.relu(x @ w1) @ w2 - y) ** 2).sum(1).mean()
        loss.backward()
        with torch.no_grad():
            for w in (w1, w2):
                w -= rate * w.grad
            w.grad.zero_()
        losses.append(loss.item())
    return losses


def loop(update, keep=lambda loss: loss.item(), forward=lambda x, w1, w2: torch.relu(x @ w1) @ w2):
    """A loop with this update(w1, w2, rate) after backward."""

    def train_loop(x, y, w1, w2, rate, steps):
        losses = []
        for step in range(steps):
            loss = ((forward(x, w1, w2) - y) ** 2).sum(1).mean()
            loss.backward()
            with torch.no_grad():
                update(w1, w2, rate)
            losses.append(keep(loss))
        return losses

    return train_loop


def sgd(w1, w2, rate, empty=(True, True)):
    for w, emptied in zip((w1, w2), empty):
        w -= rate * w.grad
        if emptied:
            w.grad = None


def too_early(w1, w2, rate):
    for w in (w1, w2):
        w.grad.zero_()
        w -= rate * w.grad


def rebound(w1, w2, rate):
    for w in (w1, w2):
        w = w - rate * w.grad
        w1.grad = w2.grad = torch.zeros(())


def half_the_rate(w1, w2, rate):
    sgd(w1, w2, rate / 2, (False, True))


def clipped(w1, w2, rate):
    for w in (w1, w2):
        w -= rate * w.grad.clamp(-0.1, 0.1)
    w.grad.zero_()


def forgetful(w1, w2, rate):
    for w in (w1, w2):
        w -= rate * w.grad
        w.grad *= 0.5


def on_copies(x, y, w1, w2, rate, steps):
    w1, w2 = (w.detach().clone().requires_grad_() for w in (w1, w2))
    return loop(sgd)(x, y, w1, w2, rate, steps)


def no_guard(x, y, w1, w2, rate, steps):
    for step in range(steps):
        ((torch.relu(x @ w1) @ w2 - y) ** 2).sum(1).mean().backward()
        for w in (w1, w2):
            w -= rate * w.grad
    return []


def late_losses(x, y, w1, w2, rate, steps):
    def loss_now():
        return ((torch.relu(x @ w1) @ w2 - y) ** 2).sum(1).mean()

    losses = []
    for step in range(steps):
        loss_now().backward()
        with torch.no_grad():
            sgd(w1, w2, rate)
        losses.append(loss_now().item())
    return losses


def last_loss_only(x, y, w1, w2, rate, steps):
    return loop(sgd)(x, y, w1, w2, rate, steps)[-1]


def detached(x, y, w1, w2, rate, steps):
    return loop(sgd, forward=lambda x, w1, w2: torch.relu(x @ w1).detach() @ w2)(x, y, w1, w2, rate, steps)


def untouched_divide(a, b): ...


def quotient(slope_a, slope_b, parents=lambda a, b: (a, b)):
    """A divide(a, b) with these slopes."""

    def divide(a, b):
        a, b = as_value(a), as_value(b)
        slopes = slope_a(a.data, b.data), slope_b(a.data, b.data)
        return Value(a.data / b.data, "/", parents(a, b), slopes)

    return divide


def to_a(a, b):
    return 1 / b


def to_b(a, b):
    return -a / b**2


def only_number(a, b):
    return as_value(a).data / as_value(b).data


def upside_down(a, b):
    a, b = as_value(a), as_value(b)
    return Value(b.data / a.data, "/", (a, b), (1 / b.data, -a.data / b.data**2))


def fills_grad(a, b):
    a, b = as_value(a), as_value(b)
    a.grad, b.grad = 1 / b.data, -a.data / b.data**2
    return Value(a.data / b.data, "/", (a, b), (a.grad, b.grad))


def values_only(a, b):
    return Value(a.data / b.data, "/", (a, b), (1 / b.data, -a.data / b.data**2))


UNTOUCHED = {"autograd.engine": untouched_divide, "autograd.silu": UntouchedSilu, "autograd.train": untouched_train}
WRONG = {
    "autograd.engine": [
        (only_number, "you return a float, expected a Value"),
        (upside_down, "That is b / a"),
        (fills_grad, "that is the work of backward"),
        (values_only, "raises AttributeError in its line `return Value("),
        (quotient(to_a, lambda a, b: a / b**2), "the wrong sign"),
        (quotient(to_a, lambda a, b: -1 / b**2), "a is a factor, too"),
        (quotient(to_a, lambda a, b: -a / b), "lacks a square"),
        (quotient(to_b, to_a), "swapped"),
        (quotient(lambda a, b: b, to_b), "the slope towards a is 3"),
        (quotient(to_a, lambda a, b: a), "which small steps do not confirm"),
        (quotient(to_a, to_b, lambda a, b: (a,)), "1 parents and 2 slopes"),
        (quotient(to_a, to_b, lambda a, b: (Value(a.data), b)), "does not know a"),
    ],
    "autograd.silu": [
        (torch.nn.functional.silu, "expected the class Silu"),
        (OtherForward, "forward no longer gives x * sigmoid(x)"),
        (Unsaved, "backward, in its line `return d_out * torch.sigmoid(x)"),
        (silu(lambda d_out, x, s: s + x * s * (1 - s)), "whatever d_out is"),
        (silu(lambda d_out, x, s: d_out + s + x * s * (1 - s)), "d_out is added to the slope"),
        (silu(lambda d_out, x, s: d_out * s), "x moves the sigmoid, too"),
        (silu(lambda d_out, x, s: d_out * x * s * (1 - s)), "x is a factor, too"),
        (silu(lambda d_out, x, s: d_out * s * (1 - s)), "the slope of the sigmoid alone"),
        (silu(lambda d_out, x, s: d_out * (s - x * s * (1 - s))), "are subtracted"),
        (silu(lambda d_out, x, s: d_out * x * s), "d_out times the forward pass"),
        (silu(lambda d_out, x, s: d_out * (x > 0)), "the slope of ReLU"),
        (silu(lambda d_out, x, s: -right(d_out, x, s)), "the sign is wrong"),
        (silu(lambda d_out, x, s: right(d_out.float(), x.float(), s.float())), "is float32"),
        (silu(lambda d_out, x, s: d_out * s + x * s * (1 - s)), "which is not what gradcheck measures"),
        (silu(lambda d_out, x, s: (right(d_out, x, s), None, d_out)), "several gradients"),
        (silu(lambda d_out, x, s: right(d_out, x, s).sum()), "another shape than x"),
        (silu(in_place), "d_out itself was changed"),
        (silu(through_numpy), "it has no graph"),
        (SavedSlope, "the second is 0"),
        (SavedSigmoid, "the second is not"),
        (Once, "forbids the second"),
    ],
    "autograd.train": [
        (untouched_train, "the third lifts it"),
        (loop(lambda w1, w2, rate: sgd(w1, w2, rate, (True, False))), "w1 is right now"),
        (loop(lambda w1, w2, rate: sgd(w1, w2, rate, (False, False))), "nothing is emptied"),
        (loop(too_early), "w1 never moves"),
        (loop(half_the_rate), "already the first step of w1 is 0.5 times as long"),
        (loop(clipped), "is not along its gradient"),
        (loop(forgetful), "a later one is not"),
        (loop(sgd, keep=lambda loss: loss), "the losses are tensors"),
        (on_copies, "the caller's w1 is as it was"),
        (no_guard, "in its line `w -= rate * w.grad`: a leaf Variable that requires grad"),
        (late_losses, "each is that before its step"),
        (last_loss_only, "the result is a float, expected a list"),
        (detached, "your function raises TypeError"),
    ],
}
