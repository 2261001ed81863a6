"""Scenes know what stands where, for the same seed alike; boxes become targets and come back; precision as by hand."""

import math
from pathlib import Path

import pytest
import skimage
import sklearn.metrics
import torch
from torch import tensor
from torchvision.ops import batched_nms, box_iou, masks_to_boxes

from course.vision import (
    PHOTOS,
    Detections,
    average_precision,
    decode_grid,
    fill_grid,
    make_scenes,
    mean_precision,
    read_photos,
    scale_pixels,
)

DIGITS = torch.zeros(10, 28, 28, dtype=torch.uint8)
for digit in range(10):
    DIGITS[digit, 4:24, 8 - digit // 2 : 18] = 255  # a bar, the wider the larger its label
LABELS = torch.arange(10)
NONE = torch.zeros(0, 4)


def message(call, *args, **options):
    with pytest.raises(ValueError) as caught:
        call(*args, **options)
    return str(caught.value)


def found(boxes, scores, labels):
    return Detections(tensor(boxes).float().view(-1, 4), tensor(scores).float(), tensor(labels).long())


# Scenes


def test_photographs_lie_in_the_installed_packages_and_parts_share_none():
    folders = [Path(skimage.__file__).parent / "data", Path(sklearn.__file__).parent / "datasets" / "images"]
    files = {path.stem for folder in folders for path in folder.iterdir()}
    names = {"immunohistochemistry": "ihc"}
    assert {names.get(name, name.removesuffix(".jpg")) for name in PHOTOS} <= files
    parts = {part: read_photos(part) for part in ("train", "test")}
    assert [len(parts[part]) for part in parts] == [5, 3] and len(PHOTOS) == 8
    assert all(photo.dtype == torch.uint8 and len(photo) == 3 for part in parts.values() for photo in part)
    assert all(photo.by and photo.licence for photo in PHOTOS.values())


def test_a_scene_is_what_its_shapes_say_and_the_same_for_the_same_seed():
    one, again, other = (make_scenes(DIGITS, LABELS, 6, seed=seed) for seed in (3, 3, 4))
    assert one.images.shape == (6, 3, 64, 64) and one.masks.shape == (6, 64, 64)
    assert one.images.dtype == one.masks.dtype == torch.uint8
    assert torch.equal(one.images, again.images) and torch.equal(one.masks, again.masks)
    assert not torch.equal(one.images, other.images)
    before = torch.random.get_rng_state()
    make_scenes(DIGITS, LABELS, 1)
    assert torch.equal(before, torch.random.get_rng_state())  # the learner's own random numbers are left alone


def test_more_scenes_begin_with_the_same_ones():
    few, more = make_scenes(DIGITS, LABELS, 2, seed=1), make_scenes(DIGITS, LABELS, 5, seed=1)
    assert torch.equal(few.images, more.images[:2])


@pytest.mark.parametrize("side", [36, 48, 64])
def test_boxes_and_labels_are_those_of_the_masks(side):
    scenes = make_scenes(DIGITS, LABELS, 20, side=side, most=1, seed=side)
    ink = scenes.masks > 0
    expected = masks_to_boxes(ink) + tensor([0.0, 0, 1, 1])  # torchvision ends with the last pixel, we past it
    assert torch.equal(torch.cat(scenes.boxes), expected)
    assert torch.cat(scenes.labels).tolist() == [int(mask.max()) - 1 for mask in scenes.masks]


def test_one_to_most_digits_stand_apart_and_inside():
    scenes = make_scenes(DIGITS, LABELS, 40, most=3, seed=2)
    assert {len(boxes) for boxes in scenes.boxes} == {1, 2, 3}
    assert [len(labels) for labels in scenes.labels] == [len(boxes) for boxes in scenes.boxes]
    for boxes, mask, labels in zip(scenes.boxes, scenes.masks, scenes.labels, strict=True):
        assert boxes.min() >= 0 and boxes.max() <= 64
        assert (box_iou(boxes, boxes) - torch.eye(len(boxes))).max() < 0.2
        assert set(mask.unique().tolist()) == {0, *(labels + 1).tolist()}


def test_dim_photographs_are_darker_than_their_digits():
    scenes = make_scenes(DIGITS, LABELS, 20, seed=7, dim=True)
    brightest = scenes.images.max(1).values
    assert brightest[scenes.masks == 0].float().quantile(0.99) <= round(0.6 * 255) + 1
    assert brightest[scenes.masks > 0].float().median() == 255


def test_a_side_larger_than_the_photographs_is_filled():
    assert make_scenes(DIGITS, LABELS, 2, part="test", side=460).images.shape == (2, 3, 460, 460)


def test_pixels_are_scaled_around_0():
    assert scale_pixels(tensor([0, 255], dtype=torch.uint8)).tolist() == pytest.approx([-1.8, 2.2])


def test_what_cannot_be_a_scene_is_told_in_a_sentence():
    assert "part is 'valid', expected 'train' or 'test'" in message(read_photos, "valid")
    assert "expected (N, H, W) with N of 1 or more" in message(make_scenes, DIGITS[:0], LABELS[:0], 1)
    assert "images has shape (10, 1, 28, 28)" in message(make_scenes, DIGITS[:, None], LABELS, 1)
    assert "10 images and 9 labels" in message(make_scenes, DIGITS, LABELS[:9], 1)
    assert "count is 0 and most is 4" in message(make_scenes, DIGITS, LABELS, 0)
    assert "count is 2.5, expected a whole number: try 1" in message(make_scenes, DIGITS, LABELS, 2.5)
    assert "side is 30, expected at least 36" in message(make_scenes, DIGITS, LABELS, 1, side=30)
    assert "images hold no ink" in message(make_scenes, torch.zeros_like(DIGITS), LABELS, 1)


# Targets, and back


def say(grid, classes=10):
    """The outputs of a detector that is sure of what a grid says."""
    one_hot = torch.nn.functional.one_hot(grid.labels, classes).permute(0, 3, 1, 2)
    return torch.cat([grid.seen[:, None] * 40 - 20, grid.offsets, one_hot * 40.0], 1)


def test_the_cell_that_holds_the_centre_answers_for_a_box():
    grid = fill_grid([tensor([[8.0, 16, 24, 32]])], [tensor([7])], 64)
    assert grid.seen.nonzero().tolist() == [[0, 3, 2]]  # the centre is x 16, y 24: row 3, column 2
    assert grid.labels[0, 3, 2] == 7 and grid.lost == 0
    assert grid.offsets[0, :, 3, 2].tolist() == [-0.5, -0.5, 0, 0]  # at the cell's corner, 16 pixels each way


def test_boxes_come_back_from_what_they_became():
    scenes = make_scenes(DIGITS, LABELS, 30, seed=5)
    grid = fill_grid(scenes.boxes, scenes.labels, 64)
    back = decode_grid(say(grid), 64)
    assert sum(map(len, scenes.boxes)) - sum(len(one.boxes) for one in back) == grid.lost
    for one, boxes, labels in zip(back, scenes.boxes, scenes.labels, strict=True):
        overlap, which = box_iou(one.boxes, boxes).max(1)
        assert overlap.min() > 0.999 and torch.equal(one.labels, labels[which])
    if not grid.lost:
        assert mean_precision(back, scenes.boxes, scenes.labels, 10) == 1


def test_two_centres_in_a_cell_lose_a_box():
    boxes = tensor([[0.0, 0, 8, 8], [1, 1, 8, 8]])
    grid = fill_grid([boxes, NONE], [tensor([1, 2]), tensor([], dtype=torch.long)], 16)
    assert grid.lost == 1 and grid.seen.sum() == 1 and grid.labels[0, 0, 0] == 1


def test_boxes_that_cannot_be_learned_are_told_in_a_sentence():
    one = [tensor([0])]
    assert "has no area" in message(fill_grid, [tensor([[4.0, 4, 4, 9]])], one, 64)
    assert "has no area" in message(fill_grid, [tensor([[9.0, 4, 4, 9]])], one, 64)
    assert "has no area" in message(fill_grid, [tensor([[math.nan, 4, 8, 9]])], one, 64)
    outside = message(fill_grid, [NONE, tensor([[60.0, 4, 90, 9]])], [one[0][:0], *one], 64)
    assert "box [60.0, 4.0, 90.0, 9.0] of picture 1 has its centre outside of 64 x 64 pixels" in outside
    assert "boxes of 1 pictures and labels of 0" in message(fill_grid, [NONE], [], 64)
    assert "picture 0 has boxes of shape (4,)" in message(fill_grid, [torch.zeros(4)], one, 64)
    assert "picture 0 has boxes of shape (0, 4) and labels of shape (1,)" in message(fill_grid, [NONE], one, 64)
    assert "side is 60 and stride is 8" in message(fill_grid, [NONE], [one[0][:0]], 60)
    assert "outputs has shape (2, 15, 8, 4)" in message(decode_grid, torch.zeros(2, 15, 8, 4), 64)
    assert "outputs has shape (2, 5, 8, 8)" in message(decode_grid, torch.zeros(2, 5, 8, 8), 64)


def test_no_pictures_and_no_boxes_are_fine():
    assert fill_grid([], [], 64).seen.shape == (0, 8, 8)
    assert decode_grid(torch.zeros(0, 15, 8, 8), 64) == []
    silent = decode_grid(torch.full((1, 15, 8, 8), -20.0), 64)
    assert [tuple(part.shape) for part in silent[0]] == [(0, 4), (0,), (0,)]


def test_answers_are_kept_inside_sorted_and_suppressed_as_torchvision_does():
    outputs = torch.randn(3, 15, 8, 8, generator=torch.Generator().manual_seed(0)) * 2
    outputs[:, 3:5] += 1
    outputs[0, 3:5] = 1e9  # even sizes without end become boxes
    every, some = decode_grid(outputs, 64, suppress=None), decode_grid(outputs, 64, suppress=0.3)
    for raw, kept in zip(every, some, strict=True):
        assert raw.boxes.isfinite().all() and raw.boxes.min() >= 0 and raw.boxes.max() <= 64
        assert (raw.scores.diff() <= 0).all() and raw.scores.min() >= 0.05
        chosen = batched_nms(raw.boxes, raw.scores, raw.labels, 0.3)
        assert torch.equal(kept.boxes, raw.boxes[chosen]) and len(chosen) < len(raw.boxes)


# Average precision

TRUTH = [tensor([[0.0, 0, 10, 10], [20, 20, 30, 30]]), tensor([[0.0, 0, 10, 10]])]
KINDS = [tensor([0, 0]), tensor([0])]


def test_precision_by_hand():
    # by score: right, wrong (nothing there), right, wrong (found twice); the third box is missed
    first = found([[0, 0, 10, 10], [40, 40, 50, 50], [0, 0, 10, 9]], [0.9, 0.8, 0.6], [0, 0, 0])
    second = found([[0, 0, 10, 10]], [0.7], [0])
    # precisions at the hits 1 and 2/3, each at a third of recall
    assert average_precision([first, second], TRUTH, KINDS, 1).tolist() == pytest.approx([(1 + 2 / 3) / 3])


def test_precision_is_made_to_fall():
    # wrong, right, right: 1/2 at the first hit, but 2/3 at a higher recall counts for both
    one = found([[40, 40, 50, 50], [0, 0, 10, 10], [20, 20, 30, 30]], [0.9, 0.8, 0.7], [0, 0, 0])
    assert average_precision([one], TRUTH[:1], KINDS[:1], 1).tolist() == pytest.approx([2 / 3])


def test_an_overlap_of_exactly_the_least_counts_and_one_below_does_not():
    half = [found([[0, 0, 10, 5]], [0.9], [0])]
    assert average_precision(half, TRUTH[1:], KINDS[1:], 1, 0.5).tolist() == [1]
    assert average_precision(half, TRUTH[1:], KINDS[1:], 1, 0.51).tolist() == [0]


def test_a_class_that_never_occurs_has_no_precision_and_one_not_found_has_0():
    one = [found([[0, 0, 10, 10], [0, 0, 10, 10]], [0.9, 0.8], [0, 2])]
    kinds, boxes = [tensor([0, 1])], [tensor([[0.0, 0, 10, 10], [20, 20, 30, 30]])]
    precision = average_precision(one, boxes, kinds, 3)
    assert precision[:2].tolist() == [1, 0] and math.isnan(precision[2])
    assert mean_precision(one, boxes, kinds, 3) == 0.5


def test_a_box_without_area_is_never_found_and_hides_no_other():
    boxes = [tensor([[5.0, 5, 5, 5], [0, 0, 10, 10]])]
    one = [found([[5, 5, 5, 5], [0, 0, 10, 10]], [0.9, 0.8], [0, 0])]
    assert average_precision(one, boxes, KINDS[:1], 1).tolist() == [0.25]  # precision 1/2 at a recall of 1/2


def test_no_detections_have_0_and_no_pictures_nan():
    nothing = found([], [], [])
    assert average_precision([nothing, nothing], TRUTH, KINDS, 1).tolist() == [0]
    assert math.isnan(mean_precision([], [], [], 3))
    assert math.isnan(mean_precision([nothing], [NONE], [tensor([], dtype=torch.long)], 3))


def test_lists_and_labels_that_do_not_fit_are_told_in_a_sentence():
    assert "detections of 0 pictures and boxes of 2" in message(average_precision, [], TRUTH, KINDS, 1)
    one = [found([[0, 0, 10, 10]], [0.9], [4])]
    assert "labels run from 4 to 4, expected 0 to 2" in message(average_precision, one, TRUTH[1:], KINDS[1:], 3)


@pytest.mark.parametrize("seed", range(3))
def test_precision_is_that_of_scikit_learn_where_each_box_is_found_or_not(seed):
    """Boxes far apart, each met by one detection at most: then a detection is a yes or no, as in a retrieval."""
    random = torch.Generator().manual_seed(seed)
    corners = torch.arange(40.0)[:, None] * 20
    boxes = torch.cat([corners, corners, corners + 10, corners + 10], 1)
    right = torch.rand(40, generator=random) < 0.6
    moved = boxes + torch.where(right, 0.0, 9000.0)[:, None]
    one = Detections(moved, torch.rand(40, generator=random), torch.zeros(40, dtype=torch.long))
    precision, recall, _ = sklearn.metrics.precision_recall_curve(right.numpy(), one.scores.numpy())
    best = [precision[: k + 1].max() for k in range(len(precision))]  # recall falls along this curve
    share = right.sum().item() / 40  # of the boxes that have a right detection
    expected = share * sum((recall[k] - recall[k + 1]) * best[k] for k in range(len(recall) - 1))
    zeros = torch.zeros(40, dtype=torch.long)
    assert average_precision([one], [boxes], [zeros], 1).tolist() == pytest.approx([expected])


def test_precision_is_near_that_of_torchmetrics():
    detection = pytest.importorskip("torchmetrics.detection")
    try:
        metric = detection.MeanAveragePrecision(iou_thresholds=[0.5], backend="faster_coco_eval")
    except ModuleNotFoundError:
        pytest.skip("faster_coco_eval, which torchmetrics needs, is not installed")
    scenes = make_scenes(DIGITS, LABELS, 40, seed=6)
    outputs = say(fill_grid(scenes.boxes, scenes.labels, 64))
    outputs += torch.randn(outputs.shape, generator=torch.Generator().manual_seed(0))
    ours = decode_grid(outputs, 64)
    truth = [{"boxes": box, "labels": label} for box, label in zip(scenes.boxes, scenes.labels, strict=True)]
    metric.update([one._asdict() for one in ours], truth)
    # COCO reads the curve at 101 recalls
    assert mean_precision(ours, scenes.boxes, scenes.labels, 10) == pytest.approx(metric.compute()["map"], abs=0.02)
