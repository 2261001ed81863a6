"""How well are digits found, and their pixels, on photographs that nobody trained on?

A single-shot detector is trained for boxes, then a segmenter on its layers for pixels. Seeds change weights, order,
scenes for training and those that judge. Told are median and range over the seeds: the detector's mAP50, with and
without suppression, and the segmenter's ink IoU, on photographs as they are and on dim ones.
The last line is JSON; progress goes to stderr.

    .venv/bin/python tests/bench/vision.py              # three seeds, twelve minutes of one core
    .venv/bin/python tests/bench/vision.py --quick      # to see that it runs: half a minute, poor figures
"""

import argparse
import copy
import json
import sys
import time
from statistics import median

import torch
from harness import report
from torch import Tensor, nn
from torch.nn import functional as F

from course.mnist import load_data
from course.vision import Scenes, decode_grid, fill_grid, make_scenes, mean_precision, scale_pixels

SIDE, CLASSES = 64, 10
BATCH, PIXEL_BATCH = 50, 25
UNSEEN = 400  # scenes to judge by
BOX_WEIGHT, PHOTO_WEIGHT = 2, 0.2


def block(before: int, after: int, stride: int = 1) -> nn.Sequential:
    conv = nn.Conv2d(before, after, 3, stride, 1, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(after), nn.ReLU())


class Detector(nn.Module):
    """Says for each of 8 x 8 cells whether a digit has its centre there, its box, and which it is.

    Shapes: x (B, 3, 64, 64); returns (B, 15, 8, 8).
    """

    def __init__(self, width: int = 24):
        super().__init__()
        self.fine = nn.Sequential(nn.PixelUnshuffle(2), block(12, width), block(width, width))
        self.middle = nn.Sequential(block(width, 2 * width, 2), block(2 * width, 2 * width))
        layers = [block(2 * width, 4 * width, 2), block(4 * width, 4 * width), block(4 * width, 4 * width)]
        self.coarse = nn.Sequential(*layers)
        self.head = nn.Conv2d(4 * width, 5 + CLASSES, 1)
        with torch.no_grad():
            self.head.get_parameter("bias")[0] = -3  # most cells hold nothing

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.coarse(self.middle(self.fine(x))))


