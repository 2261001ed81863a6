"""What does each name buy? Small families of convnets with about as many weights read small digits.

    families.py [--out build/families] [--seeds 3] [--steps 120] [--weights 15000] [--quick]

Each family is as wide as brings it nearest to so many weights. All train as long by Adam, with a rate that fades to
zero; each has its own best of seven rates or more, by three seeds and validation images; other seeds judge, by test
images. Two rivals are no convnets of a name: two fully connected layers, and convolutions without any trick. Digits
have half their height and width, as in the notebook that leaves something out (MNIST if COURSE_DATA names it).

The table tells the accuracy, by how much it differs from that of the plain convolutions, and which families nobody can
tell from the best: the 95 % interval of the paired difference holds 0. Each family that has ended is kept in --out:
give the command again to go on. The table goes into tests/bench/README.md by hand: this is no bench, since it prints no
ratio. --quick is there to see that it runs.
"""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median

import torch
from harness import report
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from course._atomic import written_whole
from course.claims import paired
from course.claims.evidence import Evidence
from course.compare import Competitor, Task, compare, tune_alike
from course.mnist import Batches, load_data, normalize, split

TUNING = (0, 1, 2)  # seeds that choose rates
FIRST = 10  # of the seeds that judge
PLAIN = "convolutions alone"
WIDEST = 200


class Add(nn.Module):
    def __init__(self, *body: nn.Module):
        super().__init__()
        self.body = nn.Sequential(*body)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


class Beside(nn.Module):
    """Lay what several paths give side by side."""

    def __init__(self, *paths: nn.Module):
        super().__init__()
        self.paths = nn.ModuleList(paths)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([path(x) for path in self.paths], 1)


