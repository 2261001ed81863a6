"""Answers to convlstm.lstm, written from its text alone."""

# The text says "as in `lstm_step`, with the product `convolve`" and shows neither. Assumed here: `convolve` pads with
# zeros to the same size, the state is (h, c), the gates come in PyTorch's order i, f, g, o, and (h, c) is returned.
import sys
from functools import partial

import torch
from torch import nn
from torch.nn import functional as F


def convolve(inputs, weight):
    return F.conv2d(inputs, weight, padding="same")


def four_gates(x, h, weight_x, weight_h, bias):
    total = convolve(x, weight_x) + convolve(h, weight_h) + bias.reshape(-1, 1, 1)
    return total.chunk(4, dim=-3)


# ---------------------------------------------------------------- wrong


def output_gate_sees_old_memory(x, state, weight_x, weight_h, bias, peep):
    h, c = state
    i, f, g, o = four_gates(x, h, weight_x, weight_h, bias)
    i, f, o = torch.sigmoid(i + peep[0] * c), torch.sigmoid(f + peep[1] * c), torch.sigmoid(o + peep[2] * c)
    c = f * c + i * torch.tanh(g)
    return o * torch.tanh(c), c


def no_peepholes_at_all(x, state, weight_x, weight_h, bias, peep):
    h, c = state
    i, f, g, o = four_gates(x, h, weight_x, weight_h, bias)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


def peepholes_see_h(x, state, weight_x, weight_h, bias, peep):
    h, c = state
    i, f, g, o = four_gates(x, h, weight_x, weight_h, bias)
    c = torch.sigmoid(f + peep[1] * h) * c + torch.sigmoid(i + peep[0] * h) * torch.tanh(g)
    return torch.sigmoid(o + peep[2] * h) * torch.tanh(c), c


def input_and_forget_peepholes_swapped(x, state, weight_x, weight_h, bias, peep):
    h, c = state
    p_f, p_i, p_o = peep
    i, f, g, o = four_gates(x, h, weight_x, weight_h, bias)
    c_new = torch.sigmoid(f + p_f * c) * c + torch.sigmoid(i + p_i * c) * torch.tanh(g)
    return torch.sigmoid(o + p_o * c_new) * torch.tanh(c_new), c_new


def peephole_outside_of_the_sigmoid(x, state, weight_x, weight_h, bias, peep):
    h, c = state
    i, f, g, o = four_gates(x, h, weight_x, weight_h, bias)
    c_new = (torch.sigmoid(f) + peep[1] * c) * c + (torch.sigmoid(i) + peep[0] * c) * torch.tanh(g)
    return (torch.sigmoid(o) + peep[2] * c_new) * torch.tanh(c_new), c_new


def output_gate_sees_tanh_of_new_memory(x, state, weight_x, weight_h, bias, peep):
    h, c = state
    i, f, g, o = four_gates(x, h, weight_x, weight_h, bias)
    c = torch.sigmoid(f + peep[1] * c) * c + torch.sigmoid(i + peep[0] * c) * torch.tanh(g)
    seen = torch.tanh(c)
    return torch.sigmoid(o + peep[2] * seen) * seen, c


def input_gate_sees_memory_after_forgetting(x, state, weight_x, weight_h, bias, peep):
    h, c = state
    i, f, g, o = four_gates(x, h, weight_x, weight_h, bias)
    c = torch.sigmoid(f + peep[1] * c) * c
    c = c + torch.sigmoid(i + peep[0] * c) * torch.tanh(g)
    return torch.sigmoid(o + peep[2] * c) * torch.tanh(c), c


def candidate_sees_memory_too(x, state, weight_x, weight_h, bias, peep):
    h, c = state
    i, f, g, o = four_gates(x, h, weight_x, weight_h, bias)
    g = torch.tanh(g + peep[0] * c)
    c = torch.sigmoid(f + peep[1] * c) * c + torch.sigmoid(i + peep[0] * c) * g
    return torch.sigmoid(o + peep[2] * c) * torch.tanh(c), c


