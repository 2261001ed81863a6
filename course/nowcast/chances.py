"""The network that says how likely rain is: chances that its sum until each lead exceeds thresholds."""

from collections.abc import Iterable, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course.convlstm import RainNet
from course.nowcast.films import CANDIDATES, Batch
from course.rain import Logistic, echo_from_rain, fit_logistic

MM = 0.1, 1, 5  # thresholds of the sum
SOME = 10_000  # cells of a batch to which the start is fitted
STEEPEST = 4.0  # the power of e by which a gap may grow


class Chances(nn.Module):
    """Chances of 0.1, 1 and 5 mm, as logits: those of a logistic regression, and what RainNet changes of them.

    The lowest threshold gets a summand, each gap to the next one a factor above 0: so a higher threshold is never
    likelier. A new network says the logistic regression, once `fit_start` has fitted it.
    channels, hidden: as for `Nowcast`. leads: how many.
    Shapes: x (..., L, A, C, H, W), start (..., L, H, W), candidates (..., L, K, H, W), as of a `Batch` of sums; returns
        (..., L, thresholds, H, W).
    """

    def __init__(self, channels: int, hidden: Sequence[int] = (8, 8, 8), leads: int = 1, seed: int = 0):
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.net = RainNet(channels, hidden, dim=2, generator=generator, out_channels=len(MM))
        nn.init.zeros_(self.net.last.weight)
        nn.init.zeros_(self.net.last.bias)
        self.register_buffer("weights", torch.zeros(leads, len(MM), CANDIDATES))
        self.register_buffer("biases", torch.zeros(leads, len(MM)))
        self.register_buffer("climate", torch.full((leads, len(MM)), 0.5))  # how often it came in films to train on

    def regress(self, candidates: Tensor) -> Tensor:
        """Return the logits of the logistic regression alone, on the candidates. Shapes: as of the network."""
        leads = candidates.reshape(-1, *candidates.shape[-4:]).unbind(1)
        fits = zip(self.weights, self.biases)
        logits = torch.stack([Logistic(*fit)(part) for fit, part in zip(fits, leads)], 1)
        return logits.view(*candidates.shape[:-3], len(MM), *candidates.shape[-2:])

    def forward(self, x: Tensor, start: Tensor, candidates: Tensor) -> Tensor:
        logits = self.regress(candidates)
        change = self.net(4 * x.flatten(0, -5) - 1)[:, -1].unflatten(0, x.shape[:-4])
        gaps = -logits.diff(dim=-3) * change[..., 1:, :, :].clamp(-STEEPEST, STEEPEST).exp()
        first = logits[..., :1, :, :] + change[..., :1, :, :]
        return torch.cat([first, first - gaps.cumsum(-3)], -3)

    @torch.no_grad()
    def fit_start(self, batches: Iterable[Batch]) -> None:
        """Fit the logistic regression, and how often it rains so much, where motion knows what comes."""
        leads = range(len(self.biases))
        cells, truth = [[] for _ in leads], [[] for _ in leads]
        for number, batch in enumerate(batches):
            features = batch.candidates.movedim(-3, -1)
            features, y, here = (part.flatten(0, 1) for part in (features, batch.y, batch.seen & batch.known))
            for lead in leads:
                places = here[:, lead].nonzero()
                drawn = np.random.default_rng([number, lead]).permutation(len(places))[:SOME]
                some = places[np.sort(drawn)].unbind(1)
                cells[lead].append(features[:, lead][some])
                truth[lead].append(y[:, lead][some])
        for lead in leads:
            x, y = torch.cat(cells[lead]), torch.cat(truth[lead])
            if not len(y):
                continue
            fit = fit_logistic(x, y, thresholds(), torch.ones_like(y, dtype=torch.bool))
            self.weights[lead], self.biases[lead] = fit
            self.climate[lead] = (y.unsqueeze(1) >= y.new_tensor(thresholds())).float().mean(0)


def thresholds() -> list[float]:
    """Return the echo that stands for each threshold of the sum."""
    return [float(echo_from_rain(mm)) for mm in MM]


def chance_losses(model: nn.Module, batch: Batch) -> Tensor:
    """Return the binary cross-entropy of each film, where the sum was measured, over all thresholds; 0 if nowhere.

    Shapes: (B,).
    """
    logits = model(batch.x, batch.start, batch.candidates)
    events = (batch.y.unsqueeze(-3) >= batch.y.new_tensor(thresholds()).view(-1, 1, 1)).to(logits)
    losses = F.binary_cross_entropy_with_logits(logits, events, reduction="none").mean(-3)
    return (losses * batch.seen).flatten(1).sum(1) / batch.seen.flatten(1).sum(1).clamp(min=1)
