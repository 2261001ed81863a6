"""Small networks for the label of a film of rain, which a larger one must beat.

They draw their weights from torch's global generator: `torch.manual_seed` before making one.
"""

import torch
from torch import Tensor, nn

from course._shapes import check_shape

STRONG = (80, 120)  # codes of echo: 20 and 35 dBZ, light and heavy rain


def features(x: Tensor, near: int = 6) -> Tensor:
    """Five numbers that a forecaster would read off every map: what may fall, and how close it is.

    Mean and largest echo of the map; within `near` cells of the centre the largest, and the share of light
    rain (20 dBZ and more) and of heavy rain (35 dBZ and more).
    Shapes: x (B, T, D, H, W), echo from 0 to 1; returns (B, T, 5 D).
    """
    check_shape("x", x, "B T D H W", "one map a step and height")
    row, column = x.shape[3] // 2, x.shape[4] // 2
    close = x[..., max(0, row - near) : row + near + 1, max(0, column - near) : column + near + 1]
    shares = [(close >= strong / 255).to(x.dtype).mean((3, 4)) for strong in STRONG]
    return torch.cat([x.mean((3, 4)), x.amax((3, 4)), close.amax((3, 4)), *shares], 2)


class ANN(nn.Module):
    """Rain from the features of all steps at once, through one hidden layer. Units: mm.

    Shapes: x (B, T, D, H, W) with the T and D given here; returns (B,).
    """

    def __init__(self, steps: int, levels: int, hidden: int = 32):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(5 * steps * levels, hidden), nn.ReLU(), nn.Linear(hidden, 1))

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(features(x).flatten(1)).squeeze(1)


class CNN(nn.Module):
    """Rain from the maps themselves: steps and heights are the channels of an image. Units: mm.

    Shapes: x (B, T, D, H, W) with the T and D given here, sides of 8 or more; returns (B,).
    """

    def __init__(self, steps: int, levels: int, hidden: int = 16):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(steps * levels, hidden, 5, stride=2, padding=2),
            nn.ReLU(),
            nn.Conv2d(hidden, hidden, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(4),
            nn.Flatten(),
            nn.Linear(16 * hidden, 1),  # 4 x 4: where it rains
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x.flatten(1, 2)).squeeze(1)


class LSTM(nn.Module):
    """Rain from the features, step after step. Units: mm.

    Shapes: x (B, T, D, H, W) with any T and the D given here; returns (B,).
    """

    def __init__(self, levels: int, hidden: int = 32):
        super().__init__()
        self.lstm, self.last = nn.LSTM(5 * levels, hidden, batch_first=True), nn.Linear(hidden, 1)

    def forward(self, x: Tensor) -> Tensor:
        outputs, _ = self.lstm(features(x))
        return self.last(outputs[:, -1]).squeeze(1)