def first_channel_number_for_all_channels(x, state, weight_x, weight_h, bias, peep):
    h, c = state
    i, f, g, o = four_gates(x, h, weight_x, weight_h, bias)
    p_i, p_f, p_o = peep[:, 0]
    c = torch.sigmoid(f + p_f * c) * c + torch.sigmoid(i + p_i * c) * torch.tanh(g)
    return torch.sigmoid(o + p_o * c) * torch.tanh(c), c


def one_peephole_for_all_gates(x, state, weight_x, weight_h, bias, peep):
    h, c = state
    p = peep[0]
    i, f, g, o = four_gates(x, h, weight_x, weight_h, bias)
    c = torch.sigmoid(f + p * c) * c + torch.sigmoid(i + p * c) * torch.tanh(g)
    return torch.sigmoid(o + p * c) * torch.tanh(c), c


def minus_peepholes(x, state, weight_x, weight_h, bias, peep):
    h, c = state
    i, f, g, o = four_gates(x, h, weight_x, weight_h, bias)
    c = torch.sigmoid(f - peep[1] * c) * c + torch.sigmoid(i - peep[0] * c) * torch.tanh(g)
    return torch.sigmoid(o - peep[2] * c) * torch.tanh(c), c


def bias_forgotten(x, state, weight_x, weight_h, bias, peep):
    h, c = state
    i, f, g, o = (convolve(x, weight_x) + convolve(h, weight_h)).chunk(4, dim=-3)
    c = torch.sigmoid(f + peep[1] * c) * c + torch.sigmoid(i + peep[0] * c) * torch.tanh(g)
    return torch.sigmoid(o + peep[2] * c) * torch.tanh(c), c


def bias_twice(x, state, weight_x, weight_h, bias, peep):
    h, c = state
    ways = [F.conv2d(part, w, bias.flatten(), padding="same") for part, w in ((x, weight_x), (h, weight_h))]
    i, f, g, o = sum(ways).chunk(4, dim=-3)
    c = torch.sigmoid(f + peep[1] * c) * c + torch.sigmoid(i + peep[0] * c) * torch.tanh(g)
    return torch.sigmoid(o + peep[2] * c) * torch.tanh(c), c


def recurrent_term_forgotten(x, state, weight_x, weight_h, bias, peep):
    c = state[1]
    i, f, g, o = (convolve(x, weight_x) + bias.reshape(-1, 1, 1)).chunk(4, dim=-3)
    c = torch.sigmoid(f + peep[1] * c) * c + torch.sigmoid(i + peep[0] * c) * torch.tanh(g)
    return torch.sigmoid(o + peep[2] * c) * torch.tanh(c), c


def hidden_state_without_tanh(x, state, weight_x, weight_h, bias, peep):
    h, c = state
    i, f, g, o = four_gates(x, h, weight_x, weight_h, bias)
    c = torch.sigmoid(f + peep[1] * c) * c + torch.sigmoid(i + peep[0] * c) * torch.tanh(g)
    return torch.sigmoid(o + peep[2] * c) * c, c


def returns_old_memory(x, state, weight_x, weight_h, bias, peep):
    h, c = state
    i, f, g, o = four_gates(x, h, weight_x, weight_h, bias)
    c_new = torch.sigmoid(f + peep[1] * c) * c + torch.sigmoid(i + peep[0] * c) * torch.tanh(g)
    return torch.sigmoid(o + peep[2] * c_new) * torch.tanh(c_new), c


def forget_chunk_first(x, state, weight_x, weight_h, bias, peep):
    h, c = state
    f, i, g, o = four_gates(x, h, weight_x, weight_h, bias)
    c = torch.sigmoid(f + peep[1] * c) * c + torch.sigmoid(i + peep[0] * c) * torch.tanh(g)
    return torch.sigmoid(o + peep[2] * c) * torch.tanh(c), c


def changes_memory_of_the_caller(x, state, weight_x, weight_h, bias, peep):
    h, c = state
    i, f, g, o = four_gates(x, h, weight_x, weight_h, bias)
    i, f = torch.sigmoid(i + peep[0] * c), torch.sigmoid(f + peep[1] * c)
    with torch.no_grad():
        c.copy_(f * c + i * torch.tanh(g))
    return torch.sigmoid(o + peep[2] * c) * torch.tanh(c), c


