import copy
import itertools

import numpy as np
import pytest
import torch
from torch import nn
from torch.autograd import gradcheck

from course.convlstm import ConvLSTM, ConvLSTMCell, RainNet, convolutions
from course.meter import peak_bytes, saved_bytes

GRID = {2: (4, 3), 3: (2, 4, 3)}
FLOAT = 4  # bytes


def seed(number=0):
    return torch.Generator().manual_seed(number)


def random(*size, number=0, dtype=torch.float64):
    return torch.randn(*size, generator=seed(number), dtype=dtype)


def make(dim=2, hidden=(3, 2), peephole=None, lean=False, channels=2):
    """A model in float64 whose peepholes, zero at first, see something."""
    peephole = GRID[dim] if peephole == "grid" else peephole
    model = ConvLSTM(channels, hidden, dim=dim, peephole=peephole, lean=lean, generator=seed()).double()
    for cell in model.cells:
        if cell.peep is not None:
            nn.init.normal_(cell.peep, generator=seed(1))
    return model


def some_states(model, batch, grid):
    """h and c for each layer; c below 1 in size, as after some steps."""
    sizes = [(batch, cell.hidden_channels, *grid) for cell in model.cells]
    return [tuple(random(*size, number=number).tanh() for number in (2, 3)) for size in sizes]


def step_by_step(model, x, states=None):
    """What the plain cells give, called one step after the other."""
    states = list(states or [None] * len(model.cells))
    outputs = [[] for _ in model.cells]
    for t in range(x.shape[1]):
        h = x[:, t]
        for layer, cell in enumerate(model.cells):
            states[layer] = cell(h, states[layer])
            h = states[layer][0]
            outputs[layer].append(h)
    return [torch.stack(hs, dim=1) for hs in outputs], states


def flat(outputs, states):
    return [*outputs, *itertools.chain(*states)]


def gradients(tensors, inputs):
    """Gradients of a sum in which every number has a weight of its own."""
    loss = sum((random(*tensor.shape, number=number) * tensor).sum() for number, tensor in enumerate(tensors))
    return torch.autograd.grad(loss, inputs)


def assert_close(ours, theirs, within=1e-10):
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=within)


def message(call, *args, **kwargs):
    with pytest.raises(ValueError) as error:
        call(*args, **kwargs)
    return str(error.value)


# The cell


def test_on_a_grid_of_one_point_the_cell_is_torchs_lstm_cell():
    ours, theirs = ConvLSTMCell(3, 4, generator=seed()).double(), nn.LSTMCell(3, 4).double()
    with torch.no_grad():
        theirs.weight_ih.copy_(ours.weight_x[:, :, 1, 1])
        theirs.weight_hh.copy_(ours.weight_h[:, :, 1, 1])
        theirs.bias_ih.copy_(ours.bias)
        theirs.bias_hh.zero_()
    x, h, c = random(5, 3), random(5, 4, number=1), random(5, 4, number=2)
    expected = theirs(x, (h, c))
    assert_close(
        ours(x[..., None, None], (h[..., None, None], c[..., None, None])),
        [tensor[..., None, None] for tensor in expected],
    )


def test_on_a_grid_of_one_point_the_layers_are_torchs_lstm():
    ours, theirs = make(hidden=(4, 4), channels=3), nn.LSTM(3, 4, num_layers=2, batch_first=True).double()
    with torch.no_grad():
        for layer, cell in enumerate(ours.cells):
            getattr(theirs, f"weight_ih_l{layer}").copy_(cell.weight_x[:, :, 1, 1])
            getattr(theirs, f"weight_hh_l{layer}").copy_(cell.weight_h[:, :, 1, 1])
            getattr(theirs, f"bias_ih_l{layer}").copy_(cell.bias)
            getattr(theirs, f"bias_hh_l{layer}").zero_()
    x = random(2, 5, 3)
    outputs, states = ours(x[..., None, None])
    expected, (h, c) = theirs(x)
    assert_close([outputs[-1].flatten(2)], [expected])
    assert_close([torch.stack([state[part] for state in states]).flatten(2) for part in (0, 1)], [h, c])


