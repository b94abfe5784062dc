"""A joined log in the files of the Open Bandit Dataset, which Open Bandit Pipeline reads by itself.

Saito, Aihara, Matsutani and Narita 2020, "Open Bandit Dataset and Pipeline", appendix A: one row a shown slot.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from tfx_pipeline.feedback.joined_log import JoinedLog
from tfx_pipeline.write_aside import write_aside

CAMPAIGNS = ("all", "men", "women")
BEHAVIOR_POLICIES = ("random", "bts")
"""The names that `obp.dataset.OpenBanditDataset` takes; they choose the folder, and nothing else."""


def export_obp(joined: JoinedLog, folder: str | Path, campaign: str = "all", behavior_policy: str = "random") -> Path:
    """Write what `obp.dataset.OpenBanditDataset(behavior_policy, campaign, data_path=folder)` reads.

    `CAMPAIGN.csv` has one row a shown slot: `timestamp` (ISO 8601, UTC), `item_id` (number of the item), `position`
    (from 1), `click` (the reward), `propensity_score`, `user_feature_*` (text: length of the history, latest event
    type, whether there is a query), `user-item_affinity_0` (utility that the ranker expected), and `slate_id`, which
    the package leaves alone and its estimators for slates need. `item_context.csv` has one row an item:
    `item_feature_0` (mean expected utility) and `item_feature_1` (text: how often it was shown). `item_index.csv` says
    which item a number is.

    Args:
        joined: At least one shown slot.
        folder: Root of the exports.
        campaign: One of all, men and women.
        behavior_policy: One of random and bts.

    Returns:
        The folder with the three files, `FOLDER/BEHAVIOR_POLICY/CAMPAIGN`.

    Raises:
        ValueError: A name that the package does not take, or no shown slot.
    """
    for name, value, known in (
        ("campaign", campaign, CAMPAIGNS),
        ("behavior_policy", behavior_policy, BEHAVIOR_POLICIES),
    ):
        if value not in known:
            raise ValueError(f"{name}: Open Bandit Pipeline takes one of {', '.join(known)}, not {value!r}")
    if not len(joined.item_ids):
        raise ValueError("there is no shown slot to export: are all slates too young?")
    target = Path(folder) / behavior_policy / campaign
    item_ids, numbers = np.unique(joined.item_ids.astype(str), return_inverse=True)
    index = pd.DataFrame({"item_id": np.arange(len(item_ids)), "catalogue_item_id": item_ids})
    # The first column has no name: the package takes it for the index.
    for name, frame, with_index in (
        ("item_index.csv", index, False),
        ("item_context.csv", _item_context(joined, numbers), True),
        (f"{campaign}.csv", _rounds(joined, numbers), True),
    ):
        with write_aside(target / name) as aside:
            frame.to_csv(aside, index=with_index)
    return target


def _rounds(joined: JoinedLog, numbers: np.ndarray) -> pd.DataFrame:
    times = pd.to_datetime(joined.timestamps[joined.request], unit="s", utc=True)
    columns = {
        "timestamp": times.strftime("%Y-%m-%d %H:%M:%S+00:00"),
        "item_id": numbers,
        "position": joined.slot + 1,
        "click": _whole_where_possible(joined.rewards),
        "propensity_score": joined.propensities,
    }
    users = {name: values.to_numpy()[joined.request] for name, values in _user_features(joined.contexts).items()}
    return pd.DataFrame(columns | users | {"user-item_affinity_0": joined.predicted, "slate_id": joined.request})


def _user_features(contexts: pd.DataFrame) -> pd.DataFrame:
    """Few distinct texts each: the package makes one column of every value."""
    types = contexts["history_event_types"]
    lengths = types.map(len).to_numpy()
    latest = [values[-1] if len(values) and values[-1] else "none" for values in types]
    return pd.DataFrame(
        {
            "user_feature_0": [f"history {_power_of_two(length)}" for length in lengths],
            "user_feature_1": latest,
            "user_feature_2": np.where(contexts["query"].to_numpy() == "", "no query", "query"),
        }
    )


def _item_context(joined: JoinedLog, numbers: np.ndarray) -> pd.DataFrame:
    shown = np.bincount(numbers)
    return pd.DataFrame(
        {
            "item_id": np.arange(len(shown)),
            "item_feature_0": np.bincount(numbers, joined.predicted) / shown,
            "item_feature_1": [f"shown {_power_of_two(count)}" for count in shown],
        }
    )


def _power_of_two(count: int) -> str:
    """The range of counts, each twice as long as the one before, that a count is in."""
    if count == 0:
        return "0"
    low = 1 << (int(count).bit_length() - 1)
    return f"{low} to {2 * low - 1}"


def _whole_where_possible(rewards: np.ndarray) -> np.ndarray:
    # The package's own data has clicks of 0 and 1; a reward of 1.0 would read as another type.
    whole = rewards.astype(np.int64)
    return whole if (whole == rewards).all() else rewards
