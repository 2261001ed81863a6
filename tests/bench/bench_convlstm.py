"""Time a training step of `ConvLSTM`, fast and lean, against the cell as everybody writes it.

That cell makes one convolution over input and hidden state side by side at every step, and leaves the rest
to autograd. All have the same weights, the same input, and the same loss and gradients (checked), and
rounds of them are interleaved. A training step is forward and backward; its median over the rounds counts. In
3-D, on 15 steps of 4 x 51 x 51 and three layers, 8 and 16 hidden channels are timed, and the smaller ratio
counts. In 2-D one layer of 64 hidden channels is timed on 8 x 10 steps of 64 x 64.

At three more sizes the rivals are the two ways in which public code writes a cell: that one, and one that
convolves input and hidden state apart, splits both and adds them gate by gate. The faster rival counts. They
are 4 x 10 steps of 16 x 16 patches with 64 channels in two layers, 4 x 15 steps of 50 x 50 with 8 in three, of
which the smaller ratio counts, and 10 steps of one volume of 4 x 24 x 24 with 16 in two.

train, lean_train    3-D, batch 2: time of the usual cell over that of `ConvLSTM`, and over that with `lean`
train_2d             the same in 2-D
train_batch1         the same in 3-D for a batch of one, where torch chooses a slow convolution
public, predict      2-D, smaller: time of the faster public cell over that of `ConvLSTM`, trained and without gradients
public_batch1, predict_batch1  the same for the one small volume
lean_cost            time of a training step with `lean` over that without, at the size where that is most
maps, lean_maps      saved for backward in a layer and step, in maps of the size of its hidden state

--quick: rounds until 20 seconds are over, instead of 200; one takes about 20.
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
MORE = {
    "2-D, patches": ((4, 10, 16, 16, 16), 64, 2),
    "2-D, rain": ((4, 15, 4, 50, 50), 8, 3),
    "3-D, one volume": ((1, 10, 1, 4, 24, 24), 16, 2),
}
WAYS = "usual", "apart", "fast", "lean"
RIVALS = WAYS[:2]


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


class ApartCell(nn.Module):
    """It has no bias, but opens the forget gate by 1."""

    def __init__(self, in_channels, hidden_channels, dim):
        super().__init__()
        self.hidden_channels = hidden_channels
        convolution = nn.Conv2d if dim == 2 else nn.Conv3d
        self.conv_x = convolution(in_channels, 4 * hidden_channels, 3, padding=1, bias=False)
        self.conv_h = convolution(hidden_channels, 4 * hidden_channels, 3, padding=1, bias=False)

    def forward(self, x, state):
        h, c = state
        i_x, f_x, g_x, o_x = torch.split(self.conv_x(x), self.hidden_channels, dim=1)
        i_h, f_h, g_h, o_h = torch.split(self.conv_h(h), self.hidden_channels, dim=1)
        i, f = torch.sigmoid(i_x + i_h), torch.sigmoid(f_x + f_h + 1)
        c = f * c + i * torch.tanh(g_x + g_h)
        h = torch.sigmoid(o_x + o_h) * torch.tanh(c)
        return h, c


class Stack(nn.Module):
    def __init__(self, kind, in_channels, hidden_channels, layers, dim):
        super().__init__()
        inputs = [in_channels] + [hidden_channels] * (layers - 1)
        self.cells = nn.ModuleList(kind(channels, hidden_channels, dim) for channels in inputs)

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
    """An input, and all models with the same weights."""
    dim = len(size) - 3
    fast, lean = (
        ConvLSTM(size[2], [hidden] * layers, dim=dim, lean=lean, generator=torch.Generator().manual_seed(0))
        for lean in (False, True)
    )
    usual, apart = (Stack(kind, size[2], hidden, layers, dim) for kind in (UsualCell, ApartCell))
    with torch.no_grad():
        for ours, one, two in zip(fast.cells, usual.cells, apart.cells):
            one.conv.weight.copy_(torch.cat([ours.weight_x, ours.weight_h], dim=1))
            one.conv.bias.copy_(ours.bias)
            two.conv_x.weight.copy_(ours.weight_x)
            two.conv_h.weight.copy_(ours.weight_h)
    x = torch.randn(size, generator=torch.Generator().manual_seed(1))
    return x, dict(zip(WAYS, (usual, apart, fast, lean)))


def loss_of(model, x):
    outputs = model(x)
    outputs = outputs if isinstance(model, Stack) else outputs[0][-1]
    return outputs.square().mean()


def train(model, x):
    model.zero_grad()
    loss = loss_of(model, x)
    loss.backward()
    # Of weights alone: not every cell has a bias.
    return loss.item(), sum(weight.grad.norm().item() ** 2 for weight in model.parameters() if weight.dim() > 1) ** 0.5


@torch.no_grad()
def predict(model, x):
    model(x)


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
    cases = {name: build(*sizes) for name, sizes in (SIZES | MORE).items()}
    x, models = cases["3-D, 8 channels"]
    maps = {way: count_maps(models[way], x, *SIZES["3-D, 8 channels"][1:]) for way in WAYS}

    same = True
    for name, (x, models) in cases.items():  # a warm-up, too
        (loss, slope), *others = (train(models[way], x[:, :3]) for way in WAYS)
        close = all(abs(a - loss) < 1e-4 * loss and abs(b - slope) < 1e-3 * slope for a, b in others)
        report(f"{name}: same loss and gradients: {close}")
        same = same and close

    jobs = {(name, train): ("usual", "fast", "lean") for name in SIZES}
    jobs |= {(name, train): WAYS for name in MORE} | {(name, predict): (*RIVALS, "fast") for name in MORE}
    seconds = {job: {way: [] for way in ways} for job, ways in jobs.items()}
    end = time.perf_counter() + (20 if quick else 200)
    turn = 0
    while not turn or time.perf_counter() < end:
        turn += 1
        for (name, do), times in seconds.items():
            x, models = cases[name]
            for way in times:
                start = time.perf_counter()
                do(models[way], x)
                times[way].append(time.perf_counter() - start)
            told = ", ".join(f"{way} {times[way][-1]:.2f} s" for way in times)
            report(f"round {turn}  {name:<26} {do.__name__:<8} {told}")
    median = {job: {way: statistics.median(every) for way, every in times.items()} for job, times in seconds.items()}

    def ratio(way, *names, do=train, rivals=("usual",)):
        return min(median[name, do][rival] / median[name, do][way] for name in names for rival in rivals)

    volumes = [name for name, (size, *_) in SIZES.items() if len(size) == 6 and size[0] == 2]
    alone = [name for name, (size, *_) in SIZES.items() if size[0] == 1]
    *flat, volume = MORE
    ratios = {
        "train": ratio("fast", *volumes),
        "train_2d": ratio("fast", "2-D, 64 channels"),
        "maps": maps["fast"],
        "lean_train": ratio("lean", *volumes),
        "lean_maps": maps["lean"],
        "train_batch1": ratio("fast", *alone),
        "public": ratio("fast", *flat, rivals=RIVALS),
        "predict": ratio("fast", *flat, do=predict, rivals=RIVALS),
        "public_batch1": ratio("fast", volume, rivals=RIVALS),
        "predict_batch1": ratio("fast", volume, do=predict, rivals=RIVALS),
        "lean_cost": 1 / ratio("lean", *cases, rivals=("fast",)),
    }
    each = {f"{way}, {name}, {do.__name__}": of[way] for (name, do), of in median.items() for way in of}
    result = {"bench": "convlstm", "ratios": ratios, "seconds": each, "maps_usual": maps["usual"]}
    print(json.dumps(result | {"same_losses": same, "rounds": turn, "load": load, "quick": quick}))
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
