"""The steps against the clock."""

from pathlib import Path

import pytest

from tfx_pipeline.benchmarks.generated_events import generated_shop
from tfx_pipeline.benchmarks.timed_steps import Steps, Timing, time_all_steps, time_beyond_fixed_costs, time_examples
from tfx_pipeline.config import HistoryConfig, SplitConfig
from tfx_pipeline.split import NEVER, Split
from trainer.features import RANKER


@pytest.fixture
def steps(tmp_path: Path) -> Steps:
    (tmp_path / "shop").mkdir()
    return Steps(generated_shop(tmp_path / "shop", 3_000), SplitConfig())


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


def test_all_steps(steps: Steps, scratch: Path) -> None:
    timing = time_all_steps(steps, 2, scratch)
    assert timing.rows_read == 3_000 and 2_900 < timing.rows_kept < 3_000
    assert 0 < timing.seconds < 60 and 0 < timing.processor_seconds < 60
    assert timing.peak_memory > 50_000_000
    assert timing.repeats == 2
    assert not any(scratch.iterdir())


def test_the_cost_beyond_the_fixed_costs(steps: Steps, scratch: Path) -> None:
    timing = time_beyond_fixed_costs(steps, 2, scratch)
    assert timing.rows_read == 3_000 and timing.repeats == 2
    assert timing.net_seconds is not None and timing.net_seconds < timing.processor_seconds
    assert not any(scratch.iterdir())


def test_examples_alone(steps: Steps, scratch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With one example an event, as many examples are written as events were kept."""
    from tfx_pipeline import example_files

    written = {}

    def counted(path: Path, records: object) -> int:
        written[path] = sum(1 for _ in records)  # type: ignore[attr-defined]
        return written[path]

    monkeypatch.setattr(example_files, "write_records", counted)
    history = HistoryConfig(length=50, ranker_cases="event")
    of_events = Steps(steps.data, Split(ranker_start=-NEVER), (RANKER,), history)
    timing = time_examples(of_events, 1, scratch)
    assert timing.rows_read == 3_000
    counts = [count for path, count in written.items() if path.parent.name == "Split-ranker"]
    # Purchases that were taken back are no targets.
    assert timing.rows_kept * 0.99 < sum(counts) <= timing.rows_kept


def test_a_timing_in_words() -> None:
    timing = Timing(1_469_307, 1_464_471, 3.5, 3.25, 10**9, repeats=3)
    assert timing.rate == pytest.approx(419_802)
    assert timing.how == (
        "1,469,307 events on one core, 3.50 s wall clock (3.25 s processor time) without imports, best of 3"
    )
    assert not Timing(10, 10, 1.0, 1.0, 1, repeats=1).how.endswith("best of 1")
