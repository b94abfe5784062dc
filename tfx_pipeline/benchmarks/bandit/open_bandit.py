"""The Open Bandit Dataset sample: ZOZOTOWN's logs of a uniform random and a Thompson sampling policy.

Saito et al. 2021, "Open Bandit Dataset and Pipeline". Every impression has its true propensity. The policies' values
are known from their own logs, so an estimate of one from the log of the other can be judged.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tfx_pipeline.evaluation.off_policy import EvaluationPolicy, LoggedSlots

FOLDER, UNIFORM = "open_bandit", "random"
_COLUMNS = ["item_id", "position", "click", "action_prob", "policy", "campaign"]


class OpenBandit:
    """One campaign's logs.

    Attributes:
        campaign: Its name.
        items: Number of items, A.
    """

    def __init__(self, data_dir: Path, campaign: str) -> None:
        table = pd.read_csv(data_dir / FOLDER / "bandit_log.csv.gz", usecols=_COLUMNS)
        self.campaign = campaign
        self._table = table[table["campaign"] == campaign]
        self.items = int(self._table["item_id"].max()) + 1

    @staticmethod
    def is_there(data_dir: Path) -> bool:
        """Whether the data set is in the folder of data sets."""
        return (data_dir / FOLDER / "bandit_log.csv.gz").exists()

    def log(self, policy: str) -> LoggedSlots:
        """The impressions of a policy; each is a request of one slot, because the sample does not hold whole slates."""
        rows = self._rows(policy)
        clicks = rows["click"].to_numpy(np.float64)
        numbers = np.arange(len(rows))
        return LoggedSlots(clicks, rows["action_prob"].to_numpy(np.float64), np.zeros_like(numbers), numbers)

    def items_shown(self, policy: str) -> NDArray[np.int64]:
        """The item of each impression of a policy; [R] int64."""
        return self._rows(policy)["item_id"].to_numpy(np.int64)

    def truth(self, policy: str) -> float:
        """The click rate in the policy's own log."""
        return float(self._rows(policy)["click"].mean())

    def on_log_of(self, logging: str, policy: str) -> EvaluationPolicy:
        """What a policy would have done with the impressions of another, whatever the context.

        Thompson sampling shows an item in a position as often as in its own log, and the uniform policy all alike.

        Args:
            logging: The policy that logged.
            policy: The policy to be evaluated.
        """
        rows = self._rows(logging)
        shares = self._shares(policy)
        return EvaluationPolicy(shares[rows["item_id"].to_numpy(), rows["position"].to_numpy()])

    def _shares(self, policy: str) -> NDArray[np.float64]:
        rows = self._rows(policy)
        counts = np.zeros((self.items, int(self._table["position"].max()) + 1))
        if policy == UNIFORM:
            return np.full_like(counts, 1 / self.items)
        np.add.at(counts, (rows["item_id"].to_numpy(), rows["position"].to_numpy()), 1)
        return counts / np.maximum(counts.sum(axis=0), 1)

    def _rows(self, policy: str) -> pd.DataFrame:
        return self._table[self._table["policy"] == policy]
