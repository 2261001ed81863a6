"""Another run's network beside one's own, on the same films: so a network in 3-D is scored beside one in 2-D."""

from copy import copy
from pathlib import Path
from typing import NamedTuple

import torch
from torch import nn

from course.nowcast.films import Films, Fitted, count_channels
from course.nowcast.plan import Plan
from course.nowcast.record import read_any
from course.nowcast.rivals import Maps
from course.nowcast.targets import JUDGINGS, build_network
from course.nowcast.totals import NETWORK
from course.nowcast.windows import Windows

ALIKE = "target", "ahead", "pool", "crop"  # what must be the same of both plans


class Beside(NamedTuple):
    """A network that is scored beside another one, under the name of its folder."""

    name: str
    plan: Plan
    fitted: Fitted
    weights: dict[str, torch.Tensor]

    def as_seen(self, films: Films | Windows) -> Films | Windows:
        """Return the same films, as this network wants them."""
        other = copy(films)
        other.fitted = self.fitted
        if isinstance(other, Films):
            other.dim, other.channels = self.plan.dim, count_channels(films.shape[1], self.plan.dim)
        return other

    def build(self, films: Films | Windows) -> nn.Module:
        """Return the network, for films as it sees them."""
        model = build_network(self.plan, films.channels)
        model.load_state_dict(self.weights)
        return model.eval()

    def join(self, maps: Maps, films: Films | Windows, chosen: list[int], device: torch.device) -> Maps:
        """Return maps with what this network forecasts of the same films. films: as the other network sees them."""
        own = self.as_seen(films)
        said = JUDGINGS[self.plan.target].forecast(self.build(own).to(device), own, own.batch(chosen).to(device))
        return maps._replace(forecasts=maps.forecasts | {self.name: said.forecasts[NETWORK]})


def read_beside(folder: Path | str, settings: dict) -> Beside:
    """Read a run to be scored beside another one.

    settings: of the other one, as `RainRun` has them.
    Raises: as `read_any`; ValueError if the two were not trained on the same films, to forecast the same of them.
    """
    run, note = read_any(folder)
    theirs = {name: note["plan"][name] for name in ALIKE} | {"films": note["split"]["train on"]["films"]}
    theirs |= {name: note[name] for name in ("checksum of the films", "km", "minutes")}
    for name, value in theirs.items():
        ours = settings[name][0] if name == "films" else settings[name]
        ours = list(ours) if isinstance(ours, tuple) else ours
        if value != ours:
            told = f"beside is {folder}, but its {name} is {value}, and here it is {ours}"
            raise ValueError(f"{told}: name a run on the same data, for the same forecasts")
    return Beside(f"{NETWORK} of {Path(folder).resolve().name}", run.plan, run.fitted, run.weights)
