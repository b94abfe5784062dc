"""A new version that comes into service while clients ask."""

import time
from dataclasses import dataclass
from pathlib import Path

from tfx_pipeline.benchmarks.serve.load import Clients, LoadResult
from tfx_pipeline.benchmarks.serve.shopper import Shoppers

_SHARE_BEFORE = 1 / 6


@dataclass(frozen=True)
class Swap:
    """What clients saw of a swap.

    Attributes:
        load: All of their requests.
        old: What `model_version` answers before the swap.
        new: And after it.
    """

    load: LoadResult
    old: str
    new: str

    @property
    def failed(self) -> int:
        """Requests without an answer."""
        return sum(self.load.errors.values())

    @property
    def half_loaded(self) -> int:
        """Answers that were not whole answers of one of the two versions."""
        strange = sum(count for version, count in self.load.versions.items() if version not in (self.old, self.new))
        return strange + self.load.torn


def swap_under_load(
    clients: Clients, shoppers: Shoppers, staged: Path, place: Path, seconds: float, rate: float
) -> Swap:
    """Put a second version beside the one that a server serves, some time after the clients began.

    Args:
        clients: Who asks.
        shoppers: What they ask.
        staged: The second version, ready, on the same disk.
        place: Where it comes into service: beside the first, numbered one higher.
        seconds: How long the clients ask.
        rate: Requests a second of all clients together.
    """
    result = clients.start(shoppers, seconds, rate)
    time.sleep(seconds * _SHARE_BEFORE)
    # One step, as a push does it: the server never sees half of a directory.
    staged.rename(place)
    return Swap(result(), str(int(place.name) - 1), place.name)
