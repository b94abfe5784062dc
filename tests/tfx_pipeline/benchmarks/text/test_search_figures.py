from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tfx_pipeline.benchmarks.baseline_data.known_items import KINDS, KnownItems
from tfx_pipeline.benchmarks.text import search_figures as module
from tfx_pipeline.benchmarks.text.search_figures import TARGETS, figures_of, search_figures
from tfx_pipeline.benchmarks.text.search_quality import BOTH, FINE_TUNED, LEARNED, WORDS, ZERO_SHOT, Qualities, Quality


def known_items() -> KnownItems:
    rows = [
        {"query_id": f"{kind}{number}", "kind": kind, "query": "oak", "relevant_item_id": "b", "split": "test"}
        for kind in KINDS
        for number in range(4)
    ]
    return KnownItems(["oak table", "oak shelf"], rows, {"a": 0, "b": 1})


def found() -> Qualities:
    def each(*ranks: float) -> dict[Any, list[Quality]]:
        return {kind: [Quality(rank, min(rank + 0.2, 1.0)) for rank in ranks] for kind in KINDS}

    return {
        WORDS: each(0.5),
        ZERO_SHOT: each(0.4),
        BOTH: each(0.55),
        FINE_TUNED: each(0.6, 0.5),
        LEARNED: each(0.64, 0.66),
    }


def test_each_target_beside_the_other_ways() -> None:
    figures = list(figures_of(found(), known_items(), [1, 2]))
    assert len(figures) == 5 * len(TARGETS)
    assert [(figure.target, figure.met) for figure in figures if figure.target] == [
        (0.63, True),
        (0.82, True),
        (0.76, False),
    ]
    learned = figures[0]
    assert learned.name == "search_industrial short, learned search: MRR@10"
    assert learned.value == pytest.approx(0.65)
    assert "mean of seeds 1, 2: 0.6400, 0.6600; " in learned.how
    assert "4 test queries over 2 descriptions" in learned.how and "nor human labels" in learned.how
    alone = figures[1]
    assert (alone.name, alone.value) == ("search_industrial short, BM25: MRR@10", 0.5) and "seeds" not in alone.how


def test_the_figures_are_those_of_one_measurement(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def measured(function: Callable[..., Any], data: KnownItems, settings: Any) -> Qualities:
        asked.append(settings.seeds)
        return {way: {kind: 3 * values for kind, values in kinds.items()} for way, kinds in found().items()}

    monkeypatch.setattr(module, "in_fresh_process", measured)
    monkeypatch.setattr(KnownItems, "read", lambda data_dir: known_items())
    assert len(list(search_figures(Path("data")))) == 5 * len(TARGETS)
    assert asked == [[1, 2, 3]]


def test_without_data(tmp_path: Path) -> None:
    figures = list(search_figures(tmp_path))
    assert [figure.met for figure in figures] == [False] * len(TARGETS)
    assert all(figure.how.startswith("not measured: ") for figure in figures)
    assert np.all([figure.value is None for figure in figures])
