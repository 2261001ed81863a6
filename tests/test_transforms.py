"""What torch does to functions and modules, done to those of the course: compiled, exported, mapped, cast, copied.

The truth is the same module as it is, the plain cells one step after the other, or finite differences.
"""

import copy
import importlib.util
import io
import pickle

import pytest
import torch
from torch import nn
from torch.autograd import gradcheck, gradgradcheck
from torch.func import functional_call, grad, stack_module_state, vmap
from torch.utils.checkpoint import checkpoint

from course.convlstm import ConvLSTM, ConvLSTMCell, RainNet
from course.mlp import MLP
from test_convlstm import GRID, assert_close, flat, gradients, make, message, random, seed, some_states, step_by_step

# Not the simplest: two layers of different sizes; the kernel of `rain` is 5.
WAYS = pytest.mark.parametrize(
    "dim, peephole, lean", [(2, "channel", False), (2, "grid", True), (3, None, True), (3, "grid", False)]
)
DIMS = pytest.mark.parametrize("dim", [2, 3])
# Torch warns of its own script on the first forward derivative, and that tracing is old.
OLD = pytest.mark.filterwarnings("ignore:`torch.jit")


def rain(dim, lean=False, hidden=(3, 2), number=0):
    net = RainNet(2, hidden, 5, dim, "channel", lean, seed(number)).double()
    for cell in net.lstm.cells:
        nn.init.normal_(cell.peep, generator=seed(number + 1))
    return net


def film(dim, batch=2, steps=3, number=5):
    return random(batch, steps, 2, *GRID[dim], number=number)


def assert_same(ours, theirs, inputs, within=1e-10):
    """Two lists of tensors have the same values and the same gradients."""
    assert_close(ours, theirs, within)
    assert_close(gradients(ours, inputs), gradients(theirs, inputs), within)


def of(model, *args):
    """What a model gives to its own weights, or to others."""
    return lambda weights, x: functional_call(model, weights, (x, *args))


def squares(results):
    """The sum of all squares, in which zeros behind the end of an example do not count."""
    return sum(tensor.square().sum() for tensor in flat(*results))


# Compiled and exported


@pytest.fixture
def fresh_compiler():
    torch.compiler.reset()
    yield
    torch.compiler.reset()


@WAYS
def test_compiled_layers_give_the_same_in_one_graph(dim, peephole, lean, fresh_compiler):
    model, x = make(dim, peephole=peephole, lean=lean), film(dim).requires_grad_()
    states = some_states(model, 2, GRID[dim])
    compiled = torch.compile(model, backend="eager", fullgraph=True)
    ours, theirs = (flat(*call(x, states, torch.tensor([3, 1]))) for call in (compiled, model))
    assert_same(ours, theirs, [x, *model.parameters()])
    nearest = flat(*model(x, states, torch.tensor([3, 0])))  # there they cannot be read, and are not refused
    assert_close(flat(*compiled(x, states, torch.tensor([9, -1]))), nearest)


@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor")  # where the compiler of torch 2.11 looks
@DIMS
def test_a_compiled_rainnet_trains_and_predicts_as_it_is(dim, fresh_compiler):
    net, x = rain(dim), film(dim, steps=2).requires_grad_()
    compiled = torch.compile(net, backend="aot_eager" if dim == 2 else "eager")
    assert_same([compiled(x)], [net(x)], [x, *net.parameters()])
    with torch.no_grad():
        assert_close([compiled(x)], [net(x)])


@pytest.mark.filterwarnings("ignore:The given buffer is not writable")  # what torch 2.11 says of its own file
@DIMS
def test_an_exported_program_takes_other_batches_and_can_be_saved(dim):
    model, batch = make(dim, peephole="channel"), torch.export.Dim("batch", min=2)
    inputs = film(dim), some_states(model, 2, GRID[dim]), torch.tensor([3, 2])
    any_batch = {0: batch}
    program = torch.export.export(model, inputs, dynamic_shapes=(any_batch, [(any_batch,) * 2] * 2, any_batch))
    file = io.BytesIO()
    torch.export.save(program, file)
    file.seek(0)
    exported = torch.export.load(file).module()
    other = film(dim, batch=4), some_states(model, 4, GRID[dim]), torch.tensor([0, 3, 1, 2])
    assert_close(flat(*exported(*other)), flat(*model(*other)))


