from pathlib import Path

import numpy as np
import pytest

from tfx_pipeline.benchmarks.index import index_figures as module
from tfx_pipeline.benchmarks.index.index_figures import clustered, index_figures
from tfx_pipeline.benchmarks.index.scann_figures import PYTHON_VARIABLE, scann_figures
from tfx_pipeline.benchmarks.index.vectors import Vectors, clustered_vectors, enlarged, trained_vectors
from tfx_pipeline.errors import PipelineError


def test_clustered_vectors_are_fixed_and_unit() -> None:
    first, second = clustered_vectors(900, 5), clustered_vectors(900, 5)
    assert first.items.shape == (900, 64) and first.queries.shape == (5, 64) and first.items.dtype == np.float32
    np.testing.assert_array_equal(first.items, second.items)
    np.testing.assert_allclose(np.linalg.norm(first.items, axis=1), 1, atol=1e-5)


def test_enlarged_keeps_what_was_trained() -> None:
    few = clustered_vectors(50, 3)
    more = enlarged(few, 120)
    np.testing.assert_array_equal(more.items[:50], few.items)
    np.testing.assert_allclose(np.linalg.norm(more.items, axis=1), 1, atol=1e-5)
    assert len(np.unique(more.items, axis=0)) > 110 and enlarged(few, 10) is few
    assert isinstance(more, Vectors)


def test_a_run_without_towers(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match="has no two-tower model"):
        trained_vectors(tmp_path)


def test_scann_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PYTHON_VARIABLE, "/nowhere/python")
    (figure,) = scann_figures(200)
    assert figure.value is None and figure.met is None and "/nowhere/python" in figure.how


def test_figures_of_a_small_catalogue(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(module, "QUERIES", 80)
    monkeypatch.setattr(module, "_CURVE", (20,))
    monkeypatch.setattr(module, "scann_figures", lambda items: iter(()))

    def here(function, *args):
        return clustered(args[0], rounds=2) if function is clustered else function(*args)

    monkeypatch.setattr(module, "in_fresh_process", here)
    figures = {figure.name: figure for figure in index_figures(tmp_path, run_dir=tmp_path, items=2000)}
    assert figures["2,000 clustered, recall@100"].value > 0.9
    assert figures["2,000 clustered, one query: BruteForce / index"].target == 20
    assert figures["2,000 clustered, batch of 64: BruteForce / index"].target == 3
    assert figures["2,000 clustered, 20 lists read: recall@100"].value < 1
    memory = [figures[f"2,000 clustered, memory beside the vectors, {kind}"].value for kind in ("none", "int8", "pq")]
    assert memory == sorted(memory, reverse=True)
    assert figures["trained vectors, recall@100"].met is False