def test_one_step_is_the_equations_worked_out_by_hand():
    cell = ConvLSTMCell(1, 1, kernel=1, peephole="channel").double()
    with torch.no_grad():
        for parameter, numbers in [
            (cell.weight_x, [1, 2, 3, 4]),
            (cell.weight_h, [0.1, 0.2, 0.3, 0.4]),
            (cell.bias, [0.5, 0.6, 0.7, 0.8]),
            (cell.peep, [0.01, 0.02, 0.03]),
        ]:
            parameter.copy_(torch.tensor(numbers, dtype=torch.float64).view_as(parameter))

    def sigmoid(number):
        return 1 / (1 + 2.718281828459045**-number)

    x, h, c = 0.2, -1.0, 5.0
    i = sigmoid(1 * x + 0.1 * h + 0.5 + 0.01 * c)
    f = sigmoid(2 * x + 0.2 * h + 0.6 + 0.02 * c)
    g = 2 * sigmoid(2 * (3 * x + 0.3 * h + 0.7)) - 1
    new_c = f * c + i * g
    o = sigmoid(4 * x + 0.4 * h + 0.8 + 0.03 * new_c)  # the output gate sees the new memory
    new_h = o * (2 * sigmoid(2 * new_c) - 1)
    given = [torch.full((1, 1, 1, 1), number, dtype=torch.float64) for number in (x, h, c)]
    result = cell(given[0], (given[1], given[2]))
    assert [tensor.item() for tensor in result] == pytest.approx([new_h, new_c], abs=1e-12)


@pytest.mark.parametrize("dim", [2, 3])
def test_with_the_forget_gate_open_and_the_input_gate_shut_the_memory_stays(dim):
    model = make(dim, hidden=(3,))
    cell, c = model.cells[0], random(2, 3, *GRID[dim])
    with torch.no_grad():
        cell.bias[:3], cell.bias[3:6] = -1000, 1000
    x = random(2, 4, 2, *GRID[dim])
    for _, [(_, last)] in (model(x, [(c.tanh(), c)]), step_by_step(model, x, [(c.tanh(), c)])):
        assert torch.equal(last, c)


def test_a_cell_sees_its_neighbours_and_no_farther():
    cell, x = ConvLSTMCell(1, 2, generator=seed()), torch.zeros(1, 1, 5, 5)
    x[0, 0, 2, 2] = 1
    changed = (cell(x)[0] != cell(torch.zeros_like(x))[0]).any(dim=1)[0]
    expected = torch.zeros(5, 5, dtype=torch.bool)
    expected[1:4, 1:4] = True
    assert torch.equal(changed, expected)


def test_a_generator_fixes_the_weights_and_leaves_the_global_one_alone():
    state = torch.get_rng_state()
    one, two, other = (RainNet(1, (2, 3, 2), generator=seed(number)) for number in (0, 0, 1))
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters()))
    assert not torch.equal(one.lstm.cells[2].weight_h, other.lstm.cells[2].weight_h)
    assert not torch.equal(one.last.weight, other.last.weight)


def test_the_weights_start_as_those_of_a_convolution_and_the_forget_gate_open():
    cell = ConvLSTMCell(5, 7, kernel=3, dim=2, peephole="channel", generator=seed())
    bound = 1 / (12 * 9) ** 0.5
    for weight in (cell.weight_x, cell.weight_h):
        assert bound * 0.98 < weight.abs().max() <= bound
    assert cell.bias.tolist() == [0.0] * 7 + [1.0] * 7 + [0.0] * 14
    assert not cell.peep.any()


# The layers give what the cells give


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("lean", [False, True])
@pytest.mark.parametrize("given", [False, True])
@pytest.mark.parametrize("peephole", [None, "channel", "grid"])
@pytest.mark.parametrize("dim", [2, 3])
def test_values_and_gradients_are_those_of_the_plain_cells(dim, peephole, given, lean, batch):
    model = make(dim, peephole=peephole, lean=lean)
    x = random(batch, 4, 2, *GRID[dim], number=5).requires_grad_()
    states = some_states(model, batch, GRID[dim]) if given else None
    inputs = [x, *model.parameters(), *(state.requires_grad_() for state in itertools.chain(*states or []))]
    ours, theirs = flat(*model(x, states)), flat(*step_by_step(model, x, states))
    assert_close(ours, theirs)
    assert_close(gradients(ours, inputs), gradients(theirs, inputs))