def test_an_exported_rainnet_can_be_trained():
    net, x = rain(2), film(2)
    exported = torch.export.export(net, (x,)).module()
    names, weights = zip(*net.named_parameters())
    theirs = dict(exported.named_parameters())
    assert_close([exported(x)], [net(x)])
    assert_close(gradients([exported(x)], [theirs[name] for name in names]), gradients([net(x)], weights))


@OLD
@pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning")
def test_a_traced_prediction_can_be_saved():
    net, x, file = rain(2), film(2), io.BytesIO()
    with torch.no_grad():
        torch.jit.save(torch.jit.trace(net, (x,)), file)
        file.seek(0)
        assert_close([torch.jit.load(file)(x)], [net(x)])


@pytest.mark.skipif(not importlib.util.find_spec("onnxscript"), reason="needs onnxscript, which torch.onnx asks for")
@pytest.mark.filterwarnings("ignore")
def test_layers_can_be_exported_to_onnx():
    model = make(peephole="channel").float().eval()
    states = [tuple(part.float() for part in state) for state in some_states(model, 2, GRID[2])]
    inputs = film(2).float(), states, torch.tensor([3, 2])
    program = torch.onnx.export(model, inputs, dynamo=True, verbose=False)
    pytest.importorskip("onnxruntime")
    assert_close(program(*inputs), flat(*model(*inputs)), within=1e-5)


# torch.func, and derivatives of all kinds


@OLD
@pytest.mark.parametrize("lengths", [None, [2, 1]])
@WAYS
def test_derivatives_forward_backward_and_twice_are_the_finite_differences(dim, peephole, lean, lengths):
    peephole = (2,) * dim if peephole == "grid" else peephole
    model = make(dim, hidden=(2,), peephole=peephole, lean=lean, channels=1)
    [(h, c)], (names, weights) = some_states(model, 2, (2,) * dim), zip(*model.named_parameters())

    def call(x, h, c, *weights):
        return tuple(flat(*functional_call(model, dict(zip(names, weights)), (x, [(h, c)], lengths))))

    inputs = [random(2, 2, 1, *(2,) * dim), h, c, *(weight.detach() for weight in weights)]
    inputs = [tensor.requires_grad_() for tensor in inputs]
    assert gradcheck(call, inputs, fast_mode=True, check_forward_ad=True)
    assert gradgradcheck(call, inputs, fast_mode=True, check_fwd_over_rev=True)


@OLD
@DIMS
def test_many_derivatives_at_once_are_those_one_by_one(dim):
    net, x = rain(dim, hidden=(2,)), film(dim, 1, 2)
    expected = torch.autograd.functional.jacobian(net, x)
    for vectorized in ({"vectorize": True}, {"vectorize": True, "strategy": "forward-mode"}):
        assert_close([torch.autograd.functional.jacobian(net, x, **vectorized)], [expected])
    assert_close([torch.func.jacrev(net)(x), torch.func.jacfwd(net)(x)], [expected] * 2)

    def last_c(x):
        return net.lstm(x)[1][0][1]

    jacobian = torch.autograd.functional.jacobian
    assert_close([jacobian(last_c, x, vectorize=True)], [jacobian(last_c, x)])


@WAYS
def test_the_gradient_of_each_example_is_as_if_it_were_alone(dim, peephole, lean):
    model, x = make(dim, peephole=peephole, lean=lean), film(dim)
    weights, lengths = dict(model.named_parameters()), torch.tensor([3, 2])

    def loss(weights, x, length):
        return squares(of(model, None, length[None])(weights, x[None]))

    ours = vmap(grad(loss), (None, 0, 0))(weights, x, lengths)
    for example, length in enumerate(lengths):
        alone = squares(step_by_step(model, x[example : example + 1, :length]))
        theirs = torch.autograd.grad(alone, list(weights.values()))
        assert_close([ours[name][example] for name in weights], theirs)


@DIMS
def test_a_stack_of_networks_is_each_of_them(dim):
    nets, x = [rain(dim, number=number) for number in range(3)], film(dim)
    weights, _ = stack_module_state(nets)
    ours, theirs = vmap(of(nets[0]), (0, None))(weights, x), [net(x) for net in nets]
    assert_close(ours, theirs)
    slopes = torch.autograd.grad(ours.square().sum(), list(weights.values()))
    alone = [torch.autograd.grad(y.square().sum(), list(net.parameters())) for y, net in zip(theirs, nets)]
    assert_close(slopes, [torch.stack(parts) for parts in zip(*alone)])
    with torch.no_grad():
        assert_close(vmap(of(nets[0]), (0, None))(weights, x), theirs)