class Segmenter(nn.Module):
    """Says for each pixel whether it is photograph or which digit. Begins with a detector's layers.

    Shapes: x (B, 3, 64, 64); returns (B, 11, 64, 64).
    """

    def __init__(self, detector: Detector, width: int = 24):
        super().__init__()
        self.body = copy.deepcopy(detector)
        self.up_middle = nn.ConvTranspose2d(4 * width, 2 * width, 4, 2, 1)
        self.up_fine = nn.ConvTranspose2d(2 * width, width, 4, 2, 1)
        self.up_whole = nn.ConvTranspose2d(width, 1 + CLASSES, 4, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        fine = self.body.fine(x)
        middle = self.body.middle(fine)
        joined = F.relu(self.up_middle(self.body.coarse(middle)) + middle)
        return self.up_whole(F.relu(self.up_fine(joined) + fine))


def detector_loss(outputs: Tensor, seen: Tensor, offsets: Tensor, labels: Tensor) -> Tensor:
    """The loss for each object of: is it there, where, which? Shapes: outputs (B, 15, G, G), others as in Grid."""
    on, answers = seen > 0, outputs.permute(0, 2, 3, 1)
    there = F.binary_cross_entropy_with_logits(outputs[:, 0], seen, reduction="sum") / on.sum()
    where = F.smooth_l1_loss(answers[on][:, 1:5], offsets.permute(0, 2, 3, 1)[on], beta=0.1)
    return there + BOX_WEIGHT * where + F.cross_entropy(answers[on][:, 5:], labels[on])


def train(net: nn.Module, x: Tensor, loss_of, epochs: int, batch: int, rate: float) -> float:
    """Train by AdamW with one cycle of the rate. Returns CPU seconds."""
    optimizer = torch.optim.AdamW(net.parameters(), rate)
    steps = epochs * -(-len(x) // batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, steps + 1)
    start = time.process_time()
    for _ in range(epochs):
        for rows in torch.randperm(len(x)).split(batch):
            optimizer.zero_grad()
            loss_of(net(x[rows]), rows).backward()
            optimizer.step()
            schedule.step()
    net.eval()
    return time.process_time() - start


def answer(net: nn.Module, x: Tensor) -> Tensor:
    with torch.no_grad():
        return torch.cat([net(part) for part in x.split(100)])


def judge(data, seed: int, count: int, epochs: int, pixel_epochs: int) -> dict[str, float]:
    """Train a detector, then segmenters on its layers, and judge them on unseen digits over unseen photographs."""
    scenes: Scenes = make_scenes(data.train.images, data.train.labels, count, "train", seed, SIDE)
    unseen: Scenes = make_scenes(data.test.images, data.test.labels, UNSEEN, "test", 1000 + seed, SIDE)
    x, unseen_x = scale_pixels(scenes.images), scale_pixels(unseen.images)
    grid = fill_grid(scenes.boxes, scenes.labels, SIDE)
    torch.manual_seed(seed)
    detector = Detector()

    def boxes_loss(outputs: Tensor, rows: Tensor) -> Tensor:
        return detector_loss(outputs, grid.seen[rows], grid.offsets[rows], grid.labels[rows])

    seconds = train(detector, x, boxes_loss, epochs, BATCH, 6e-3)
    outputs = answer(detector, unseen_x)
    truth = (unseen.boxes, unseen.labels, CLASSES)
    found = {
        "mAP50": mean_precision(decode_grid(outputs, SIDE), *truth),
        "mAP50 without suppression": mean_precision(decode_grid(outputs, SIDE, suppress=None), *truth),
        "detector CPU s": seconds,
    }
    for name, dim in {"": False, ", dim photographs": True}.items():
        ink_iou, background, seconds = judge_pixels(data, detector.train(), seed, count // 2, pixel_epochs, dim)
        found |= {f"ink IoU{name}": ink_iou, f"segmenter CPU s{name}": seconds}
        found[f"accuracy of saying photograph everywhere{name}"] = background
    return found


def judge_pixels(data, detector: Detector, seed: int, count: int, epochs: int, dim: bool) -> tuple[float, float, float]:
    """Train a segmenter that begins with a detector's layers. Returns ink IoU, the share of photograph, CPU seconds."""
    scenes = make_scenes(data.train.images, data.train.labels, count, "train", seed, SIDE, dim=dim)
    unseen = make_scenes(data.test.images, data.test.labels, UNSEEN, "test", 1000 + seed, SIDE, dim=dim)
    segmenter, masks = Segmenter(detector), scenes.masks.long()
    weight = torch.tensor([PHOTO_WEIGHT] + [1.0] * CLASSES)

    def pixels_loss(outputs: Tensor, rows: Tensor) -> Tensor:
        return F.cross_entropy(outputs, masks[rows], weight=weight)

    seconds = train(segmenter, scale_pixels(scenes.images), pixels_loss, epochs, PIXEL_BATCH, 4e-3)
    said, ink = answer(segmenter, scale_pixels(unseen.images)).argmax(1) > 0, unseen.masks > 0
    return ((said & ink).sum() / (said | ink).sum()).item(), (~ink).float().mean().item(), seconds


def main(args: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--scenes", type=int, default=4000)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--pixel-epochs", type=int, default=4)
    parser.add_argument("--quick", action="store_true", help="one seed, 200 scenes, one epoch of each")
    given = parser.parse_args(args)
    if given.seeds < 1 or given.scenes < 2:
        report(f"{given.seeds} seeds and {given.scenes} scenes, expected at least 1 and 2: try --quick")
        return 1
    torch.set_num_threads(1)
    data = load_data()
    seeds, plan = given.seeds, (given.scenes, given.epochs, given.pixel_epochs)
    if given.quick:
        seeds, plan = 1, (200, 1, 1)
    runs = []
    for seed in range(seeds):
        runs.append(judge(data, seed, *plan))
        report(f"seed {seed}: " + ", ".join(f"{name} {value:.3f}" for name, value in runs[-1].items()))
    told = {name: [run[name] for run in runs] for name in runs[0]}
    for name, values in told.items():
        print(f"{name}: {median(values):.3f} ({min(values):.3f} to {max(values):.3f})")
    print(json.dumps({"bench": "vision", "medians": {name: round(median(values), 4) for name, values in told.items()}}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
