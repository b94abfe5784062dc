"""Taobao and JD: carts, favourites and purchases without order; some purchases are to be found."""

from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tfx_pipeline.benchmarks.baseline_data.read_rows import read_rows
from tfx_pipeline.benchmarks.quality.data.behaviour_ranker import behaviour_rankers
from tfx_pipeline.benchmarks.quality.snapshot import Past, Shop, Snapshot
from tfx_pipeline.benchmarks.quality.task import QualityData, QualityTask
from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.ragged import Ragged

PURCHASE = "purchase"

_USERS_ASKED = 14_000


def load(name: str, data_dir: Path) -> QualityData:
    """Read what is known, and the users of the validation purchases.

    Args:
        name: Folder of the data set.
        data_dir: The folder of real data.

    Raises:
        DataError: The data are absent.
    """
    events = read_rows(data_dir / name / "events.parquet", ["user_id", "item_id", "event_type", "split"])
    snapshot = snapshot_of(events)
    cases = snapshot.cases.sample(_USERS_ASKED, seed=1)
    wanted = [event_type for event_type in snapshot.past.shop.event_types if event_type != PURCHASE]
    return QualityData([], Snapshot(snapshot.past, cases), behaviour_rankers(snapshot.past, wanted))


def snapshot_of(events: pa.Table) -> Snapshot:
    """What the split `train` knows, and every user with purchases in `valid`.

    The id of a case is the number of its user in the past. Its history is what the user bought, since that alone is
    left out of the lists: what lies in the cart may be the answer.

    Args:
        events: Columns `user_id`, `item_id`, `event_type` and `split`.
    """
    users, user_count = _numbered(events["user_id"])
    items, item_count = _numbered(events["item_id"])
    event_types = tuple(sorted(set(events["event_type"].to_pylist())))
    types = np.array([event_types.index(event_type) for event_type in events["event_type"].to_pylist()])
    is_target = events["split"].to_numpy() == "valid"
    known = np.flatnonzero(~is_target)
    known = known[np.argsort(users[known], kind="stable")]
    past = Past(
        Shop(item_count, event_types=event_types), users[known], items[known], user_count, behaviours=types[known]
    )
    bought = types[known] == event_types.index(PURCHASE)
    history = Ragged.from_owners(past.users[bought], past.items[bought].astype(np.int32), user_count)
    pairs = np.unique(users[is_target] * item_count + items[is_target])
    targets = Ragged.from_owners(pairs // item_count, (pairs % item_count).astype(np.int32), user_count)
    cases = EvaluationCases([str(user) for user in range(user_count)], history, targets, item_count)
    return Snapshot(past, cases.take(np.flatnonzero(targets.lengths)))


def _numbered(ids: pa.ChunkedArray) -> tuple[NDArray[np.int64], int]:
    """A number for each id, in the order of ids, and how many there are."""
    distinct, numbers = np.unique(ids.to_numpy(), return_inverse=True)
    return numbers.astype(np.int64), len(distinct)


def _task(name: str) -> QualityTask:
    return QualityTask(
        name=f"{name}, validation purchases",
        settings=name,
        items="new",
        targets={},
        times_baseline={"HR@10": 1.05, "NDCG@10": 1.05},
        protocol=f"counts of the split train alone; {_USERS_ASKED:,} users with a purchase in the split valid; the "
        "mixture is learned from a random half of them, and the other half is measured; all items are ranked but those "
        "bought in train",
        load=partial(load, name),
    )


MULE_TAOBAO, MULE_JDATA = _task("mule_taobao"), _task("mule_jdata")
