import math

import pytest
import torch
import torchmetrics.functional.classification as reference

from course.scores import accuracy, confusion_matrix, precision, recall, top_k

CLASSES = 5


@pytest.fixture
def predictions():
    generator = torch.Generator().manual_seed(0)
    y = torch.randint(CLASSES, (400,), generator=generator)
    return torch.randn(400, CLASSES, generator=generator) + torch.nn.functional.one_hot(y, CLASSES), y


def test_scores_equal_torchmetrics(predictions):
    logits, y = predictions
    confusion = confusion_matrix(logits, y)
    options = {"num_classes": CLASSES, "average": "none"}
    assert accuracy(logits, y) == pytest.approx(reference.multiclass_accuracy(logits, y, CLASSES, "micro").item())
    assert torch.equal(confusion, reference.multiclass_confusion_matrix(logits, y, CLASSES))
    torch.testing.assert_close(precision(confusion), reference.multiclass_precision(logits, y, **options))
    torch.testing.assert_close(recall(confusion), reference.multiclass_recall(logits, y, **options))
    for k in (1, 2, CLASSES):
        expected = reference.multiclass_accuracy(logits, y, CLASSES, "micro", top_k=k).item()
        assert top_k(logits, y, k) == pytest.approx(expected)


def test_three_examples_score_as_counted_by_hand():
    logits, y = torch.tensor([[9.0, 1, 0], [5, 4, 0], [0, 1, 2]]), torch.tensor([0, 1, 2])
    confusion = confusion_matrix(logits, y)
    assert confusion.tolist() == [[1, 0, 0], [1, 0, 0], [0, 0, 1]]
    assert accuracy(logits, y) == pytest.approx(2 / 3)
    assert top_k(logits, y, 2) == 1
    assert precision(confusion).tolist() == [0.5, 0, 1]
    assert recall(confusion).tolist() == [1, 0, 1]


def test_labels_of_one_byte_are_not_counted_beyond_it():
    y = torch.arange(26, dtype=torch.uint8)  # 25 * 26 is more than 255
    assert torch.equal(confusion_matrix(torch.eye(26), y), torch.eye(26, dtype=torch.int64))


def test_a_class_that_is_never_seen_scores_zero_not_nan():
    assert precision(torch.zeros(3, 3)).tolist() == [0, 0, 0]
    assert recall(torch.zeros(3, 3)).tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("logits", "y", "message"),
    [
        (torch.zeros(4), torch.zeros(4), "logits has shape (4,), expected (B, K)"),
        (
            torch.zeros(4, 3),
            torch.zeros(4, 3),
            "y has shape (4, 3), expected (4,): one class index an example, not one-hot rows",
        ),
        (torch.zeros(1, 3), torch.tensor([3]), "y has class 3, expected 0 to 2: one logit a class"),
        (torch.zeros(1, 3), torch.tensor([-1]), "y has class -1, expected 0 to 2: one logit a class"),
        (torch.zeros(0, 3), torch.zeros(0), "logits has no examples, expected one or more"),
        (
            torch.zeros(1, 3),
            torch.ones(1),
            "y is torch.float32, expected whole numbers, one class an example: try y.long()",
        ),
        (
            torch.tensor([[0, math.nan, 1]]),
            torch.tensor([2]),
            "logits has nan, expected numbers: such a model has no accuracy",
        ),
    ],
)
def test_unfit_predictions_are_named(logits, y, message):
    for score in (accuracy, confusion_matrix, lambda logits, y: top_k(logits, y, 1)):
        with pytest.raises(ValueError) as error:
            score(logits, y)
        assert str(error.value) == message


def test_k_beyond_the_classes_is_refused():
    with pytest.raises(ValueError, match="k is 4, expected 1 to 3, the number of classes"):
        top_k(torch.zeros(1, 3), torch.tensor([0]), 4)