def test_frozen_weights_and_a_gradient_that_keeps_its_graph_go_together():
    model, x = make(), film(2)
    model.cells[0].requires_grad_(False)
    model.cells[1].bias.requires_grad_(False)
    trained = [weight for weight in model.parameters() if weight.requires_grad]
    both = []
    for call in (model, lambda x: step_by_step(model, x)):
        slopes = torch.autograd.grad(call(x)[0][1].square().sum(), trained, create_graph=True)
        both.append([*slopes, *torch.autograd.grad(sum(slope.square().sum() for slope in slopes), trained)])
    assert_close(*both)


@pytest.mark.parametrize("reentrant", [False, True])
@pytest.mark.parametrize("lean", [False, True])
def test_a_checkpoint_changes_no_gradient(lean, reentrant):
    net, x = rain(3, lean), film(3).requires_grad_()
    weights = [x, *net.parameters()]
    checkpoint(net, x, use_reentrant=reentrant).square().sum().backward()
    expected = torch.autograd.grad(net(x).square().sum(), weights)
    assert_close([weight.grad for weight in weights], expected)


@OLD
@pytest.mark.filterwarnings("ignore:Attempted to insert a get_attr Node")  # what linearize says of any module
def test_the_cell_itself_goes_where_the_layers_cannot():
    cell, x = ConvLSTMCell(2, 3, generator=seed()).double(), random(2, 2, *GRID[2])
    assert_close(torch.func.functionalize(cell)(x), cell(x))
    assert_close(torch.func.linearize(cell, x)[1](x), torch.func.jvp(cell, (x,), (x,))[1])


# Copies, types, devices, layouts


def test_a_copy_and_a_pickle_after_training_give_the_same_and_stand_alone():
    net, x = rain(2), film(2)
    net(x).sum().backward()
    file = io.BytesIO()
    torch.save(net, file)
    file.seek(0)
    copies = copy.deepcopy(net), pickle.loads(pickle.dumps(net)), torch.load(file, weights_only=False)
    for other in copies:
        assert_close([other(x)], [net(x)], within=0)
        other(x).sum().backward()
    assert_close([weight.grad for weight in copies[0].parameters()], [weight.grad for weight in net.parameters()])


@pytest.mark.parametrize(
    "dim, kind, within", [(2, torch.bfloat16, 2e-2), (2, torch.float16, 2e-3), (3, torch.float16, 2e-3)]
)
@pytest.mark.parametrize("lean", [False, True])
def test_autocast_rounds_the_convolutions_and_no_more(lean, dim, kind, within):
    model, x = make(dim, peephole="channel", lean=lean).float(), film(dim).float()
    states = [tuple(part.to(kind) for part in state) for state in some_states(model, 2, GRID[dim])]
    with torch.autocast("cpu", dtype=kind):
        ours = flat(*model(x.to(kind), states))  # as from a layer that autocast has rounded
        cell = model.cells[0](x[:, 0].to(kind), states[0])
    assert {tensor.dtype for tensor in [*ours, *cell]} == {torch.float32}
    exact = copy.deepcopy(model).double()
    theirs = flat(*exact(x.double(), [tuple(part.double() for part in state) for state in states]))
    assert_close([tensor.double() for tensor in ours], theirs, within)
    slopes = gradients(theirs, list(exact.parameters()))
    for one, other in zip(gradients([tensor.double() for tensor in ours], list(model.parameters())), slopes):
        assert (one - other).abs().max() < within * other.abs().max()


@pytest.mark.parametrize(
    "dim, batch, kind, within", [(2, 2, torch.bfloat16, 2e-2), (2, 2, torch.float16, 1e-2), (3, 1, torch.float16, 1e-2)]
)
@pytest.mark.parametrize("autocast", [False, True])
def test_in_half_precision_small_signals_have_the_gradients_of_the_exact_ones(autocast, dim, batch, kind, within):
    """2 sigmoid(2x) - 1 in half precision would leave nothing of them: errors up to three times their size."""
    model = ConvLSTM(1, (8, 8), dim=dim, peephole="channel", generator=seed())
    x = 0.1 * random(batch, 12, 1, *(6,) * dim, dtype=torch.float32)
    if not autocast:
        model, x = model.to(kind), x.to(kind)
    exact = copy.deepcopy(model).double()
    with torch.autocast("cpu", dtype=kind, enabled=autocast):
        ours = flat(*model(x))
    assert {tensor.dtype for tensor in ours} == {torch.float32 if autocast else kind}
    slopes = torch.autograd.grad(squares(exact(x.double())), list(exact.parameters()))
    mine = torch.autograd.grad(sum(tensor.double().square().sum() for tensor in ours), list(model.parameters()))
    for one, other in zip(mine, slopes):
        assert (one - other).abs().max() < within * other.abs().max()