@pytest.mark.parametrize("lean", [False, True])
@pytest.mark.parametrize("peephole", [None, "channel", "grid"])
@pytest.mark.parametrize("dim", [2, 3])
def test_gradients_are_the_finite_differences(dim, peephole, lean):
    model = make(dim, hidden=(2,), peephole=peephole, lean=lean, channels=1)
    grid = GRID[dim] if peephole == "grid" else (2,) * dim
    cell, [(h, c)] = model.cells[0], some_states(model, 2, grid)
    names, weights = zip(*model.named_parameters())

    def call(x, h, c, *weights):
        outputs, states = torch.func.functional_call(model, dict(zip(names, weights)), (x, [(h, c)], [2, 1]))
        return tuple(flat(outputs, states))

    assert cell.hidden_channels == 2
    inputs = random(2, 2, 1, *grid), h, c, *(weight.detach() for weight in weights)
    assert gradcheck(call, [tensor.requires_grad_() for tensor in inputs], fast_mode=True)


@pytest.mark.parametrize("lean", [False, True])
@pytest.mark.parametrize("which", ["output of the lower layer", "last c", "one step"])
def test_a_loss_on_a_part_of_the_results_has_the_gradients_of_the_plain_cells(which, lean):
    def part(outputs, states):
        lower, upper = outputs
        return {"output of the lower layer": lower, "last c": states[1][1], "one step": upper[:, 1]}[which]

    model, x = make(lean=lean), random(2, 3, 2, *GRID[2])
    inputs = list(model.cells[0].parameters())
    ours, theirs = ([part(*call)] for call in (model(x), step_by_step(model, x)))
    assert_close(gradients(ours, inputs), gradients(theirs, inputs))


def test_a_frozen_layer_gets_no_gradient_and_adds_no_graph():
    model = make()
    model.cells[0].requires_grad_(False)
    outputs, _ = model(random(2, 3, 2, *GRID[2]))
    assert not outputs[0].requires_grad
    outputs[1].sum().backward()
    assert all(parameter.grad is None for parameter in model.cells[0].parameters())
    assert all(parameter.grad is not None for parameter in model.cells[1].parameters())


def test_in_single_precision_the_layers_are_as_exact_as_the_cells():
    exact = make(3, hidden=(8, 8), channels=1)
    model, x = copy.deepcopy(exact).float(), random(2, 6, 1, *GRID[3])
    expected = flat(*exact(x))
    assert_close([tensor.double() for tensor in flat(*model(x.float()))], expected, within=2e-6)


@pytest.mark.parametrize("lean", [False, True])
def test_one_volume_alone_gives_the_same_with_groups_and_without(lean, monkeypatch):
    model, x = make(3, lean=lean), random(1, 3, 2, *GRID[3]).requires_grad_()
    inputs = [x, *model.parameters()]
    assert convolutions.needs_groups(x[:, 0]) and not convolutions.needs_groups(x[0])
    grouped = flat(*model(x))
    grouped_gradients = gradients(grouped, inputs)
    monkeypatch.setattr(convolutions, "needs_groups", lambda x: False)
    plain = flat(*model(x))
    assert_close(grouped, plain, within=1e-12)
    assert_close(grouped_gradients, gradients(plain, inputs), within=1e-12)


@pytest.mark.parametrize(
    "what, bias, start",
    [
        ("a memory that stays zero", 0, 0),  # h is zero too, and would not tell the output gate
        ("an input gate that is shut", -200, 1),  # what it lets in would not tell the candidate
        ("a large memory", 0, 300),  # beside which what is added is small
    ],
)
def test_lean_finds_the_gates_of(what, bias, start):
    found = []
    for lean in (False, True):
        model, x = ConvLSTM(1, 2, lean=lean, generator=seed()), torch.zeros(1, 3, 1, 4, 4)
        nn.init.constant_(model.cells[0].bias.data[:2], bias)
        h = torch.zeros(1, 2, 4, 4)
        c = torch.full_like(h, start, requires_grad=True)
        found.append(gradients(flat(*model(x, [(h, c)])), [model.cells[0].bias, c]))
    (of_bias, of_c), theirs = found
    assert of_bias.abs().max() > 0.1 and of_c.abs().max() > 0.1
    torch.testing.assert_close([of_bias, of_c], [*theirs], rtol=1e-5, atol=1e-4)


