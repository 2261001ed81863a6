"""What a radar's codes mean.

A sequence has 15 frames, 6 minutes apart, of 4 heights, 101 x 101 km around a rain gauge. A value is a code:
0 without echo (-10 dBZ or less), then 0.37 dBZ more a code, up to 85 dBZ at 255; MISSING (-1 in text) where
nothing was measured. The competition does not tell its scale; this one is a choice.
Source: the format, CIKM AnalytiCup 2017; rain from echo, Marshall and Palmer 1948.
"""

import numpy as np
import torch
from numpy import ndarray
from torch import Tensor

SHAPE = (15, 4, 101, 101)  # time, height, row, column: T, D, H, W
MINUTES = 6  # between two frames
HEIGHTS_KM = (0.5, 1.5, 2.5, 3.5)
MISSING = 254  # no rain gives 85 dBZ; 255 stays free, the value at which a code saturates
LOWEST_DBZ, DBZ_A_CODE = -10, 95 / 255
LEAST_RAIN = 0.1  # mm/h: what a radar shows below it is as often birds and insects
HIGHEST = 253  # the last code that is rain


def echo(values: ndarray | Tensor, missing: int = MISSING) -> tuple[Tensor, Tensor]:
    """Turn codes into network input: the echo from 0 to 1, 0 where it is missing, and where it was measured.

    Shapes: uint8 (...) to float32 (...) and bool (...).
    Raises: ValueError for another type.
    """
    if values.dtype not in (np.uint8, torch.uint8):
        raise ValueError(f"values are {values.dtype}, expected uint8: pass the codes (int8 ends at 127)")
    codes = values.float() if isinstance(values, Tensor) else torch.from_numpy(np.asarray(values, np.float32))
    seen = codes != missing
    return torch.where(seen, codes / 255, 0), seen


def to_dbz(values: ndarray | Tensor, missing: int = MISSING) -> Tensor:
    """Reflectivity of codes, nan where missing. Shapes: uint8 (...) to float32 (...). Units: dBZ."""
    x, seen = echo(values, missing)
    return torch.where(seen, x * 255 * DBZ_A_CODE + LOWEST_DBZ, torch.nan)


def rain_rate(values: ndarray | Tensor, missing: int = MISSING) -> Tensor:
    """Rain that belongs to codes: 0 without echo, nan where missing. Shapes: uint8 (...) to float32 (...).

    Units: mm/h.
    Source: Z = 200 R^1.6, Marshall and Palmer 1948.
    """
    x, seen = echo(values, missing)
    return torch.where(seen, rain_from_echo(x), torch.nan)


def rain_from_echo(x: Tensor) -> Tensor:
    """Rain that belongs to echo, such as a forecast: 0 without echo.

    Shapes: x (...), echo from 0 to 1; returns as x.
    Units: mm/h.
    """
    dbz = x * 255 * DBZ_A_CODE + LOWEST_DBZ
    return torch.where(dbz > LOWEST_DBZ, rain_from_dbz(dbz), dbz - LOWEST_DBZ)


def rain_from_dbz(dbz: ndarray | Tensor) -> ndarray | Tensor:
    """Rain that belongs to reflectivity. Units: dBZ to mm/h. Source: Z = 200 R^1.6, Marshall and Palmer 1948."""
    return (10 ** (dbz / 10) / 200) ** (1 / 1.6)


def echo_from_rain(rain: ndarray | Tensor | float) -> Tensor:
    """Echo from 0 to 1 that belongs to rain, the inverse of `rain_from_echo`: 0 where echo would be below -10 dBZ.

    Shapes: (...) to float64 (...).
    Units: mm/h.
    """
    rain = torch.as_tensor(rain, dtype=torch.float64)
    return ((10 * torch.log10(200 * rain**1.6) - LOWEST_DBZ) / DBZ_A_CODE / 255).clamp(min=0)


def to_codes(rain: ndarray | Tensor) -> Tensor:
    """Codes of rain, the inverse of `rain_rate`: 0 below 0.1 mm/h, 253 for all above, MISSING where nan.

    Shapes: (...) to uint8 (...).
    Units: mm/h.
    Source: Z = 200 R^1.6, Marshall and Palmer 1948.
    """
    rain = torch.as_tensor(rain, dtype=torch.float64)
    codes = (255 * echo_from_rain(rain)).round().clamp(1, HIGHEST)
    return torch.where(rain.isnan(), MISSING, torch.where(rain >= LEAST_RAIN, codes, 0)).to(torch.uint8)
