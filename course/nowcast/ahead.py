"""Prepare what is needed next while the present is worked on."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Order, Ware = TypeVar("Order"), TypeVar("Ware")


def prepared(orders: Iterable[Order], make: Callable[[Order], Ware], workers: int) -> Iterator[Ware]:
    """Yield what is made of each order, in their order; threads are ahead by two for each worker.

    Threads suffice where files are read and torch computes: both let go of Python's lock. An error of `make` is
    raised when its turn comes. workers: 0 makes each only when it is asked for.
    """
    if not workers:
        yield from map(make, orders)
        return
    with ThreadPoolExecutor(workers) as pool:
        waiting = deque()
        try:
            for order in orders:
                waiting.append(pool.submit(make, order))
                if len(waiting) > 2 * workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for task in waiting:
                task.cancel()