# States and lengths


def test_states_carried_on_make_one_long_sequence():
    model, x = make(peephole="channel"), random(2, 7, 2, *GRID[2])
    whole = flat(*model(x))
    states, parts = None, []
    for piece in x.split([3, 1, 3], dim=1):
        outputs, states = model(piece, states)
        parts.append(outputs)
    assert_close(whole, flat([torch.cat(hs, dim=1) for hs in zip(*parts)], states), within=1e-14)


@pytest.mark.parametrize("lean", [False, True])
@pytest.mark.parametrize("given", [False, True])
@pytest.mark.parametrize("peephole", [None, "grid"])
@pytest.mark.parametrize("dim", [2, 3])
def test_each_example_of_a_batch_with_lengths_is_as_if_it_were_alone(dim, peephole, given, lean):
    model, lengths = make(dim, peephole=peephole, lean=lean), [2, 4, 1]
    x = random(3, 4, 2, *GRID[dim]).requires_grad_()
    states = some_states(model, 3, GRID[dim]) if given else None
    inputs = [x, *model.parameters()]
    ours = flat(*model(x, states, lengths))
    alone = []
    for example, length in enumerate(lengths):
        own = [tuple(part[example : example + 1] for part in state) for state in states] if given else None
        outputs, last = step_by_step(model, x[example : example + 1, :length], own)
        missing = 4 - length
        padded = [torch.cat([hs, hs.new_zeros(1, missing, *hs.shape[2:])], dim=1) for hs in outputs]
        alone.append(flat(padded, last))
    theirs = [torch.cat(tensors) for tensors in zip(*alone)]
    assert_close(ours, theirs)
    assert_close(gradients(ours, inputs), gradients(theirs, inputs))


def test_what_stands_behind_the_end_is_not_looked_at_not_even_nan():
    model, x = make(), random(2, 3, 2, *GRID[2])
    x[0, 1:] = torch.nan
    outputs, states = model(x, lengths=torch.tensor([1, 3]))
    assert all(tensor.isfinite().all() for tensor in flat(outputs, states))
    assert not outputs[1][0, 1:].any()
    assert all(gradient.isfinite().all() for gradient in gradients(outputs, list(model.parameters())))


def test_an_example_without_a_step_keeps_its_state_to_the_bit():
    model = make(peephole="channel")
    states = some_states(model, 2, GRID[2])
    outputs, last = model(random(2, 3, 2, *GRID[2]), states, lengths=[0, 3])
    assert not any(hs[0].any() for hs in outputs)
    assert all(torch.equal(a[0], b[0]) for a, b in zip(flat([], last), flat([], states)))
    _, fresh = model(random(2, 3, 2, *GRID[2]), None, lengths=[0, 3])
    assert not any(tensor[0].any() for tensor in flat([], fresh))


def test_full_lengths_change_nothing():
    model, x = make(), random(2, 3, 2, *GRID[2])
    assert_close(flat(*model(x, lengths=[3, 3])), flat(*model(x)), within=0)


# Memory


MAP = 2 * 8 * 5 * 6 * FLOAT  # of 2 examples, 8 hidden channels, 5 rows, 6 columns


def small(lean=False):
    model = ConvLSTM(1, (8, 8, 8), lean=lean, generator=seed())
    return model, random(2, 5, 1, 5, 6, dtype=torch.float32)


@pytest.mark.parametrize("lean, maps", [(False, 6), (True, 2)])
def test_a_step_saves_h_and_c_and_the_four_gates_unless_it_is_lean(lean, maps):
    model, x = small(lean)
    weights = list(model.parameters())
    saved = saved_bytes(lambda: model(x), exclude=[x, *weights]).bytes
    # Beside the maps: the zeros before the first step and the weights side by side, once a layer.
    sides = sum(4 * cell.hidden_channels * (cell.in_channels + 8) * 9 * FLOAT for cell in model.cells)
    assert saved == 3 * 5 * maps * MAP + 3 * MAP + sides


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_prediction_saves_nothing(mode):
    model, x = small()
    with mode():
        assert saved_bytes(lambda: model(x)) == (0, 0)
        assert not any(tensor.requires_grad for tensor in flat(*model(x)))


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_memory_of_prediction_does_not_grow_with_the_steps_but_for_the_output(mode):
    model, net = ConvLSTM(1, (8, 8), generator=seed()), RainNet(1, (8, 8, 8), dim=2, generator=seed())

    def peak(call, steps):
        x = random(2, steps, 1, 5, 6, dtype=torch.float32)
        with mode():
            return peak_bytes(lambda: call(x))

    one = 2 * 5 * 6 * FLOAT  # a step of x and of RainNet's output
    assert peak(model, 40) - peak(model, 20) == 20 * 2 * MAP
    assert peak(net, 40) - peak(net, 20) == 20 * one


