"""Amazon Industrial: a history of up to ten items, and the next item to be found."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from tfx_pipeline.benchmarks.baseline_data.published_table import PublishedRow, PublishedTable, columns, measure_rows
from tfx_pipeline.benchmarks.baseline_data.read_rows import read_rows
from tfx_pipeline.evaluation.baselines import ItemKNN, MostPopular, Transitions
from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.interactions import Interactions

_COLUMNS = ["user_id", "history_item_id", "item_id"]
_figures = columns("HR@5", "NDCG@5", "HR@10", "NDCG@10")


_ROWS = (
    PublishedRow("most popular", MostPopular(), "all", _figures(0.0554, 0.0383, 0.0664, 0.0418)),
    PublishedRow(
        "item-kNN, recency",
        ItemKNN(neighbours=200, of="history", days=None, decay=0.8, items=None),
        "all",
        _figures(0.0743, 0.0594, 0.0942, 0.0658),
        "the table does not state its recency; here .8^age and k = 200",
    ),
    PublishedRow(
        "Markov chain",
        Transitions(steps=3, decay=0.7, power=0.0),
        "all",
        _figures(0.1220, 0.0941, 0.1407, 0.1002),
        "the table does not state its window; here 1/distance up to three steps ahead, history .7^age, no division by "
        "popularity",
    ),
)


def sequences(rows: pa.Table) -> dict[str, list[int]]:
    """What each user bought, in order: the history of the first row and the next item of every row.

    Args:
        rows: Columns `user_id`, `history_item_id` (item rows, oldest first, divided by spaces) and `item_id`.
    """
    found: dict[str, list[int]] = {}
    for row in rows.to_pylist():
        if row["user_id"] not in found:
            found[row["user_id"]] = _numbers(row["history_item_id"])
        found[row["user_id"]].append(int(row["item_id"]))
    return found


def _numbers(text: str) -> list[int]:
    return [int(number) for number in text.split()]


def _measure(data_dir: Path) -> Iterator[tuple[dict[str, float], int]]:
    folder = data_dir / "amazon_industrial"
    item_count = len(read_rows(folder / "items_industrial.csv.gz", ["item_id"]))
    known = list(sequences(read_rows(folder / "next_item_industrial_valid.csv.gz", _COLUMNS)).values())
    users = np.repeat(np.arange(len(known)), [len(items) for items in known])
    interactions = Interactions(users, np.concatenate(known).astype(np.int64), len(known), item_count)
    asked = read_rows(folder / "next_item_industrial_test.csv.gz", _COLUMNS).to_pylist()
    cases = EvaluationCases.from_lists(
        [f"row {number}" for number in range(len(asked))],
        [_numbers(row["history_item_id"]) for row in asked],
        [[int(row["item_id"])] for row in asked],
        item_count,
    )
    yield from measure_rows(_ROWS, interactions, cases)


AMAZON_INDUSTRIAL = PublishedTable(
    data="amazon_industrial",
    protocol="learned from the valid rows alone, joined to one sequence a user; every test row is a case; all items "
    "are ranked, those of the history too",
    users={},
    rows=_ROWS,
    measure=_measure,
)
