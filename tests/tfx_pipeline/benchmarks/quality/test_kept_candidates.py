import numpy as np
import pytest
from pydantic import ValidationError

from tests.tfx_pipeline.benchmarks.quality.sources.small_shop import ITEMS, small_snapshot
from tfx_pipeline.benchmarks.quality.candidate_table import candidate_table
from tfx_pipeline.benchmarks.quality.kinds import make_source
from tfx_pipeline.benchmarks.quality.settings import ColumnSettings, PoolSettings, QualitySettings

SNAPSHOT = small_snapshot()
FITTED = {kind: make_source({"kind": kind}).fit(SNAPSHOT.past, 1) for kind in ("recent_popularity", "own_rhythm")}


def test_only_the_best_candidates_stay() -> None:
    """The items of the history by their own recency, and then others by popularity."""
    everything = PoolSettings(best={"recent_popularity": ITEMS})
    most = PoolSettings(best={"recent_popularity": ITEMS}, most=18, most_by=["own_120d", "recent_popularity"])
    full = candidate_table(FITTED, SNAPSHOT.cases, everything, False)
    kept = candidate_table(FITTED, SNAPSHOT.cases, most, False)
    for case in range(len(SNAPSHOT.cases)):
        part = slice(*full.candidates.offsets[case : case + 2])
        own, popular = full.columns["own_120d"][part], full.columns["recent_popularity"][part]
        best = sorted(range(len(own)), key=lambda place: (-own[place], -popular[place]))[:18]
        assert kept.candidates.row(case).tolist() == sorted(full.candidates.row(case)[best])
        kept_part = slice(*kept.candidates.offsets[case : case + 2])
        np.testing.assert_array_equal(kept.columns["own_120d"][kept_part], own[np.sort(best)])


def test_short_lists_stay_whole() -> None:
    few = PoolSettings(best={"recent_popularity": 3}, most=50, most_by=["recent_popularity"])
    assert (candidate_table(FITTED, SNAPSHOT.cases, few, True).candidates.lengths <= 3).all()


def test_a_name_alone_is_a_column() -> None:
    written = {"sources": {}, "pool": {"best": {}}, "columns": ["own", {"of": "own", "form": "sqrt"}]}
    settings = QualitySettings.model_validate(written)
    assert settings.columns == [ColumnSettings(of="own"), ColumnSettings(of="own", form="sqrt")]
    assert settings.model == "mixture"


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"model": "tree"}, "model"),
        ({"network": {"hidden": []}}, "network.hidden"),
        ({"network": {"epochs": 0}}, "network.epochs"),
        ({"pool": {"best": {}, "most": 0}}, "pool.most"),
        ({"columns": [3]}, "columns.0"),
    ],
)
def test_bad_settings(changed: dict[str, object], field: str) -> None:
    written = {"sources": {}, "pool": {"best": {}}, "columns": ["own"], **changed}
    with pytest.raises(ValidationError) as caught:
        QualitySettings.model_validate(written)
    assert [".".join(map(str, error["loc"])) for error in caught.value.errors()] == [field]
