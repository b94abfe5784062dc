"""Which pairs are taken, and that nothing from behind the training window is among them."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tfx_pipeline.search_pairs import FEWEST_QUERIES, shop_pairs
from tfx_pipeline.sources.event_files import shard_path
from tfx_pipeline.split import Split
from trainer.catalogue import Catalogue

ITEMS = 80
SPLIT = Split("time", ranker_start=1000, eval_start=2000, test_start=3000)


def catalogue(descriptions: bool = True) -> Catalogue:
    """Items whose ids run the other way round than their rows; the last has no text."""
    titles = [f"title {row}" for row in range(ITEMS - 1)] + [""]
    texts = [f"{title} about number {row}" if descriptions else title for row, title in enumerate(titles)]
    return Catalogue(
        item_ids=np.array([f"i{ITEMS - 1 - row}" for row in range(ITEMS)], dtype=object),
        titles=np.array(titles, dtype=object),
        texts=np.array([*texts[:-1], ""], dtype=object),
        categories=np.zeros((ITEMS + 1, 3), np.int32),
        brands=np.zeros(ITEMS + 1, np.int32),
        prices=np.zeros(ITEMS + 1, np.float32),
        price_known=np.zeros(ITEMS + 1, np.float32),
        category_sizes=(1, 1, 1),
        brand_size=1,
    )


def write_events(tables: Path, with_queries: bool = True) -> None:
    """Two shards; each item is clicked once in training and bought once later, by the same query and another one."""
    for shard in range(2):
        numbers = [number for number in range(ITEMS) if number % 2 == shard]
        rows = [
            {"user_id": f"u{number:02}", "item_id": f"i{number}", "event_type": kind, "timestamp": time, "query": query}
            for number in numbers
            for kind, time, query in (
                ("click", 10, f"find {number}"),
                ("click", 20, f"find {number}"),
                ("seen", 30, f"no answer {number}"),
                ("click", 40, ""),
                ("click", 1000, f"from the future {number}"),
            )
        ]
        path = shard_path(tables, shard, 2)
        path.parent.mkdir(exist_ok=True)
        events = pa.Table.from_pylist(rows)
        pq.write_table(events if with_queries else events.drop(["query"]), path)


def write_judgments(tables: Path, count: int) -> None:
    rows = [
        {"query": f"judged {number}", "item_id": f"i{number % ITEMS}", "relevance": grade, "split": split}
        for number in range(count)
        for grade, split in ((1.0 + number % 2, "train"), (0.0, ""), (2.0, "test"))
    ]
    rows += [{"query": "judged 1", "item_id": "gone", "relevance": 1.0, "split": ""}]
    pq.write_table(pa.Table.from_pylist(rows), tables / "judgments.parquet")


def found(wanted: Any, tables: Path, items: Catalogue | None = None) -> Any:
    return shop_pairs(wanted, tables, SPLIT, ["click"], items or catalogue())


def test_queries_of_the_training_window_come_first(tmp_path: Path) -> None:
    write_events(tmp_path)
    write_judgments(tmp_path, 100)
    pairs = found("auto", tmp_path)
    assert pairs.kind == "queries"
    # The item without a text answers nothing.
    expected = {
        (f"find {number}", f"title {ITEMS - 1 - number} about number {ITEMS - 1 - number}")
        for number in range(1, ITEMS)
    }
    assert {
        (query, pairs.documents[row]) for query, row in zip(pairs.pairs.queries, pairs.pairs.documents, strict=True)
    } == expected
    np.testing.assert_allclose(pairs.pairs.weights, np.full(ITEMS - 1, np.log2(3)), rtol=1e-6)


def test_then_judgments_above_zero_that_are_for_training(tmp_path: Path) -> None:
    write_events(tmp_path, with_queries=False)
    write_judgments(tmp_path, 100)
    pairs = found("auto", tmp_path).pairs
    assert found("auto", tmp_path).kind == "judgments"
    expected = {f"judged {number}": 1 + number % 2 for number in range(100) if number % ITEMS}
    assert dict(zip(pairs.queries, 2 * pairs.weights, strict=True)) == expected
    assert pairs.documents[pairs.queries.tolist().index("judged 5")] == ITEMS - 1 - 5


def test_then_titles_with_their_descriptions(tmp_path: Path) -> None:
    write_events(tmp_path, with_queries=False)
    pairs = found("auto", tmp_path)
    assert (pairs.kind, len(pairs.pairs)) == ("descriptions", ITEMS - 1)
    assert pairs.pairs.queries[7] == "title 7"
    assert pairs.documents[pairs.pairs.documents[7]] == "about number 7"


@pytest.mark.parametrize("wanted", ["auto", "none", "queries", "judgments"])
def test_a_shop_without_pairs(tmp_path: Path, wanted: str) -> None:
    write_events(tmp_path, with_queries=False)
    write_judgments(tmp_path, FEWEST_QUERIES - 2)
    pairs = found(wanted, tmp_path, catalogue(descriptions=False))
    assert (pairs.kind, len(pairs.pairs), pairs.documents) == ("none", 0, [])


def test_a_kind_that_is_asked_for(tmp_path: Path) -> None:
    write_events(tmp_path)
    write_judgments(tmp_path, 100)
    for kind in ("queries", "judgments", "descriptions"):
        assert found(kind, tmp_path).kind == kind
