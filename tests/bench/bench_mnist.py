"""Time an epoch on MNIST: the usual way (one PIL image after the other) against the fast way (one tensor).

Both ways train the same 784-200-200-10 network (LeakyReLU between its layers, none after the last; batch 200,
SGD with learning rate 0.01) by the same code, `course.train.train_epoch`; only the batches come another way.
Rounds of both are interleaved until the time is up, and the best round of each counts: other programs only add
time. They add most to the fast way, whose threads wait for each other, so measure on a machine that is idle.

epoch            time of the usual way over time of the fast way, for the same number of images
of_matmul_limit  time of the matrix products alone, forward and backward, over time of the fast way

--quick: 20 seconds of rounds instead of 60, with the usual way on 6,000 images and the fast way on 60,000,
compared by the time an image takes.
"""

import argparse
import itertools
import json
import os
import sys
import time

import torch
from harness import load_average, report
from torch import nn
from torch.nn import functional as F

from course.mlp import MLP
from course.mnist import Batches, ImageSet, describe_data, load_data, loader, normalize
from course.train import train_epoch

WIDTHS, BATCH, RATE = (784, 200, 200, 10), 200, 0.01


def new_training():
    model = MLP(WIDTHS, nn.LeakyReLU, generator=torch.Generator().manual_seed(0))
    return model, torch.optim.SGD(model.parameters(), lr=RATE)


def losses_of_steps(batches):
    """The loss at every step of an epoch from the same start."""
    losses = []

    def loss_fn(logits, y):
        loss = F.cross_entropy(logits, y)
        losses.append(loss.item())
        return loss

    model, optimizer = new_training()
    train_epoch(model, batches, optimizer, loss_fn)
    return losses


def matrix_products(batches):
    """Only the products of so many training steps: three forward, five backward (the pixels need none)."""
    x, h, dh, logits = (torch.randn(BATCH, width) for width in (784, 200, 200, 10))
    w1, w2, w3 = (torch.randn(outputs, inputs) for inputs, outputs in zip(WIDTHS[:-1], WIDTHS[1:]))
    out, out_logits, dw1, dw2, dw3 = (torch.empty_like(like) for like in (h, logits, w1, w2, w3))
    for _ in range(batches):
        torch.mm(x, w1.T, out=out)
        torch.mm(h, w2.T, out=out)
        torch.mm(h, w3.T, out=out_logits)
        torch.mm(logits.T, h, out=dw3)
        torch.mm(logits, w3, out=out)
        torch.mm(dh.T, h, out=dw2)
        torch.mm(dh, w2, out=out)
        torch.mm(dh.T, x, out=dw1)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="under a minute: 6,000 images the usual way")
    quick = parser.parse_args().quick
    data = load_data()
    report(describe_data(data))
    load = load_average()
    report(f"{torch.get_num_threads()} threads, {os.cpu_count()} cores, load {load:.1f} before the start")
    images, labels = data.train
    x = normalize(images)

    few = ImageSet(images[:6000], labels[:6000])
    draws = list(loader(few, BATCH, shuffle=True, generator=torch.Generator().manual_seed(0)).sampler)
    usual_losses = losses_of_steps(loader(few, BATCH, sampler=draws))
    same = usual_losses == losses_of_steps(Batches(x, labels, BATCH, sampler=draws))
    report(f"same losses in {len(usual_losses)} steps: {same}")

    usual_set, budget = (few, 20) if quick else (data.train, 60)  # seconds
    usual_batches = loader(usual_set, BATCH, shuffle=True)
    fast_batches = Batches(x, labels, BATCH, shuffle=True)
    usual, fast = new_training(), new_training()
    ways = {
        "usual way": (lambda: train_epoch(usual[0], usual_batches, usual[1]), len(usual_set.labels)),
        "fast way": (lambda: train_epoch(fast[0], fast_batches, fast[1]), len(labels)),
        "matrix products": (lambda: matrix_products(len(fast_batches)), len(labels)),
    }
    times = {way: [] for way in ways}  # seconds for all images
    end = time.perf_counter() + budget
    for turn in itertools.count():
        for way, (call, count) in ways.items():
            start = time.perf_counter()
            call()
            seconds = (time.perf_counter() - start) / count * len(labels)
            report(f"{f'round {turn}' if turn else 'warm-up':<8} {way:<16} {seconds:6.3f} s for an epoch")
            if turn:
                times[way].append(seconds)
        if turn and time.perf_counter() > end:
            break
    best = {way: min(seconds) for way, seconds in times.items()}
    ratios = {
        "epoch": best["usual way"] / best["fast way"],
        "of_matmul_limit": best["matrix products"] / best["fast way"],
    }
    result = {"bench": "mnist", "ratios": ratios, "same_losses": same, "seconds": best, "data": data.name}
    print(json.dumps(result | {"load": load, "quick": quick}))
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