def peepholes_cut_from_the_graph(x, state, weight_x, weight_h, bias, peep):
    h, c = state
    i, f, g, o = four_gates(x, h, weight_x, weight_h, bias)
    c_new = torch.sigmoid(f + (peep[1] * c).detach()) * c + torch.sigmoid(i + (peep[0] * c).detach()) * torch.tanh(g)
    return torch.sigmoid(o + (peep[2] * c_new).detach()) * torch.tanh(c_new), c_new


def no_padding(x, state, weight_x, weight_h, bias, peep):
    h, c = state
    total = F.conv2d(x, weight_x) + F.conv2d(h, weight_h) + bias.reshape(-1, 1, 1)
    i, f, g, o = total.chunk(4, dim=-3)
    c = torch.sigmoid(f + peep[1] * c) * c + torch.sigmoid(i + peep[0] * c) * torch.tanh(g)
    return torch.sigmoid(o + peep[2] * c) * torch.tanh(c), c


def forgot_return(x, state, weight_x, weight_h, bias, peep):
    h, c = state
    i, f, g, o = four_gates(x, h, weight_x, weight_h, bias)
    c = torch.sigmoid(f + peep[1] * c) * c + torch.sigmoid(i + peep[0] * c) * torch.tanh(g)
    h = torch.sigmoid(o + peep[2] * c) * torch.tanh(c)
    state = h, c


def leaves_python(x, state, weight_x, weight_h, bias, peep):
    sys.exit("done")


# ---------------------------------------------------------------- right


def plain_step(x, state, weight_x, weight_h, bias, peep):
    h, c = state
    i, f, g, o = four_gates(x, h, weight_x, weight_h, bias)
    c_new = torch.sigmoid(f + peep[1] * c) * c + torch.sigmoid(i + peep[0] * c) * torch.tanh(g)
    h_new = torch.sigmoid(o + peep[2] * c_new) * torch.tanh(c_new)
    return h_new, c_new


def convolution_for_each_gate(x, state, weight_x, weight_h, bias, peep):
    h, c = state
    parts = []
    for w_x, w_h, b in zip(weight_x.chunk(4), weight_h.chunk(4), bias.flatten().chunk(4), strict=True):
        parts.append(F.conv2d(x, w_x, b, padding="same") + F.conv2d(h, w_h, padding="same"))
    p_i, p_f, p_o = peep.unbind()
    new = (parts[1] + p_f * c).sigmoid() * c
    new = new + (parts[0] + p_i * c).sigmoid() * parts[2].tanh()
    return (parts[3] + p_o * new).sigmoid() * new.tanh(), new


def logistic(z):
    return (1 + torch.tanh(z / 2)) / 2


def any_squash(x, state, weight_x, weight_h, bias, peep, squash):
    h, c = state
    i, f, g, o = four_gates(x, h, weight_x, weight_h, bias)
    memory = torch.addcmul(squash(i + peep[0] * c) * torch.tanh(g), squash(f + peep[1] * c), c)
    return squash(o + peep[2] * memory) * torch.tanh(memory), memory


class PeepholeModule(nn.Module):
    calls = 0

    def forward(self, x, state, weight_x, weight_h, bias, peep):
        self.calls += 1
        h, c = state
        i, f, g, o = four_gates(x, h, weight_x, weight_h, bias)
        c = F.sigmoid(f + peep[1] * c) * c + F.sigmoid(i + peep[0] * c) * F.tanh(g)
        return F.sigmoid(o + peep[2] * c) * F.tanh(c), c


def slices_and_padding_by_hand(x, state, weight_x, weight_h, bias, peep):
    h, c = state
    m = c.shape[-3]

    def product(inputs, weight):
        rows, columns = weight.shape[-2] // 2, weight.shape[-1] // 2
        return F.conv2d(F.pad(inputs, (columns, columns, rows, rows)), weight)

    total = product(h, weight_h) + product(x, weight_x) + bias.reshape(4 * m, 1, 1)
    i, f, g, o = (total[..., k * m : (k + 1) * m, :, :] for k in range(4))
    forget = torch.sigmoid(f + c * peep[1])
    write = torch.sigmoid(i + c * peep[0])
    c_new = forget * c + write * torch.tanh(g)
    return torch.sigmoid(o + c_new * peep[2]) * torch.tanh(c_new), c_new


