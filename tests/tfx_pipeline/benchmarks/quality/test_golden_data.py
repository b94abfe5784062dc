"""The whole way of a data set, from its settings to its figures, where what comes next is known by construction."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.tfx_pipeline.benchmarks.quality.ring import ring_snapshot
from tfx_pipeline.benchmarks.quality import figures
from tfx_pipeline.benchmarks.quality.kinds import make_source
from tfx_pipeline.benchmarks.quality.settings import read_settings
from tfx_pipeline.benchmarks.quality.task import QualityData, QualityTask
from tfx_pipeline.evaluation.baselines import MostPopular, Transitions
from tfx_pipeline.sources.errors import DataError

SETTINGS: dict[str, Any] = {
    "sources": {
        "transitions": {"kind": "transitions", "backward": 0.0, "decay": 0.1},
        "popularity": {"kind": "popularity"},
        "own": {"kind": "own_items"},
    },
    "pool": {"best": {"transitions": 5}},
    "columns": [
        {"of": "transitions", "form": "log_share"},
        {"of": "transitions", "form": "log1p", "times": "is_own"},
        {"of": "popularity", "form": "log1p"},
        {"of": "is_own"},
    ],
}


def task(times_of: str | None = None, **changes: Any) -> QualityTask:
    def load(_: Path) -> QualityData:
        test = ring_snapshot(1)
        interactions = test.past.interactions
        baselines = {"popular": MostPopular().fit(interactions), "transitions": Transitions().fit(interactions)}
        return QualityData([ring_snapshot(2)], test, baselines)

    values = {"targets": {"HR@1": 0.99}, "times_baseline": {"MRR@3": 1.5}, "load": load, **changes}
    return QualityTask("ring", "ring", "all", protocol="one step further", times_of=times_of, **values)


@pytest.fixture
def settings_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "ring.yaml").write_text(yaml.safe_dump(SETTINGS))
    monkeypatch.setattr(figures, "SETTINGS_FOLDER", tmp_path)
    return tmp_path


def test_the_next_item_is_found(settings_folder: Path) -> None:
    found = {figure.name: figure for figure in figures.task_figures(task("popular"), settings_folder)}
    assert found["ring: HR@1"].value == found["ring: MRR@3"].value == 1
    popular = found["ring, popular: MRR@3"].value
    assert popular is not None and popular < 0.3
    assert found["ring: MRR@3"].target == pytest.approx(1.5 * popular)
    assert "1.5 times popular" in found["ring: MRR@3"].how


def test_without_a_name_the_target_is_a_multiple_of_the_best(settings_folder: Path) -> None:
    found = {figure.name: figure for figure in figures.task_figures(task(), settings_folder)}
    best = max(found[f"ring, {name}: MRR@3"].value or 0 for name in ("popular", "transitions"))
    assert found["ring: MRR@3"].target == pytest.approx(1.5 * best)


def test_absent_data_are_said_to_be_absent(settings_folder: Path) -> None:
    def load(_: Path) -> QualityData:
        raise DataError("ring.csv: no such file")

    absent = list(figures.task_figures(task(load=load), settings_folder))
    assert [figure.name for figure in absent] == ["ring: HR@1", "ring: MRR@3"]
    assert all(figure.value is None and "ring.csv: no such file" in figure.how for figure in absent)


@pytest.mark.parametrize("kind", ["transition", "towers "])
def test_an_unknown_kind(kind: str) -> None:
    with pytest.raises(ValueError, match=f"kind '{kind}': expected one of transitions, "):
        make_source({"kind": kind})


@pytest.mark.parametrize("name", ["ml_100k", "diginetica_views"])
def test_the_settings_can_be_read_and_made(name: str) -> None:
    settings = read_settings(Path(__file__).parents[4] / "benchmarks" / "quality" / f"{name}.yaml")
    for arguments in settings.sources.values():
        make_source(arguments)
