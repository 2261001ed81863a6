import pytest
import torch
from torch import nn

from course.mlp import MLP


def test_the_two_networks_of_the_course_have_the_parameters_counted_by_hand():
    def count(model):
        return sum(p.numel() for p in model.parameters())

    assert count(MLP((784, 200, 200, 10))) == 785 * 200 + 201 * 200 + 201 * 10
    assert count(MLP((784, 256, 128, 64, 10))) == 785 * 256 + 257 * 128 + 129 * 64 + 65 * 10


def test_logits_are_the_affine_maps_with_activations_between_and_none_at_the_end():
    model = MLP((2, 2, 1), nn.ReLU)
    first, second = model.layers[0], model.layers[2]
    with torch.no_grad():
        first.weight.copy_(torch.tensor([[1.0, 0], [0, 1]]))
        first.bias.zero_()
        second.weight.copy_(torch.tensor([[1.0, -2]]))
        second.bias.fill_(-1)
    assert model(torch.tensor([[3.0, 1], [-1, 2]])).tolist() == [[0.0], [-5.0]]


def test_each_hidden_layer_has_an_activation_of_its_own():
    model = MLP((4, 5, 6, 3), lambda: nn.PReLU(init=0.5))
    first, second = model.layers[1], model.layers[3]
    assert [type(layer) for layer in model.layers] == [nn.Linear, nn.PReLU] * 2 + [nn.Linear]
    assert first is not second and first.weight is not second.weight
    assert sum(p.numel() for p in model.parameters()) == 5 * 5 + 1 + 6 * 6 + 1 + 7 * 3


def test_every_argument_has_its_effect():
    model = MLP((2, 3, 3, 2), nn.Tanh, torch.Generator().manual_seed(7))
    draws, x = torch.Generator().manual_seed(7), torch.tensor([[1.0, -2.0]])
    expected = x
    for inputs, outputs in ((2, 3), (3, 3), (3, 2)):
        bound = inputs**-0.5
        weight, bias = (
            torch.empty(shape).uniform_(-bound, bound, generator=draws) for shape in ((outputs, inputs), (outputs,))
        )
        expected = expected @ weight.T + bias
        if outputs == 3:
            expected = torch.tanh(expected)
    torch.testing.assert_close(model(x), expected)


def test_an_activation_that_is_a_module_already_is_told():
    with pytest.raises(ValueError) as error:
        MLP((4, 3, 2), nn.ReLU())
    assert str(error.value) == "activation is a module, ReLU(), expected what makes one: try nn.ReLU"


def test_images_are_flattened():
    model = MLP((784, 10))
    x = torch.rand(3, 1, 28, 28)
    assert torch.equal(model(x), model(x.flatten(1)))
    assert model(x).shape == (3, 10)


def test_a_generator_fixes_the_weights_and_leaves_the_global_one_alone():
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)
    one, two = (MLP((4, 3, 2), generator=torch.Generator().manual_seed(1)) for _ in range(2))
    assert torch.rand(1) == expected
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters()))


def test_the_initial_weights_are_those_of_linear():
    torch.manual_seed(3)
    ours = MLP((5, 4, 3))
    torch.manual_seed(3)
    theirs = [nn.Linear(5, 4), nn.Linear(4, 3)]
    for layer, linear in zip((ours.layers[0], ours.layers[2]), theirs):
        torch.testing.assert_close(layer.weight, linear.weight)
        torch.testing.assert_close(layer.bias, linear.bias)


def test_a_wrong_image_size_is_named():
    with pytest.raises(ValueError) as error:
        MLP((784, 10))(torch.zeros(5, 1, 32, 32))
    assert str(error.value) == (
        "x, flattened, has shape (5, 1024), expected (B, 784): the first of widths is the size of one example"
    )


@pytest.mark.parametrize("widths", [(784,), (784, 0, 10), (784, 20.0, 10)])
def test_widths_that_make_no_network_are_refused(widths):
    with pytest.raises(ValueError, match="expected two or more whole positive sizes: try"):
        MLP(widths)
