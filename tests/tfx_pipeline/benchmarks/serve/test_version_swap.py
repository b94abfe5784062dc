from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tfx_pipeline.benchmarks.serve.load import LoadResult
from tfx_pipeline.benchmarks.serve.shopper import Shoppers
from tfx_pipeline.benchmarks.serve.version_swap import Swap, swap_under_load


class _Clients:
    """In place of processes: looks at the directory while the load runs."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def start(self, *_: Any) -> Callable[[], LoadResult]:
        before = self.place.exists()
        versions = Counter({"1": 5, "2": 7})
        return lambda: LoadResult(np.ones(12), 1.0, Counter({"late": int(before)}), versions, int(self.place.exists()))


def test_the_version_appears_while_clients_ask(tmp_path: Path) -> None:
    staged = tmp_path / "staged"
    staged.mkdir()
    (tmp_path / "shoprank").mkdir()
    place = tmp_path / "shoprank" / "2"
    swap = swap_under_load(_Clients(place), Shoppers("", ()), staged, place, 0.06, 100)  # type: ignore[arg-type]
    assert (swap.old, swap.new, swap.failed) == ("1", "2", 0)
    assert swap.half_loaded == 1
    assert not staged.exists()


def test_an_answer_of_a_third_version_is_of_none_of_the_two() -> None:
    load = LoadResult(np.ones(4), 1.0, Counter({"a": 2, "b": 1}), Counter({"1": 1, "2": 2, "": 1}), 3)
    assert (Swap(load, "1", "2").failed, Swap(load, "1", "2").half_loaded) == (3, 4)
