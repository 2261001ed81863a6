"""One type: what has a length and can be gone through, as a list, a DataLoader or a sampler."""

from collections.abc import Iterable, Sized
from typing import Protocol, TypeVar

Item = TypeVar("Item", covariant=True)


class SizedIterable(Sized, Iterable[Item], Protocol[Item]):
    """Less than a Collection, which can also tell whether an item is in it: samplers and loaders cannot."""