@pytest.mark.parametrize("lean", [False, True])
def test_training_memory_is_flat_while_detached_states_are_carried(lean):
    model, x = ConvLSTM(1, 2, lean=lean, generator=seed()), random(1, 2, 1, 3, 3, dtype=torch.float32)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    states, peaks = None, []

    def step():
        nonlocal states
        outputs, last = model(x, states)
        optimizer.zero_grad()
        outputs[-1].square().mean().backward()
        optimizer.step()
        states = [(h.detach(), c.detach()) for h, c in last]

    step(), step()
    for _ in range(50):
        peaks.append(peak_bytes(step))
    assert len(set(peaks)) == 1


def test_the_last_states_do_not_keep_the_steps_in_memory():
    model, x = small()
    for mode in (torch.enable_grad, torch.no_grad):
        with mode():
            _, states = model(x)
        assert {tensor.untyped_storage().nbytes() for tensor in flat([], states)} == {MAP}


# RainNet


@pytest.mark.parametrize("dim", [2, 3])
def test_rainnet_makes_one_map_a_step_of_the_hidden_states_of_its_three_layers(dim):
    net = RainNet(2, (3, 2, 4), dim=dim, generator=seed()).double()
    x = random(2, 3, 2, *GRID[dim])
    hidden, _ = step_by_step(net.lstm, x)
    assert [hs.shape[2] for hs in hidden] == [3, 2, 4]
    for t in range(3):
        maps = [convolution(hs[:, t]) for convolution, hs in zip(net.maps, hidden)]
        assert_close([net(x)[:, t]], [net.last(torch.cat(maps, dim=1))])
    assert net(x).shape == (2, 3, 1, *GRID[dim])


@pytest.mark.parametrize("dim", [2, 3])
def test_rainnet_gives_as_many_maps_as_are_asked_for_each_of_all_maps_of_its_layers(dim):
    net = RainNet(2, (3, 2), dim=dim, generator=seed(), out_channels=4).double()
    x = random(2, 3, 2, *GRID[dim])
    hidden, _ = step_by_step(net.lstm, x)
    for t in range(3):
        maps = [convolution(hs[:, t]) for convolution, hs in zip(net.maps, hidden)]
        assert [part.shape[1] for part in maps] == [4, 4]
        assert_close([net(x)[:, t]], [net.last(torch.cat(maps, dim=1))])
    assert net(x).shape == (2, 3, 4, *GRID[dim])
    with pytest.raises(ValueError, match="out_channels is 0"):
        RainNet(2, (3, 2), out_channels=0)


@pytest.mark.parametrize("dim", [2, 3])
def test_the_maps_of_rainnet_start_as_torchs_convolutions(dim):
    net = RainNet(2, (20, 30, 40), dim=dim, generator=seed())
    for convolution, inputs in zip((*net.maps, net.last), (20, 30, 40, 3)):
        bound = 1 / (inputs * 3**dim) ** 0.5
        assert bound * 0.9 < convolution.weight.abs().max() <= bound
        assert 0 < convolution.bias.abs().item() <= bound


@pytest.mark.parametrize("lean", [False, True])
def test_every_weight_of_rainnet_has_a_gradient(lean):
    net = RainNet(1, (2, 2, 2), dim=2, peephole="channel", lean=lean, generator=seed())
    net(random(2, 3, 1, 4, 4, dtype=torch.float32)).square().sum().backward()
    assert all(parameter.grad is not None and parameter.grad.any() for parameter in net.parameters())


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_rainnet_predicts_step_by_step_what_it_gives_in_training(mode):
    net = RainNet(1, (3, 3, 3), peephole="channel", generator=seed()).double()
    x = random(1, 4, 1, *GRID[3])
    with mode():
        predicted = net(x).clone()
    assert_close([predicted], [net(x).detach()], within=1e-14)