def conv(before: int, after: int, size: int = 3, groups: int = 1) -> nn.Sequential:
    layer = nn.Conv2d(before, after, size, padding=size // 2, groups=groups, bias=False)
    return nn.Sequential(layer, nn.BatchNorm2d(after), nn.ReLU())


def first(before: int, after: int, size: int = 3) -> nn.Sequential:
    """Norm and ReLU come before the convolution."""
    layer = nn.Conv2d(before, after, size, padding=size // 2, bias=False)
    return nn.Sequential(nn.BatchNorm2d(before), nn.ReLU(), layer)


def pool() -> nn.Module:
    return nn.MaxPool2d(2)


def average(channels: int) -> list[nn.Module]:
    """The mean of each map, and one linear layer."""
    return [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10)]


def normed(channels: int) -> list[nn.Module]:
    return [nn.BatchNorm2d(channels), nn.ReLU()]


def lenet(w: int) -> list[nn.Module]:
    convolutions = [nn.Conv2d(1, w, 5, padding=2), nn.Tanh(), nn.AvgPool2d(2), nn.Conv2d(w, 2 * w, 3, padding=1)]
    head = [nn.Tanh(), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(18 * w, 4 * w), nn.Tanh(), nn.Linear(4 * w, 10)]
    return convolutions + head


def vgg(w: int) -> list[nn.Module]:
    convolutions = [conv(1, w), conv(w, w), pool(), conv(w, 2 * w), conv(2 * w, 2 * w), pool(), nn.Flatten()]
    return [*convolutions, nn.Linear(18 * w, 2 * w), nn.ReLU(), nn.Linear(2 * w, 10)]


def nin(w: int) -> list[nn.Module]:
    below = [conv(1, w), conv(w, w, 1), conv(w, w, 1), pool()]
    above = [conv(w, 2 * w), conv(2 * w, 2 * w, 1), nn.Conv2d(2 * w, 10, 1)]
    return [*below, *above, nn.AdaptiveAvgPool2d(1), nn.Flatten()]


def inception(w: int) -> list[nn.Module]:
    def block(before: int) -> nn.Module:
        pooled = nn.Sequential(nn.MaxPool2d(3, 1, 1), conv(before, w, 1))
        fine = nn.Sequential(conv(before, w, 1), conv(w, w))
        return Beside(conv(before, w, 1), fine, nn.Sequential(conv(before, w, 1), conv(w, w, 5)), pooled)

    return [conv(1, 2 * w), pool(), block(2 * w), block(4 * w), *average(4 * w)]


def resnet(w: int) -> list[nn.Module]:
    blocks = [Add(first(w, w), first(w, w)) for _ in range(3)]
    return [conv(1, w), pool(), *blocks, *normed(w), *average(w)]


def resnext(w: int) -> list[nn.Module]:
    """Each block's 3x3 convolution is split into groups of four channels."""
    wide = 4 * w
    blocks = [Add(first(wide, wide, 1), conv(wide, wide, groups=w), nn.Conv2d(wide, wide, 1)) for _ in range(3)]
    return [conv(1, wide), pool(), *blocks, *normed(wide), *average(wide)]


def densenet(w: int) -> list[nn.Module]:
    blocks = [Beside(nn.Identity(), first((2 + place) * w, w)) for place in range(6)]
    return [conv(1, 2 * w), pool(), *blocks, *normed(8 * w), *average(8 * w)]


def squeezenet(w: int) -> list[nn.Module]:
    def fire(before: int) -> nn.Module:
        return nn.Sequential(conv(before, w, 1), Beside(conv(w, 2 * w, 1), conv(w, 2 * w)))

    head = [nn.Conv2d(4 * w, 10, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    return [conv(1, 2 * w), pool(), fire(2 * w), fire(4 * w), fire(4 * w), *head]


def plain(w: int) -> list[nn.Module]:
    return [conv(1, w), pool(), *[conv(w, w) for _ in range(6)], *average(w)]


def connected(w: int) -> list[nn.Module]:
    return [nn.Flatten(), nn.Linear(196, w), nn.ReLU(), nn.Linear(w, 10)]


FAMILIES: dict[str, Callable[[int], list[nn.Module]]] = {
    PLAIN: plain,
    "two fully connected layers": connected,
    "LeNet": lenet,
    "VGG": vgg,
    "NiN": nin,
    "Inception": inception,
    "ResNet": resnet,
    "ResNeXt": resnext,
    "DenseNet": densenet,
    "SqueezeNet": squeezenet,
}


def count_weights(net: nn.Module) -> int:
    return sum(weight.numel() for weight in net.parameters())


def fit_width(family: Callable[[int], list[nn.Module]], weights: int) -> int:
    """Return the width at which a family has nearest to so many weights."""
    with torch.device("meta"):
        return min(range(1, WIDEST), key=lambda w: abs(count_weights(nn.Sequential(*family(w))) - weights))


def count_products(net: nn.Module) -> int:
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        net.eval()(torch.zeros(1, 1, 14, 14))
    return counter.get_total_flops() // 2


def race(name: str, given: argparse.Namespace, parts) -> dict:
    """Tune a family and judge it, or read what was kept of it before."""
    path = Path(given.out) / f"{name.replace(' ', '_')}.json"
    settings = {key: getattr(given, key) for key in ("seeds", "steps", "weights")}
    if path.exists() and (record := json.loads(path.read_text(encoding="utf-8")))["settings"] == settings:
        report(f"{name}: kept from before")
        return record
    family, (x, y) = FAMILIES[name], parts["train"]
    width = fit_width(family, given.weights)

    def batches(seed: int) -> Batches:
        order = torch.Generator().manual_seed(seed)
        chosen = torch.randperm(len(x), generator=order)[: 64 * given.steps]
        return Batches(x[chosen], y[chosen], 64, shuffle=True, generator=order)

    def fade(optimizer, steps):
        return torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, steps)

    task = Task(lambda seed: nn.Sequential(*family(width)), batches, Batches(*parts["valid"], 1000), 1, 10_000)
    rivals = {name: [Competitor(name, torch.optim.Adam, schedule=fade)]}
    tuned = tune_alike(task, rivals, (0.001, 0.064), TUNING, progress=False)[name]
    judges = range(FIRST, FIRST + given.seeds)
    runs = compare(task, [tuned.best], judges, Batches(*parts["test"], 1000), progress=False)
    net = nn.Sequential(*family(width))
    record = {
        "settings": settings,
        "weights": count_weights(net),
        "products": count_products(net),
        "rate": tuned.best.lr,
        "at_end": tuned.at_end,
        "accuracies": [run.test.accuracy for run in runs],
    }
    with written_whole(path) as part:
        part.write_text(json.dumps(record), encoding="utf-8")
    report(f"{name}: {record['weights']:,} weights, rate {tuned.best.lr:g}, {median(record['accuracies']):.1%}")
    return record


def draw_table(found: dict[str, dict]) -> list[str]:
    """Return the lines of a table in Markdown, the best family first, and a sentence on who is level with whom."""
    ranked = sorted(found, key=lambda name: -median(found[name]["accuracies"]))
    lines = ["| family | weights | million products | rate | accuracy, % (seeds) | less plain convolutions, points |"]
    lines += ["|---|---:|---:|---:|---:|---:|"]
    for name in ranked:
        one = found[name]
        runs = [100 * run for run in one["accuracies"]]
        gap = "" if name == PLAIN or PLAIN not in found else _told(_less(found, name, PLAIN))
        accuracy = f"{median(runs):.1f} ({min(runs):.1f} to {max(runs):.1f})"
        rate = f"{one['rate']:.3g}{' (end)' * one['at_end']}"
        lines.append(f"| {name} | {one['weights']:,} | {one['products'] / 1e6:.2f} | {rate} | {accuracy} | {gap} |")
    lines.append("")
    for name in ranked:
        level = [other for other in ranked if other != name and _less(found, name, other).is_tie()]
        lines.append(f"- {name} is level with {', '.join(level) or 'nobody'}")
    return lines


def _less(found: dict[str, dict], ours: str, theirs: str) -> Evidence:
    return paired(found[ours]["accuracies"], found[theirs]["accuracies"], "points")


def _told(gap: Evidence) -> str:
    low, high = (100 * end for end in gap.interval())
    return f"{100 * gap.center():+.1f} ({low:+.1f} to {high:+.1f})"


def read_parts(train: int, others: int) -> dict[str, tuple[Tensor, Tensor]]:
    """Return images of half the size and labels, by part."""
    parts, found = split(load_data()), {}
    for name, count in {"train": train, "valid": others, "test": 2 * others}.items():
        part = getattr(parts, name)
        found[name] = F.avg_pool2d(normalize(part.images[:count]), 2), part.labels[:count]
    return found


def main(args: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", default="build/families")
    parser.add_argument("--quick", action="store_true")
    for name, default in {"seeds": 3, "steps": 120, "weights": 15_000}.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    given = parser.parse_args(args)
    if min(given.seeds, given.steps, given.weights) < 1:
        told = f"{given.seeds} seeds, {given.steps} steps and {given.weights} weights"
        report(f"{told}, expected at least 1 of each: try --quick")
        return 1
    if given.quick:
        given.seeds, given.steps, given.out = 2, 4, f"{given.out}_quick"
    torch.set_num_threads(1)
    Path(given.out).mkdir(parents=True, exist_ok=True)
    parts = read_parts(20_000, 1_000)
    print("\n".join(draw_table({name: race(name, given, parts) for name in FAMILIES})))
    return 0


if __name__ == "__main__":
    sys.exit(main())
