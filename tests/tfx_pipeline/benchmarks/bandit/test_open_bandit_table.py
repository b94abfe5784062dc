"""The Open Bandit Dataset sample: read, evaluated per position, and the table of its README reproduced."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tfx_pipeline.benchmarks.bandit.open_bandit import OpenBandit
from tfx_pipeline.benchmarks.bandit.open_bandit_table import refusal_figure, table_figures

DATA = Path(__file__).resolve().parents[4].parent / "shared" / "data"
needs_data = pytest.mark.skipif(not OpenBandit.is_there(DATA), reason=f"the Open Bandit sample is not in {DATA}")


@pytest.fixture
def small(tmp_path: Path) -> OpenBandit:
    """Two items, two positions; Thompson sampling shows item 1 in three of four at position 1."""
    (tmp_path / "open_bandit").mkdir()
    rows = [("random", 0, 1, 1, 0.5), ("random", 1, 1, 0, 0.5), ("random", 1, 2, 1, 0.5)]
    rows += [("bts", item, 1, 0, 0.25 + item / 2) for item in (0, 1, 1, 1)] + [("bts", 0, 2, 1, 0.9)]
    table = pd.DataFrame(rows, columns=["policy", "item_id", "position", "click", "action_prob"])
    table.assign(campaign="men").to_csv(tmp_path / "open_bandit" / "bandit_log.csv.gz", index=False)
    return OpenBandit(tmp_path, "men")


def test_policies_per_position(small: OpenBandit) -> None:
    np.testing.assert_array_equal(small.on_log_of("random", "bts").propensities, [0.25, 0.75, 0.0])
    np.testing.assert_array_equal(small.on_log_of("bts", "random").propensities, [0.5] * 5)


def test_log(small: OpenBandit) -> None:
    log = small.log("random")
    np.testing.assert_array_equal(log.rewards, [1, 0, 1])
    np.testing.assert_array_equal(log.propensities, [0.5] * 3)
    np.testing.assert_array_equal(small.items_shown("random"), [0, 1, 1])
    assert (log.request_count, small.truth("bts")) == (3, 0.2)


def test_without_the_data(tmp_path: Path) -> None:
    figures = [*table_figures(tmp_path), refusal_figure(tmp_path)]
    assert {(figure.value, figure.met) for figure in figures} == {(None, False)}
    assert figures[0].how == f"not measured: {tmp_path / 'open_bandit'} is not there"


@needs_data
def test_the_table_is_reproduced() -> None:
    figures = list(table_figures(DATA))
    assert len(figures) == 20
    assert [figure.name for figure in figures if not figure.met] == []


@needs_data
def test_weak_log_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    figure = refusal_figure(DATA)
    assert figure.met
    assert "weak support: the effective sample size is 2.1 of 10000 requests" in figure.how