def test_rainnet_learns_to_repeat_the_last_map_but_one():
    net = RainNet(1, (8, 8, 8), dim=2, generator=seed())
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    x = torch.rand(4, 6, 1, 6, 6, generator=seed())
    losses = []
    for _ in range(60):
        loss = (net(x)[:, 1:] - x[:, :-1]).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 4  # from the map before, which only memory has


# Refusals


@pytest.mark.parametrize("kernel, mend", [(4, 5), (2, 3), (0, 1), (-3, 1)])
def test_an_even_kernel_is_refused(kernel, mend):
    expected = f"kernel is {kernel}, expected an odd number: try {mend}"
    assert message(ConvLSTMCell, 1, 1, kernel=kernel) == expected
    assert message(ConvLSTM, 1, 1, kernel=kernel) == expected


def test_cells_that_make_no_sense_are_refused():
    assert message(ConvLSTMCell, 1, 1, dim=4) == ("dim is 4, expected 2 for maps (H, W) or 3 for volumes (D, H, W)")
    least = "expected at least 1 of each"
    assert message(ConvLSTMCell, 0, 8) == f"in_channels is 0 and hidden_channels 8, {least}"
    assert message(ConvLSTM, 1, (8, 0)) == f"in_channels is 8 and hidden_channels 0, {least}"
    assert message(ConvLSTM, 1, ()) == ("hidden_channels is (), expected the size of one layer or more: try (8, 8)")


@pytest.mark.parametrize(
    "peephole", ["full", (4,), (4, 0), (2, 4, 3), True, 4, np.int64(4), (4.0, 3), (True, 3), ("4", "3"), np.array(4)]
)
def test_peepholes_of_another_kind_are_refused(peephole):
    expected = f"peephole is {peephole!r}, expected None, 'channel' or the size of the grid, (H, W)"
    assert message(ConvLSTMCell, 1, 1, peephole=peephole) == expected


@pytest.mark.parametrize("value", [(3, 5), [3], True, 3.0, "3", None, np.float32(3), np.array(3), torch.tensor(3)])
@pytest.mark.parametrize("name, mend", [("in_channels", 1), ("hidden_channels", 8), ("kernel", 3), ("dim", 2)])
@pytest.mark.parametrize("make_one", [ConvLSTMCell, ConvLSTM, RainNet])
def test_a_size_that_is_no_whole_number_is_named(make_one, name, mend, value):
    layers = make_one is not ConvLSTMCell
    sizes = {"in_channels": 1, "hidden_channels": (2, 3) if layers else 2, "kernel": 3, "dim": 2}
    sizes[name] = (2, value) if layers and name == "hidden_channels" else value
    assert message(make_one, **sizes) == f"{name} is {value!r}, expected a whole number: try {mend}"


def test_sizes_from_numpy_are_sizes():
    sizes = np.int64(2), np.array([3, 2]), np.int32(5), np.uint8(2), np.array([4, 3])
    ours, theirs = ConvLSTM(*sizes, generator=seed()), ConvLSTM(2, (3, 2), 5, 2, (4, 3), generator=seed())
    x = random(1, 2, 2, 4, 3, dtype=torch.float32)
    assert_close(flat(*ours(x)), flat(*theirs(x)), within=0)
    ours, theirs = RainNet(*sizes, generator=seed()), RainNet(2, (3, 2), 5, 2, (4, 3), generator=seed())
    assert_close([ours(x)], [theirs(x)], within=0)
    assert [cell.hidden_channels for cell in ConvLSTM(1, np.int64(8)).cells] == [8]


def test_what_is_no_switch_and_no_generator_is_refused():
    assert message(ConvLSTM, 1, 8, lean="no") == "lean is 'no', expected True or False"
    # One place too early, a generator would have been taken for a yes.
    assert message(RainNet, 1, (8,), 3, 2, None, seed()).endswith(", expected True or False")
    expected = "generator is 0, expected a torch.Generator: try torch.Generator().manual_seed(0)"
    assert message(ConvLSTM, 1, 8, generator=0) == message(RainNet, 1, (8,), generator=0) == expected