def test_volumes_in_bfloat16_on_a_cpu_are_predicted_but_not_trained():
    """Torch's conv3d writes past the end of the gradient of its weight there, if the kernel is higher than the grid."""
    model, net, x = make(3).bfloat16(), rain(3).float(), film(3)
    where = "torch.bfloat16 on the CPU, where torch's gradients of volumes are wrong"
    refusal = f"x is computed in {where}: train in float32 or float16, or predict under torch.no_grad()"
    assert message(model, x.bfloat16()) == refusal
    assert message(model.cells[0], x[:, 0].bfloat16()) == refusal
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert message(net, x.float()) == refusal
        with torch.no_grad():
            assert_close([net(x.float()).double()], [copy.deepcopy(net).double()(x)], within=2e-2)
    with torch.no_grad():
        assert model(x.bfloat16())[0][1].dtype == torch.bfloat16


@DIMS
def test_the_meta_device_tells_shapes_and_holds_all_weights(dim):
    with torch.device("meta"):
        net, mlp = RainNet(2, (3, 2), 5, dim, "channel", generator=seed()), MLP((4, 3, 2), generator=seed())
    assert {weight.device.type for weight in [*net.parameters(), *mlp.parameters()]} == {"meta"}
    y = net(film(dim).float().to("meta"))
    y.sum().backward()
    assert y.shape == (2, 3, 1, *GRID[dim])
    assert all(weight.grad.shape == weight.shape for weight in net.parameters())
    outputs, _ = net.lstm(film(dim).float().to("meta"), lengths=[3, 1])
    assert outputs[1].shape == (2, 3, 2, *GRID[dim])


@DIMS
def test_channels_last_changes_nothing(dim):
    net, x = rain(dim), film(dim)
    last = copy.deepcopy(net).to(memory_format=torch.channels_last if dim == 2 else torch.channels_last_3d)
    assert_close([last(x)], [net(x)])
    assert_close(gradients([last(x)], list(last.parameters())), gradients([net(x)], list(net.parameters())))


def test_states_of_inference_mode_can_be_trained_on_once_they_are_cloned():
    model, x = make(), film(2)
    with torch.inference_mode():
        _, states = model(x)
    with pytest.raises(RuntimeError, match="To work around this, you can make a clone"):
        model(x, states)
    states = [(h.clone(), c.clone()) for h, c in states]
    assert_same(flat(*model(x, states)), flat(*step_by_step(model, x, states)), list(model.parameters()))


def test_on_a_cpu_data_parallel_hands_everything_on():
    model, x = make(), film(2)
    states = some_states(model, 2, GRID[2])
    ours = nn.DataParallel(model)(x, states, lengths=[3, 1])
    assert_close(flat(*ours), flat(*model(x, states, [3, 1])), within=0)


# MLP


@OLD
def test_an_mlp_is_plain_torch_compiled_exported_mapped_and_differentiated_twice(fresh_compiler):
    nets = [MLP((4, 3, 3, 2), nn.Tanh, generator=seed(number)).double() for number in range(2)]
    (net, _), x = nets, random(5, 2, 2)
    assert_same([torch.compile(net, backend="eager", fullgraph=True)(x)], [net(x)], list(net.parameters()))
    rows = torch.export.Dim("rows", min=2)
    exported = torch.export.export(net, (x,), dynamic_shapes=({0: rows},)).module()
    assert_close([exported(x[:3])], [net(x[:3])])
    weights, _ = stack_module_state(nets)
    assert_close(vmap(of(net), (0, None))(weights, x), [each(x) for each in nets])
    x.requires_grad_()
    assert gradcheck(net, x, check_forward_ad=True, check_batched_grad=True) and gradgradcheck(net, x)
