import pytest
import torch

from course._shapes import check_shape


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
