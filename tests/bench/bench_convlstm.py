"""Time a training step of `ConvLSTM`, fast and lean, against the cell as everybody writes it.

That cell makes one convolution over input and hidden state side by side at every step, and leaves the rest
to autograd. All three have the same weights, the same input, and the same loss and gradients (checked), and
rounds of them are interleaved. A training step is forward and backward; its median over the rounds counts. In
3-D, on 15 steps of 4 x 51 x 51 and three layers, 8 and 16 hidden channels are timed, and the smaller ratio
counts. In 2-D one layer of 64 hidden channels is timed on 8 x 10 steps of 64 x 64.

train, lean_train    3-D, batch 2: time of the usual cell over that of `ConvLSTM`, and over that with `lean`
train_2d             the same in 2-D
train_batch1         the same in 3-D for a batch of one, where torch chooses a slow convolution
maps, lean_maps      saved for backward in a layer and step, in maps of the size of its hidden state

--quick: rounds until 20 seconds are over, instead of 200; one takes about 16.
"""

import argparse
import json
import os
import statistics
import sys
import time

import torch
from harness import load_average, report
from torch import nn

from course.convlstm import ConvLSTM
from course.meter import saved_bytes

SIZES = {  # batch, steps, channels, grid; hidden channels, layers
    "3-D, 8 channels": ((2, 15, 1, 4, 51, 51), 8, 3),
    "3-D, 16 channels": ((2, 15, 1, 4, 51, 51), 16, 3),
    "3-D, 8 channels, batch 1": ((1, 15, 1, 4, 51, 51), 8, 3),
    "3-D, 16 channels, batch 1": ((1, 15, 1, 4, 51, 51), 16, 3),
    "2-D, 64 channels": ((8, 10, 1, 64, 64), 64, 1),
}
WAYS = "usual", "fast", "lean"


class UsualCell(nn.Module):
    def __init__(self, in_channels, hidden_channels, dim):
        super().__init__()
        self.hidden_channels = hidden_channels
        convolution = nn.Conv2d if dim == 2 else nn.Conv3d
        self.conv = convolution(in_channels + hidden_channels, 4 * hidden_channels, 3, padding=1)

    def forward(self, x, state):
        h, c = state
        i, f, g, o = torch.split(self.conv(torch.cat([x, h], dim=1)), self.hidden_channels, dim=1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
        return h, c


class UsualStack(nn.Module):
    def __init__(self, in_channels, hidden_channels, layers, dim):
        super().__init__()
        inputs = [in_channels] + [hidden_channels] * (layers - 1)
        self.cells = nn.ModuleList(UsualCell(channels, hidden_channels, dim) for channels in inputs)

    def forward(self, x):
        for cell in self.cells:
            h = c = torch.zeros(x.shape[0], cell.hidden_channels, *x.shape[3:])
            outputs = []
            for t in range(x.shape[1]):
                h, c = cell(x[:, t], (h, c))
                outputs.append(h)
            x = torch.stack(outputs, dim=1)
        return x


def build(size, hidden, layers):
    """An input, and the three models with the same weights."""
    generator = torch.Generator().manual_seed(0)
    dim = len(size) - 3
    usual = UsualStack(size[2], hidden, layers, dim)
    models = [usual]
    for lean in (False, True):
        model = ConvLSTM(size[2], [hidden] * layers, dim=dim, lean=lean, generator=generator)
        for cell, ours in zip(usual.cells, model.cells):
            with torch.no_grad():
                ours.weight_x.copy_(cell.conv.weight[:, : ours.in_channels])
                ours.weight_h.copy_(cell.conv.weight[:, ours.in_channels :])
                ours.bias.copy_(cell.conv.bias)
        models.append(model)
    return torch.randn(size, generator=generator), dict(zip(WAYS, models))


def loss_of(model, x):
    outputs = model(x)
    outputs = outputs if isinstance(model, UsualStack) else outputs[0][-1]
    return outputs.square().mean()


def train(model, x):
    model.zero_grad()
    loss = loss_of(model, x)
    loss.backward()
    return loss.item(), sum(parameter.grad.norm().item() ** 2 for parameter in model.parameters()) ** 0.5


def count_maps(model, x, hidden, layers):
    saved = saved_bytes(lambda: loss_of(model, x), exclude=[x, *model.parameters()])
    batch, steps, _, *grid = x.shape
    return saved.bytes / (layers * steps * batch * hidden * torch.Size(grid).numel() * x.element_size())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="under a minute")
    quick = parser.parse_args().quick
    load = load_average()
    report(f"{torch.get_num_threads()} threads, {os.cpu_count()} cores, load {load:.1f} before the start")
    cases = {name: build(*sizes) for name, sizes in SIZES.items()}
    x, models = cases["3-D, 8 channels"]
    maps = {way: count_maps(models[way], x, *SIZES["3-D, 8 channels"][1:]) for way in WAYS}

    same = True
    for name, (x, models) in cases.items():  # a warm-up, too
        (loss, slope), *others = (train(models[way], x[:, :3]) for way in WAYS)
        close = all(abs(a - loss) < 1e-4 * loss and abs(b - slope) < 1e-3 * slope for a, b in others)
        report(f"{name}: same loss and gradients: {close}")
        same = same and close

    seconds = {name: {way: [] for way in WAYS} for name in cases}
    end = time.perf_counter() + (20 if quick else 200)
    turn = 0
    while not turn or time.perf_counter() < end:
        turn += 1
        for name, (x, models) in cases.items():
            for way in WAYS:
                start = time.perf_counter()
                train(models[way], x)
                seconds[name][way].append(time.perf_counter() - start)
            times = ", ".join(f"{way} {seconds[name][way][-1]:.2f} s" for way in WAYS)
            report(f"round {turn}  {name:<26} {times}")

    def ratio(way, *names):
        medians = [[statistics.median(seconds[name][one]) for one in ("usual", way)] for name in names]
        return min(usual / ours for usual, ours in medians)

    volumes = [name for name, (size, *_) in SIZES.items() if len(size) == 6 and size[0] == 2]
    alone = [name for name, (size, *_) in SIZES.items() if size[0] == 1]
    ratios = {
        "train": ratio("fast", *volumes),
        "train_2d": ratio("fast", "2-D, 64 channels"),
        "maps": maps["fast"],
        "lean_train": ratio("lean", *volumes),
        "lean_maps": maps["lean"],
        "train_batch1": ratio("fast", *alone),
    }
    each = {f"{way}, {name}": ratio(way, name) for way in WAYS[1:] for name in cases}
    result = {"bench": "convlstm", "ratios": ratios, "each": each, "maps_usual": maps["usual"]}
    print(json.dumps(result | {"same_losses": same, "rounds": turn, "load": load, "quick": quick}))
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
