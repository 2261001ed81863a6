"""Answers to autograd.silu, written from its text alone."""

import torch
from torch.autograd import Function
from torch.autograd.function import once_differentiable

# ---- wrong


class ReturnsNothing(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * torch.sigmoid(x)

    @staticmethod
    def backward(ctx, d_out): ...


class OnlySigmaPrime(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * torch.sigmoid(x)

    @staticmethod
    def backward(ctx, d_out):
        (x,) = ctx.saved_tensors
        s = torch.sigmoid(x)
        return d_out * s * (1 - s)


class OnlySigma(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * torch.sigmoid(x)

    @staticmethod
    def backward(ctx, d_out):
        (x,) = ctx.saved_tensors
        s = torch.sigmoid(x)
        return d_out * s


class ForgetsX(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * torch.sigmoid(x)

    @staticmethod
    def backward(ctx, d_out):
        (x,) = ctx.saved_tensors
        s = torch.sigmoid(x)
        return d_out * (s + s * (1 - s))


class WrongSign(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * torch.sigmoid(x)

    @staticmethod
    def backward(ctx, d_out):
        (x,) = ctx.saved_tensors
        s = torch.sigmoid(x)
        return d_out * (s - x * s * (1 - s))


class ForgetsDOut(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * torch.sigmoid(x)

    @staticmethod
    def backward(ctx, d_out):
        (x,) = ctx.saved_tensors
        s = torch.sigmoid(x)
        return s + x * s * (1 - s)


class SumOfDOut(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * torch.sigmoid(x)

    @staticmethod
    def backward(ctx, d_out):
        (x,) = ctx.saved_tensors
        s = torch.sigmoid(x)
        return d_out.sum() * (s + x * s * (1 - s))


class OutputForX(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * torch.sigmoid(x)

    @staticmethod
    def backward(ctx, d_out):
        (x,) = ctx.saved_tensors
        out = x * torch.sigmoid(x)
        return d_out * (out + out * (1 - out))


class DetachedX(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * torch.sigmoid(x)

    @staticmethod
    def backward(ctx, d_out):
        (x,) = ctx.saved_tensors
        x = x.detach()
        s = torch.sigmoid(x)
        return d_out * (s + x * s * (1 - s))


class SavedSigma(Function):
    @staticmethod
    def forward(ctx, x):
        s = torch.sigmoid(x)
        ctx.save_for_backward(x, s)
        return x * s

    @staticmethod
    def backward(ctx, d_out):
        x, s = ctx.saved_tensors
        return d_out * (s + x * s * (1 - s))


class OnceDifferentiable(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * torch.sigmoid(x)

    @staticmethod
    @once_differentiable
    def backward(ctx, d_out):
        (x,) = ctx.saved_tensors
        s = torch.sigmoid(x)
        return d_out * (s + x * s * (1 - s))


class NoGrad(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * torch.sigmoid(x)

    @staticmethod
    def backward(ctx, d_out):
        (x,) = ctx.saved_tensors
        with torch.no_grad():
            s = torch.sigmoid(x)
            slope = s + x * s * (1 - s)
        return d_out * slope


class ReluMask(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * torch.sigmoid(x)

    @staticmethod
    def backward(ctx, d_out):
        (x,) = ctx.saved_tensors
        s = torch.sigmoid(x)
        return d_out * (s + x * s * (1 - s)) * (x > 0)


class SinglePrecision(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * torch.sigmoid(x)

    @staticmethod
    def backward(ctx, d_out):
        (x,) = ctx.saved_tensors
        x32 = x.float()
        s = torch.sigmoid(x32)
        return (d_out * (s + x32 * s * (1 - s))).to(x.dtype)


# ---- right


class TwoTerms(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * torch.sigmoid(x)

    @staticmethod
    def backward(ctx, d_out):
        (x,) = ctx.saved_tensors
        s = torch.sigmoid(x)
        return d_out * (s + x * s * (1 - s))


class Factored(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * torch.sigmoid(x)

    @staticmethod
    def backward(ctx, d_out):
        x = ctx.saved_tensors[0]
        s = x.sigmoid()
        slope = s * (1 + x * (1 - s))
        return (d_out * slope,)


class FromOutput(Function):
    @staticmethod
    def forward(ctx, x):
        out = x * torch.sigmoid(x)
        ctx.save_for_backward(x, out)
        return out

    @staticmethod
    def backward(ctx, d_out):
        x, out = ctx.saved_tensors
        s = torch.sigmoid(x)
        return d_out * (out + s * (1 - out))


class ByTanh(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * torch.sigmoid(x)

    @staticmethod
    def backward(ctx, d_out):
        (x,) = ctx.saved_tensors

        def sigmoid(t):
            return 0.5 * (1 + torch.tanh(0.5 * t))

        print("backward of", tuple(x.shape))
        return d_out * (sigmoid(x) + x * sigmoid(x) * sigmoid(-x))


class OnlyIfNeeded(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * torch.sigmoid(x)

    @staticmethod
    def backward(ctx, d_out):
        if not ctx.needs_input_grad[0]:
            return None
        (x,) = ctx.saved_tensors
        s = torch.special.expit(x)
        return d_out.mul(torch.addcmul(s, x, s.mul(1 - s)))


class WithSetupContext(Function):
    calls = 0

    @staticmethod
    def forward(x: torch.Tensor) -> torch.Tensor:
        return x * torch.sigmoid(x)

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, d_out: torch.Tensor) -> torch.Tensor:
        WithSetupContext.calls += 1
        (x,) = ctx.saved_tensors
        s = torch.exp(torch.nn.functional.logsigmoid(x))
        return d_out * s + d_out * x * s * (1 - s)


WRONG = [
    (ReturnsNothing, "the given stub: no gradient at all", "not tried yet"),
    (OnlySigmaPrime, "the derivative of the sigmoid alone", "this is the slope of the sigmoid alone, expected that"),
    (OnlySigma, "forgets that the sigmoid depends on x too", "one half of the product rule is missing: x moves the"),
    (ForgetsX, "factor x of the second term is missing", "which is not what gradcheck measures: write down the"),
    (WrongSign, "minus between the two terms", "the two parts of the product rule are subtracted"),
    (ForgetsDOut, "ignores d_out, right where d_out is 1", "you return the slope alone, whatever d_out is: the"),
    (SumOfDOut, "sums d_out, right for one number only", "which is not what gradcheck measures: write down the"),
    (OutputForX, "applies the sigmoid's rule to the output", "which is not what gradcheck measures: write down the"),
    (
        DetachedX,
        "right first derivative, but detach cuts the second one",
        "the first derivative is right, but the second is 0",
    ),
    (
        SavedSigma,
        "keeps the sigmoid of forward, a constant for the second derivative",
        "the first derivative is right, the second is not: one",
    ),
    (
        OnceDifferentiable,
        "right, but once_differentiable forbids gradgradcheck",
        "the first derivative is right, and the mark",
    ),
    (NoGrad, "no_grad in backward: no second derivative", "the first derivative is right, but the second is 0"),
    (ReluMask, "gradient cut off for negative x, as for ReLU", "which is not what gradcheck measures: write down the"),
    (
        SinglePrecision,
        "rounds to float32 on the way, too coarse for gradgradcheck",
        "d_x is right to 6 digits, expected all of float64",
    ),
]
RIGHT = [
    (TwoTerms, "sigmoid computed anew in backward"),
    (Factored, "factored, a tuple of one"),
    (FromOutput, "keeps input and output, out + s (1 - out)"),
    (ByTanh, "nested helper, sigma(-x) for 1 - sigma, a print"),
    (OnlyIfNeeded, "needs_input_grad, expit and addcmul"),
    (WithSetupContext, "forward without ctx, setup_context, a counter, annotated"),
]
