"""Requests of the eval window, as a shop would have sent them: what a model is warmed up and checked with."""

import json
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from trainer.mining import Cases

TRAFFIC_FILE = "eval_traffic.json"
"""Beside the splits of the mined candidates."""

LARGEST = 32
"""Requests that are kept."""


@dataclass(frozen=True)
class EvalTraffic:
    """Who asks, and what for; each list at most `LARGEST` long, and none belongs together with another.

    It goes wherever the model goes, so it tells nothing of anybody but that a known user has been there: no history.

    Attributes:
        user_ids: Users of the eval window, '' for one that training did not know.
        queries: Searches of the window.
        item_ids: Items that were chosen in the window, by whomever.
    """

    user_ids: list[str]
    queries: list[str]
    item_ids: list[str]

    @classmethod
    def of_cases(
        cls,
        cases: Cases,
        queries: Sequence[str],
        users: Sequence[str],
        items: Sequence[str],
    ) -> "EvalTraffic":
        """The traffic of some cases of the eval window, evenly drawn.

        Args:
            cases: Cases.
            queries: Searches of the window; empty ones are left out.
            users: Ids by row; a row beyond them is an unknown user.
            items: Ids by catalogue row; a row beyond them is an unknown item.
        """
        drawn = cases.take(slice(None, None, max(len(cases) // LARGEST, 1))).take(slice(0, LARGEST))
        chosen = np.unique(np.concatenate([np.zeros(0, np.int64), *cases.targets])) % (len(items) + 1)
        return cls(
            user_ids=[users[row] if row < len(users) else "" for row in drawn.users],
            queries=list(dict.fromkeys(query for query in queries if query))[:LARGEST],
            item_ids=[items[row] for row in dict.fromkeys(chosen.tolist()) if row < len(items)][:LARGEST],
        )

    @classmethod
    def load(cls, path: Path) -> "EvalTraffic":
        """Read what `save` wrote.

        Raises:
            ValueError: It is no traffic of ours.
            OSError: It cannot be read.
        """
        try:
            return cls(**json.loads(path.read_text(encoding="utf-8")))
        except (ValueError, TypeError) as error:
            raise ValueError(f"{path}: not the traffic of an eval window: {error}") from error

    def save(self, path: Path) -> None:
        """Write as JSON; the folder is made."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self), ensure_ascii=False), encoding="utf-8")

    def among(self, item_ids: Sequence[str]) -> "EvalTraffic":
        """The same requests about a catalogue; what nobody chose is filled with its first items."""
        known = set(item_ids)
        kept = [item for item in self.item_ids if item in known]
        return replace(self, item_ids=list(dict.fromkeys([*kept, *item_ids[:LARGEST]]))[:LARGEST])

    def of_users(self, user_ids: Collection[str]) -> "EvalTraffic":
        """The same requests, with a stranger in the place of everybody who is not among these users."""
        return replace(self, user_ids=[user if user in user_ids else "" for user in self.user_ids])


def no_traffic(user_ids: Sequence[str]) -> EvalTraffic:
    """What stands for the traffic of a model without any: some known users who search nothing."""
    return EvalTraffic(list(user_ids), [], [])
