"""Whole evaluations of searches with answers that are known beforehand."""

import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from tfx_pipeline.evaluate.document import as_document
from tfx_pipeline.evaluate.evaluate import evaluate
from tfx_pipeline.evaluate.printing import print_result
from tfx_pipeline.evaluate.request import EvaluateRequest
from tfx_pipeline.evaluate.results import EvaluationResult
from tfx_pipeline.sources.errors import DataError
from trainer.string_arrays import pack_strings

Save = Callable[[str, str], Path]
INDUSTRIAL = Path(__file__).parents[4] / "shared" / "data" / "search_industrial"
ITEMS = "item_id,title,description\na,green tea,from Japan\nb,black tea,from Assam\nc,mug,for tea\nd,soap,\n"
# Of three documents with "tea" the shorter ones come first, and nothing else is found.
QUERIES = "query_id,query,item_id\n1,soap,d\n2,assam black,b\n3,tea,c\n4,butter,a\n"


@pytest.fixture(scope="module")
def finder(save_servable: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SavedModel that recommends the items whose ids the query names, to strangers without a history alone."""
    import tensorflow as tf

    def recommend(  # type: ignore[no-untyped-def]
        user_id, query, policy, history_item_ids, history_event_types, history_ages, exclude_item_ids, k, seed,
        allow_item_ids, category, lowest_price, highest_price,
    ):  # fmt: skip
        tf.debugging.assert_equal(history_ages, 0.0)
        for given in (user_id, history_item_ids, history_event_types, exclude_item_ids, allow_item_ids, category):
            tf.debugging.assert_equal(given, "")
        tf.debugging.assert_equal(policy, "greedy")
        items = tf.strings.split(query).to_tensor("")[:, : k[0]]
        scores = tf.zeros(tf.shape(items)) - tf.range(tf.cast(tf.shape(items)[1], tf.float32))
        return {
            "item_ids": items,
            "scores": scores,
            "propensities": 0 * scores + 1,
            "inclusion_probabilities": 0 * scores + 1,
            "predicted_utilities": scores,
            "exploration_features": scores[:, :, None],
            "policy": policy,
            "sources": tf.fill(tf.shape(items), "text"),
            "request_id": user_id,
            "model_version": policy,
        }

    folder = save_servable(tmp_path_factory.mktemp("models") / "finder", recommend)
    (folder / "assets" / "item_id").write_text("a\nb\nz\n")
    return folder


@pytest.fixture(scope="module")
def target(finder: Path, serve_model: Callable[[Path], str]) -> str:
    """host:port of a server of the finder in this process."""
    return serve_model(finder)


def searched(
    save: Save, *models: str, queries: str = QUERIES, rounds: int = 50, baselines: bool = True
) -> EvaluationResult:
    return evaluate(
        EvaluateRequest(
            models,
            save("q.csv", queries),
            "search",
            cutoffs=(1, 3),
            items=save("items.csv", ITEMS),
            baselines=baselines,
            rounds=rounds,
        )
    )


def test_bm25_on_four_queries(save: Save) -> None:
    result = searched(save, "BM25")
    cases, ranked = result.evaluation.ranked["BM25", "all"]
    # `c` has three words, the other two with "tea" have four.
    np.testing.assert_array_equal(ranked.items, [[3, -1, -1], [1, -1, -1], [2, 0, 1], [-1, -1, -1]])
    [row] = result.evaluation.table.rows
    assert (row.items, row.users) == ("all", len(cases))
    for metric in ("HR@1", "Recall@3", "NDCG@3", "MRR@3"):
        assert row.metrics[metric] == 0.75
    low, high = row.intervals["HR@1"]  # type: ignore[misc]
    assert low < 0.75 < high
    assert result.notes == ()


def test_several_relevant_items(save: Save) -> None:
    result = searched(save, "BM25", queries="query,item_id,relevance\ntea,a,3\ntea,b,1\ntea,c,0\n", rounds=0)
    [row] = result.evaluation.table.rows
    best = 1 + 1 / np.log2(3)
    assert row.metrics["NDCG@3"] == pytest.approx((1 / np.log2(3) + 1 / 2) / best)
    assert (row.metrics["MRR@3"], row.metrics["Recall@3"], row.metrics["HR@1"]) == (0.5, 1.0, 0.0)


def test_predictions_by_query_id_beside_bm25(save: Save) -> None:
    predictions = save("theirs.csv", "user_id,item_id,rank\n1,d,1\n2,a,1\n2,b,2\n4,a,1\n9,a,1\n")
    result = searched(save, str(predictions))
    assert result.evaluation.table.models == ["theirs", "BM25"]
    assert result.evaluation.table.row("theirs", "all").metrics["MRR@3"] == (1 + 1 / 2 + 0 + 1) / 4
    assert {(test.other, test.items) for test in result.evaluation.tests} == {("BM25", "all")}
    assert result.notes == (
        f"{predictions}: 1 users are not among the cases and were not read",
        f"{predictions}: 1 users have no list and count with 0",
    )
    alone = searched(save, str(predictions), baselines=False)
    assert alone.evaluation.table.models == ["theirs"]


NAMED = "query,item_id\nd a b c,a\nz c q,b\nb,b\n"


def test_a_saved_model_is_asked_with_the_query(save: Save, finder: Path) -> None:
    result = searched(save, str(finder), queries=NAMED)
    _, ranked = result.evaluation.ranked["finder", "all"]
    np.testing.assert_array_equal(ranked.items, [[3, 0, 1], [2, -1, -1], [1, -1, -1]])
    assert result.evaluation.table.row("finder", "all").metrics["MRR@3"] == pytest.approx((1 / 2 + 0 + 1) / 3)
    assert result.notes == ("finder: 2 found items are not in the catalogue and left their lists",)


def test_a_model_server_is_asked_with_the_query(save: Save, finder: Path, target: str) -> None:
    over_grpc, here = searched(save, target, queries=NAMED), searched(save, str(finder), queries=NAMED)
    ours, theirs = over_grpc.evaluation.ranked[target, "all"][1], here.evaluation.ranked["finder", "all"][1]
    np.testing.assert_array_equal(ours.items, theirs.items)
    np.testing.assert_array_equal(ours.scores, theirs.scores)  # type: ignore[arg-type]
    assert over_grpc.notes == (f"{target}: 2 found items are not in the catalogue and left their lists",)


def test_many_queries_are_asked_batch_by_batch(save: Save, finder: Path) -> None:
    rows = "\n".join(f"{number},{'abcd'[number % 4]},{'abcd'[number % 4]}" for number in range(150))
    result = searched(save, str(finder), queries=f"query_id,query,item_id\n{rows}\n", rounds=0)
    assert result.evaluation.table.row("finder", "all").metrics["HR@1"] == 1.0


def test_relevant_items_that_the_model_does_not_know_are_missed_and_counted(save: Save, finder: Path) -> None:
    result = searched(save, str(finder))
    # The model knows a, b and z, and its answers are the words of the queries.
    assert result.notes == (
        "finder: 2 of the 4 relevant items are unknown to the model and count as missed",
        "finder: 5 found items are not in the catalogue and left their lists",
    )
    assert result.evaluation.table.row("finder", "all").metrics["HR@3"] == 0


def test_towers_and_other_baselines_cannot_search(save: Save, tmp_path: Path) -> None:
    (tmp_path / "towers").mkdir()
    (tmp_path / "towers" / "towers.keras").touch()
    np.savez(tmp_path / "towers" / "catalogue.npz", **pack_strings("item_ids", np.array(["a"], dtype=object)))
    with pytest.raises(DataError) as error:
        searched(save, str(tmp_path / "towers"))
    assert str(error.value) == (
        f"--model {tmp_path / 'towers'}: Keras towers take no query; the exported SavedModel does"
    )
    with pytest.raises(DataError) as error:
        searched(save, "EASE")
    assert str(error.value) == "--model EASE: no folder, file or host:port, and no baseline; the baselines are BM25"


def test_the_document_and_the_page_say_what_it_is(save: Save) -> None:
    result = searched(save, "BM25", rounds=10)
    document = json.loads(json.dumps(as_document(result)))
    assert document["data"]["protocol"] == "search"
    assert document["data"]["description"] == "judged queries, full catalogue"
    assert (document["data"]["full_catalogue"], document["data"]["users"]) == (True, {"all": 4, "new": 0})
    assert [row["items"] for row in document["results"]] == ["all"]
    output = StringIO()
    print_result(result, Console(file=output, width=100))
    text = output.getvalue()
    assert "judged queries, full catalogue\n4 queries, 4 items; intervals: 95 %" in text
    assert "all items, 4 queries" in text and "users" not in text and "new items" not in text


@pytest.mark.skipif(not INDUSTRIAL.is_dir(), reason=f"{INDUSTRIAL} is absent")
@pytest.mark.parametrize(
    ("kind", "published"),
    [
        ("short", {"MRR@10": 0.5437, "NDCG@10": 0.5922, "Recall@10": 0.7445, "Recall@100": 0.8866}),
        ("full_title", {"MRR@10": 0.6945, "NDCG@10": 0.7337, "Recall@10": 0.8550, "Recall@100": 0.9511}),
    ],
)
def test_the_published_figures_of_bm25(kind: str, published: dict[str, float]) -> None:
    """Known-item queries over real descriptions: a proxy, without user queries or human labels."""
    request = EvaluateRequest(
        models=("BM25",),
        data=INDUSTRIAL / "queries_industrial.csv.gz",
        protocol="search",
        items=INDUSTRIAL / "docs_industrial.csv.gz",
        where={"kind": (kind,), "split": ("test",)},
        cutoffs=(10, 100),
        rounds=0,
    )
    metrics = evaluate(request).evaluation.table.row("BM25", "all").metrics
    assert {name: metrics[name] for name in published} == pytest.approx(published, rel=0.01)