def annotated_with_print(
    x: torch.Tensor,
    state: tuple[torch.Tensor, torch.Tensor],
    weight_x: torch.Tensor,
    weight_h: torch.Tensor,
    bias: torch.Tensor,
    peep: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor]:
    h, c = state
    print("memory", tuple(c.shape))

    def gate(part: torch.Tensor, hole: torch.Tensor, memory: torch.Tensor) -> torch.Tensor:
        return torch.sigmoid(part + hole * memory)

    i, f, g, o = four_gates(x, h, weight_x, weight_h, bias)
    c_new = gate(f, peep[1], c) * c + gate(i, peep[0], c) * torch.tanh(g)
    return gate(o, peep[2], c_new) * torch.tanh(c_new), c_new


WRONG = [
    (
        output_gate_sees_old_memory,
        "the output gate sees the old memory",
        "the output gate sees the memory as it was: which c",
    ),
    (
        no_peepholes_at_all,
        "an ordinary step without peepholes, right for peep = 0",
        "that is the step without peepholes: peep plays no",
    ),
    (peepholes_see_h, "the peepholes see h and not c", "your gates look at h; a peephole shows them the"),
    (input_and_forget_peepholes_swapped, "p_i and p_f swapped", "s peephole: peep is in the order i, f, o"),
    (
        peephole_outside_of_the_sigmoid,
        "the peephole is added after the sigmoid",
        "the peephole is added after the sigmoid, so that a",
    ),
    (
        output_gate_sees_tanh_of_new_memory,
        "the output gate sees tanh of the new memory",
        "the new c is right, the new h is not: what does its",
    ),
    (
        input_gate_sees_memory_after_forgetting,
        "the input gate sees the memory after forgetting",
        "the new c is not what the equations give: write them",
    ),
    (
        candidate_sees_memory_too,
        "the candidate has a peephole, too",
        "the new c is not what the equations give: write them",
    ),
    (
        first_channel_number_for_all_channels,
        "the number of channel 0 for all channels, right for M = 1",
        "the new c is not what the equations give: write them",
    ),
    (one_peephole_for_all_gates, "p_i for all three gates", "all gates look through the same peephole: peep has"),
    (minus_peepholes, "the sign of the peepholes", "the new c is not what the equations give: write them"),
    (bias_forgotten, "no bias", "without a bias it would be right: bias plays no part"),
    (bias_twice, "the bias is added twice", "the new c is not what the equations give: write them"),
    (recurrent_term_forgotten, "h does not matter", "h plays no part: there are two products, one of x and"),
    (hidden_state_without_tanh, "no tanh for the new h", "the memory leaves as it is: it goes through tanh"),
    (
        returns_old_memory,
        "returns the old memory, stale for the next step",
        "the new c is not what the equations give: write them",
    ),
    (
        forget_chunk_first,
        "input and forget gate taken in the wrong order",
        "input and forget gate have changed places: the four",
    ),
    (
        changes_memory_of_the_caller,
        "overwrites the state that came in",
        "your function changes its argument state: make a new",
    ),
    (
        peepholes_cut_from_the_graph,
        "right values, but peep gets no gradient",
        "h and c are right, the gradient of x is not: what",
    ),
    (no_padding, "a convolution without padding, shapes do not fit", "The size of tensor a (4) must match the size of"),
    (forgot_return, "forgot return", "your function returns nothing: does every way through"),
    (leaves_python, "calls sys.exit", "your function raises SystemExit in its line"),
]
RIGHT = [
    (plain_step, "as it stands in the formulas"),
    (convolution_for_each_gate, "a loop with one convolution for each gate, methods, unbind"),
    (partial(any_squash, squash=logistic), "a partial; sigmoid by tanh, addcmul"),
    (PeepholeModule(), "a module, called"),
    (slices_and_padding_by_hand, "padding by hand, slices instead of chunk"),
    (annotated_with_print, "annotated, nested helper, prints"),
]
