import json
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from tests.trainer.index.conftest import ITEMS, Shop
from trainer.index import building
from trainer.index.building import IndexSettings, build_index, measured_recall
from trainer.index.exact import ExactIndex
from trainer.index.ivf import IvfIndex


def test_small_catalogues_are_searched_exactly(clustered: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    index, report = clustered.build(IndexSettings())
    assert type(index) is ExactIndex and (report.kind, report.items, report.bytes) == ("exact", ITEMS, 0)
    monkeypatch.setattr(building, "EXACT_UP_TO", ITEMS - 1)
    index, report = clustered.build(IndexSettings(lists=100, probes=3))
    assert isinstance(index, IvfIndex) and report.kind == "ivf"


def test_reports_what_was_built(clustered: Shop, tmp_path: Path) -> None:
    index, report = clustered.build(IndexSettings("ivf", lists=100))
    assert isinstance(index, IvfIndex)
    assert report.lists == index.list_count >= 50
    assert report.measured_recall >= 0.97
    assert measured_recall(index, clustered.queries) == pytest.approx(report.measured_recall, abs=0.05)
    assert clustered.preferences.numpy().nbytes < report.bytes < 2 * clustered.preferences.numpy().nbytes
    report.save(tmp_path / "index.json")
    assert json.loads((tmp_path / "index.json").read_text())["measured_recall"] == report.measured_recall


def test_more_recall_reads_more_lists(clustered: Shop) -> None:
    few, many = (clustered.build(IndexSettings("ivf", recall=recall, lists=100))[1] for recall in (0.6, 0.99))
    shared = min(len(few.probes), len(many.probes))
    assert shared and all(a <= b for a, b in zip(few.probes[:shared], many.probes[:shared], strict=True))
    assert few.probes[0] < many.probes[0] and few.measured_recall < many.measured_recall


def test_quantised_lists_are_smaller(clustered: Shop) -> None:
    none, byte, product = (
        clustered.build(IndexSettings("ivf", lists=100, quantisation=kind))[1].bytes for kind in (None, "int8", "pq")
    )
    assert product < byte < none / 2


def test_is_the_same_every_time(clustered: Shop) -> None:
    settings = IndexSettings("ivf", lists=100)
    first = clustered.build(settings)[0]
    second, _ = build_index(clustered.preferences, clustered.texts, lambda: clustered.queries, settings)
    for one, other in zip(first.variables, second.variables, strict=True):
        np.testing.assert_array_equal(one.numpy(), other.numpy())


def test_nobody_has_asked_yet(clustered: Shop) -> None:
    nobody = Shop(clustered.preferences, clustered.texts, np.zeros((0, 0), np.float32))
    assert nobody.build(IndexSettings("ivf", lists=100))[1].measured_recall >= 0.97


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"kind": "hnsw"}, "index: auto, exact or ivf, not 'hnsw'"),
        ({"recall": 0.0}, "index_recall: above 0 and at most 1, not 0.0"),
        ({"recall": 1.1}, "index_recall: above 0 and at most 1, not 1.1"),
        ({"lists": 0}, "lists: at least 1, not 0"),
        ({"probes": -1}, "probes: at least 1, not -1"),
    ],
)
def test_bad_settings(values: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        IndexSettings(**values)


def test_unknown_quantisation(clustered: Shop) -> None:
    with pytest.raises(ValueError, match="quantisation: none, int8 or pq, not 'int4'"):
        clustered.build(IndexSettings("ivf", lists=100, quantisation="int4"))


def test_only_core_ops(clustered: Shop) -> None:
    index, _ = clustered.build(IndexSettings("ivf", lists=100, quantisation="pq"))
    search = tf.function(index.search, autograph=False).get_concrete_function(
        tf.TensorSpec([None, 16]),
        tf.TensorSpec([None, None]),
        tf.TensorSpec([None, None], tf.bool),
        tf.TensorSpec([], tf.int32),
    )
    graph = search.graph.as_graph_def()
    ops = {node.op for node in graph.node} | {node.op for part in graph.library.function for node in part.node_def}
    assert "TopKV2" in ops and not {op for op in ops if ">" in op or op in ("PyFunc", "EagerPyFunc")}