def test_an_input_of_another_shape_is_refused():
    assert message(ConvLSTMCell(2, 3), torch.zeros(5, 1, 4, 4)) == (
        "x has shape (5, 1, 4, 4), expected (B, 2, H, W): one time step, channels before the grid"
    )
    assert message(ConvLSTM(1, 3, dim=3), torch.zeros(5, 1, 4, 4, 4)) == (
        "x has shape (5, 1, 4, 4, 4), expected (B, T, 1, D, H, W): time comes after the batch, channels before the grid"
    )
    assert message(ConvLSTM(1, 3, peephole=(4, 3)), torch.zeros(5, 2, 1, 3, 4)) == (
        "x has shape (5, 2, 1, 3, 4), expected (B, T, 1, 4, 3): time comes after the batch, channels before the grid"
    )


def test_an_input_without_steps_or_of_another_type_is_refused():
    model = ConvLSTM(1, 3)
    assert message(model, torch.zeros(2, 0, 1, 4, 4)) == ("x has 0 time steps, expected 1 or more: give at least one")
    assert message(model, torch.zeros(2, 3, 1, 4, 4, dtype=torch.uint8)) == (
        "x is torch.uint8, expected torch.float32 as the weights: convert it"
    )


def test_a_state_that_does_not_fit_is_refused():
    model, x = ConvLSTM(1, (3, 2)), torch.zeros(2, 4, 1, 5, 6)
    h, c = torch.zeros(2, 3, 5, 6), torch.zeros(2, 2, 5, 6)
    mend = ": a state has the hidden channels, and batch and grid of x"
    assert message(model, x, [(h, h)]) == "states has 1 pairs h, c, expected 2, one for each layer"
    assert message(model, x, [(h, h), (c, h)]) == f"c has shape (2, 3, 5, 6), expected (2, 2, 5, 6){mend}"
    assert message(model, x[:1], [(h, h), (c, c)]) == f"h has shape (2, 3, 5, 6), expected (1, 3, 5, 6){mend}"
    assert message(model, x, [(h, h, h), (c, c)]) == "a state is of type tuple, expected a pair: try (h, c)"
    assert message(model, x, [(h, h), (c.numpy(), c)]) == (
        "h is of type ndarray, expected a tensor, as torch.as_tensor makes it"
    )
    assert message(model, x, [(h, h), (c, c.double())]) == (
        "c is torch.float64, expected torch.float32 as the weights: convert it"
    )
    assert message(model, x, [(h, h.to("meta")), (c, c)]) == (
        "c is on meta, expected cpu as the weights: try c.to('cpu')"
    )
    no_pairs = "states has no pairs h, c, expected 2, one for each layer: try [(h, c), (h, c)]"
    for states in [(h, c), h, {0: (h, h), 1: (c, c)}]:
        assert message(model, x, states) == no_pairs
    assert (
        message(ConvLSTM(1, 3), x, (h, h)) == "states has no pairs h, c, expected 1, one for each layer: try [(h, c)]"
    )
    cell = model.cells[0]
    assert message(cell, x[:, 0], (c, c)) == f"h has shape (2, 2, 5, 6), expected (2, 3, 5, 6){mend}"


@pytest.mark.parametrize(
    "lengths, expected",
    [
        ([4, 5], "lengths is [4, 5], expected 0 to 4: x has 4 time steps"),
        ([-1, 4], "lengths is [-1, 4], expected 0 to 4: x has 4 time steps"),
        ([1, 2, 3], "lengths has shape (3,), expected (2,): one for each example of x"),
        (torch.tensor([[1, 2]]), "lengths has shape (1, 2), expected (2,): one for each example of x"),
        ([1.0, 2.0], "lengths is torch.float32, expected whole numbers: try [4] * 2"),
        (torch.tensor([1 + 2j, 2]), "lengths is torch.complex64, expected whole numbers: try [4] * 2"),
        ([True, False], "lengths is torch.bool, expected whole numbers: try [4] * 2"),
        (3, "lengths is 3, expected whole numbers: try [4] * 2"),
        ("ab", "lengths is 'ab', expected whole numbers: try [4] * 2"),
        ([None, 2], "lengths is [None, 2], expected whole numbers: try [4] * 2"),
    ],
)
def test_lengths_that_do_not_fit_are_refused(lengths, expected):
    assert message(ConvLSTM(1, 3), torch.zeros(2, 4, 1, 5, 6), lengths=lengths) == expected


