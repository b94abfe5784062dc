from pathlib import Path

import pytest

from tfx_pipeline.benchmarks.bandit.peer_environment import NO_PEERS
from tfx_pipeline.benchmarks.ranker.measured_ranker import Measured
from tfx_pipeline.benchmarks.ranker.ranker_figures import figures_of, ranker_figures

OURS = {"eval": [0.40, 0.42], "test": [0.41, 0.43]}
RETRIEVAL = {"eval": 0.3, "test": 0.35}
TOWERS = {"eval": 0.1, "test": 0.1}
TREES = {"eval": [0.40, 0.40], "test": [0.43, 0.42]}


def test_rows_with_and_without_the_peer() -> None:
    figures = {figure.name: figure for figure in figures_of(Measured(OURS, RETRIEVAL, TOWERS, TREES, "leaves 31"))}
    assert figures["test, ranker"].value == pytest.approx(0.42)
    assert figures["ranker / retrieval alone"].value == pytest.approx(0.42 / 0.35)
    assert figures["ranker / retrieval alone"].met
    assert figures["ranker / LightGBM lambdarank"].value == pytest.approx(0.42 / 0.425)
    assert figures["ranker / LightGBM lambdarank"].met is False
    assert "leaves 31" in figures["test, LightGBM"].how
    alone = {figure.name: figure for figure in figures_of(Measured(OURS, RETRIEVAL, TOWERS))}
    assert alone["ranker / LightGBM lambdarank"].how == f"not measured: {NO_PEERS}"
    assert "test, LightGBM" not in alone


def test_without_a_run_nothing_is_measured(tmp_path: Path) -> None:
    figures = list(ranker_figures(tmp_path, tmp_path / "absent"))
    assert [figure.met for figure in figures] == [False, False]
    assert all(figure.how.endswith("is not there; run `shoprank demo` first") for figure in figures)
