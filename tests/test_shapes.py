import numpy as np
import pytest
import torch

from course._shapes import check_shape, check_whole


@pytest.mark.parametrize("expected", ["B 28 28", "3 H W", "B S S", "... 28", "..."])
def test_a_fitting_shape_passes(expected):
    check_shape("x", torch.zeros(3, 28, 28), expected)


@pytest.mark.parametrize("expected", ["B 784", "B 28", "B 28 28 1", "S S W", "... 27", "... A B C D"])
def test_a_shape_that_does_not_fit_is_named_with_the_expected_one(expected):
    shape = ", ".join(expected.split())
    with pytest.raises(ValueError) as error:
        check_shape("x", torch.zeros(3, 28, 28), expected)
    assert str(error.value) == f"x has shape (3, 28, 28), expected ({shape})"


def test_one_axis_is_written_as_python_does():
    with pytest.raises(ValueError, match=r"^x has shape \(1, 2\), expected \(B,\)$"):
        check_shape("x", torch.zeros(1, 2), "B")


def test_the_mend_ends_the_sentence():
    with pytest.raises(ValueError, match=r"^y has shape \(2,\), expected \(2, 10\): use one-hot rows$"):
        check_shape("y", torch.zeros(2), "2 10", "use one-hot rows")


def test_numbers_alone_are_a_shape_too():
    check_shape("x", torch.zeros(3, 28), (3, 28))
    with pytest.raises(ValueError, match=r"^x has shape \(3, 28\), expected \(3, 27\): cut$"):
        check_shape("x", torch.zeros(3, 28), [3, 27], "cut")


@pytest.mark.parametrize("x", [[1.0], np.zeros(3), None])
def test_what_is_no_tensor_is_named(x):
    kind = type(x).__name__
    with pytest.raises(ValueError, match=f"^x is of type {kind}, expected a tensor, as torch.as_tensor makes it$"):
        check_shape("x", x, "B")


@pytest.mark.parametrize("number", [3, np.int64(3), np.uint8(3)])
def test_a_whole_number_becomes_an_int(number):
    assert type(check_whole("kernel", number, 5)) is int and check_whole("kernel", number, 5) == 3


@pytest.mark.parametrize("number", [3.0, True, "3", None, (3, 3), np.bool_(True), np.float64(3)])
def test_what_is_no_whole_number_is_named(number):
    with pytest.raises(ValueError) as error:
        check_whole("kernel", number, 5)
    assert str(error.value) == f"kernel is {number!r}, expected a whole number: try 5"