@pytest.mark.parametrize("lengths", [np.array([2, 4]), np.array([4, 2])[::-1], np.array([2, 4], np.uint64), (2, 4)])
def test_lengths_of_numpy_are_lengths(lengths):
    model, x = make(), random(2, 4, 2, *GRID[2])
    assert_close(flat(*model(x, lengths=lengths)), flat(*model(x, lengths=torch.tensor([2, 4]))), within=0)


@pytest.mark.parametrize("mode", [torch.enable_grad, torch.no_grad])
def test_rainnet_names_the_input_that_came(mode):
    net = RainNet(2, (3, 2), dim=2)
    with mode():
        assert message(net, torch.zeros(1, 4, 3, 5, 6)).startswith(
            "x has shape (1, 4, 3, 5, 6), expected (B, T, 2, H, W)"
        )
        assert message(net, [1]) == "x is of type list, expected a tensor, as torch.as_tensor makes it"
        assert message(net, torch.zeros(1, 4, 2, 5, 6).to("meta")).startswith("x is on meta, expected cpu")
        assert message(net, torch.zeros(1, 4, 2, 5, 6).double()).startswith("x is torch.float64, expected")


# What is taken is handed on


def uniform(*size, inputs, generator):
    return torch.empty(size).uniform_(-(inputs**-0.5), inputs**-0.5, generator=generator)


@pytest.mark.parametrize("dim", [2, 3])
def test_all_arguments_of_convlstm_reach_its_cells(dim):
    model = ConvLSTM(2, (3, 5), 5, dim, GRID[dim], True, seed(7))
    window, generator = (5,) * dim, seed(7)
    for cell, (inputs, outputs) in zip(model.cells, [(2, 3), (3, 5)], strict=True):
        together = (inputs + outputs) * 5**dim
        for weight, channels in [(cell.weight_x, inputs), (cell.weight_h, outputs)]:
            expected = uniform(4 * outputs, channels, *window, inputs=together, generator=generator)
            assert_close([weight], [expected], within=0)
        assert cell.peep.shape == (3, outputs, *GRID[dim])


@pytest.mark.parametrize("dim", [2, 3])
def test_all_arguments_of_rainnet_reach_its_layers_and_maps(dim):
    arguments = 2, (3, 5), 5, dim, GRID[dim], True
    generator = seed(7)
    net, layers = RainNet(*arguments, seed(7)), ConvLSTM(*arguments, generator)
    expected = list(layers.parameters())
    for inputs in (3, 5, 2):  # the maps of the layers, then the one over these two
        fan = inputs * 5**dim
        expected += [uniform(1, inputs, *(5,) * dim, inputs=fan, generator=generator)]
        expected += [uniform(1, inputs=fan, generator=generator)]
    assert_close(list(net.parameters()), expected, within=0)
    assert net(torch.zeros(1, 3, 2, *GRID[dim])).shape == (1, 3, 1, *GRID[dim])


def test_a_lean_rainnet_saves_four_maps_less_a_layer_and_step():
    x = random(2, 5, 1, 5, 6, dtype=torch.float32)
    nets = [RainNet(1, (8, 8), 5, 2, "channel", lean, seed()) for lean in (False, True)]
    full, lean = (saved_bytes(lambda net=net: net(x)).bytes for net in nets)
    assert full - lean == 2 * 5 * 4 * MAP


# On other devices


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("lean", [False, True])
@pytest.mark.parametrize("dim", [2, 3])
def test_cuda_gives_what_the_cpu_gives(dim, lean):
    model, x = make(dim, peephole="channel", lean=lean), random(2, 4, 2, *GRID[dim])
    expected = flat(*model(x, lengths=[4, 2]))
    there = copy.deepcopy(model).cuda()
    results = flat(*there(x.cuda(), lengths=[4, 2]))
    assert_close([tensor.cpu() for tensor in results], expected)
    theirs = gradients(expected, list(model.parameters()))
    ours = gradients([tensor.cpu() for tensor in results], list(there.parameters()))
    assert_close([gradient.cpu() for gradient in ours], theirs)
