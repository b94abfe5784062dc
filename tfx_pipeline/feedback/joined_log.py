"""What was shown, with what it earned."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class JoinCounts:
    """What became of every slate and of every outcome; each outcome is in exactly one of the last nine.

    Attributes:
        slates: Slates of the log.
        joined: Those whose window is over: they are in the joined log.
        too_young: Those whose window is not over yet.
        other_versions: Those of model versions that were not asked for.
        outcomes: Outcomes of the log.
        counted: Those that gave a reward.
        duplicate: Repetitions of the same event.
        unknown_request: Of a slate that the log does not have.
        not_shown: On an item that the slate does not have.
        early: Before the slate.
        late: After the window.
        of_left_out_slates: Of a slate that is too young or of another version.
        other_event_types: Of an event type without an objective.
        repeated: Further events of an objective that has its reward already.
    """

    slates: int
    joined: int
    too_young: int
    other_versions: int
    outcomes: int
    counted: int
    duplicate: int
    unknown_request: int
    not_shown: int
    early: int
    late: int
    of_left_out_slates: int
    other_event_types: int
    repeated: int


@dataclass(frozen=True)
class JoinedLog:
    """Slates ordered by time and request id, Q of them, and their R shown slots, slate by slate in slate order.

    Attributes:
        request: Row of the slate among the slates, int64 [R].
        slot: Position in the slate, from 0, int64 [R].
        item_ids: The items shown, object [R].
        rewards: Utility that was earned: the weighted sum of the objectives that happened, float64 [R].
        objective_rewards: Objective -> its part of the reward, float64 [R].
        propensities: Probability of the item in this slot, float64 [R].
        inclusions: Probability of the item anywhere in the slate, float64 [R].
        predicted: Utility that the ranker alone expected, float64 [R].
        features: What the exploration head learns from, float32 [R, D].
        request_ids: Object [Q].
        timestamps: When it was shown, seconds since 1970 UTC, int64 [Q].
        model_versions: Object [Q].
        policies: Object [Q].
        contexts: What was asked, and how, Q rows: `context_digest`, the `CONTEXT_COLUMNS` of the log, `k` and `seed`.
        counts: What was joined and what was left out.
    """

    request: np.ndarray
    slot: np.ndarray
    item_ids: np.ndarray
    rewards: np.ndarray
    objective_rewards: dict[str, np.ndarray]
    propensities: np.ndarray
    inclusions: np.ndarray
    predicted: np.ndarray
    features: np.ndarray
    request_ids: np.ndarray
    timestamps: np.ndarray
    model_versions: np.ndarray
    policies: np.ndarray
    contexts: pd.DataFrame
    counts: JoinCounts

    def take(self, slates: np.ndarray) -> "JoinedLog":
        """Some of the slates, and their slots; the counts stay those of the whole log.

        Args:
            slates: Rows of the slates, rising, int64.
        """
        place = np.full(len(self.request_ids), -1)
        place[slates] = np.arange(len(slates))
        slots = np.flatnonzero(place[self.request] >= 0)
        of_slot = ("slot", "item_ids", "rewards", "propensities", "inclusions", "predicted", "features")
        of_slate = ("request_ids", "timestamps", "model_versions", "policies")
        return replace(
            self,
            request=place[self.request[slots]],
            objective_rewards={name: values[slots] for name, values in self.objective_rewards.items()},
            contexts=self.contexts.iloc[slates].reset_index(drop=True),
            **{name: getattr(self, name)[slots] for name in of_slot},
            **{name: getattr(self, name)[slates] for name in of_slate},
        )
