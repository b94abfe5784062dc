"""What `shoprank benchmark` prints, writes and refuses."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tfx_pipeline.benchmarks import verb
from tfx_pipeline.benchmarks.figures import Figure
from tfx_pipeline.errors import PipelineError


@pytest.fixture(autouse=True)
def benchmarks(monkeypatch: pytest.MonkeyPatch) -> None:
    def mixed(data_dir: Path) -> Iterator[Figure]:
        yield Figure.at_least("rate", 2.0, "events/s", 1.0, str(data_dir))
        yield Figure.at_most("memory", 7.0, "GB", 6.0, "ru_maxrss")
        yield Figure.absent("ratio", "times", 40.0, "no TFX")

    def good(data_dir: Path) -> Iterator[Figure]:
        yield Figure.shown("rate", 2.0, "events/s", str(data_dir))

    monkeypatch.setattr(verb, "BENCHMARKS", {"mixed": mixed, "good": good})


def test_an_unknown_name_lists_the_others(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match=r"^there is no benchmark 'fast', only mixed, good$"):
        verb.benchmark_verb("fast", tmp_path, None, check=False)


def test_figures_are_printed_and_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    json_file = tmp_path / "deep" / "figures.json"
    verb.benchmark_verb("mixed", Path("data"), json_file, check=False)
    rows = json.loads(json_file.read_text())
    assert [row["met"] for row in rows] == [True, False, False]
    assert rows[0]["how"] == "at least the target; data"
    assert "memory: at most the target; ru_maxrss" in capsys.readouterr().out


def test_check_fails_for_each_row_that_is_not_met_after_all_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    json_file = tmp_path / "figures.json"
    with pytest.raises(PipelineError, match=r"^not met: memory; ratio$"):
        verb.benchmark_verb("mixed", tmp_path, json_file, check=True)
    assert len(json.loads(json_file.read_text())) == 3
    assert "memory" in capsys.readouterr().out


def test_check_passes_when_nothing_misses_its_target(tmp_path: Path) -> None:
    verb.benchmark_verb("good", tmp_path, None, check=True)


def test_the_benchmarks_there_are() -> None:
    import importlib

    names = ["ingest", "evaluate", "train", "quality", "text", "ranker", "bandit", "index", "serve"]
    names += ["export", "privacy", "attributes", "automation"]
    assert list(importlib.reload(verb).BENCHMARKS) == names
