"""Slates and outcomes of a feedback log, joined by request and item."""

import math
import time
from collections.abc import Collection
from pathlib import Path

import numpy as np
import pandas as pd

from serving.feedback.schema import CONTEXT_COLUMNS
from tfx_pipeline.errors import PipelineError
from tfx_pipeline.feedback.joined_log import JoinCounts, JoinedLog
from tfx_pipeline.feedback.outcomes import read_outcomes
from tfx_pipeline.feedback.rewards import Objectives, Rewards, attribute
from tfx_pipeline.feedback.shown import read_shown

_FATES = (
    "counted",
    "duplicate",
    "unknown_request",
    "not_shown",
    "early",
    "late",
    "of_left_out_slates",
    "other_event_types",
    "repeated",
)


def joined_log(
    folder: str | Path,
    objectives: Objectives,
    window_seconds: int,
    now: float | None = None,
    *,
    delay_seconds: int = 0,
    times_value: Collection[str] = (),
    model_versions: Collection[str] | None = None,
    with_features: bool = True,
) -> JoinedLog:
    """Join what was shown with what came of it.

    A slot's reward is the weighted sum of the objectives that happened to its item within the window; each objective
    counts once, by its first event. A slot without an outcome has the reward 0. The same rows in other files or another
    order give the same result.

    Args:
        folder: The log.
        objectives: Objective -> the event types that count for it, and its weight in the utility.
        window_seconds: Attribution window: from the second of the slate until this much later, both included.
        now: The present, seconds since 1970 UTC; the clock's by default.
        delay_seconds: How long an outcome may take until it is in the log. A slate whose window and this delay are not
            over is too young: it is left out.
        times_value: Objectives whose weight is multiplied by the event's value; an event without a value counts once.
        model_versions: Take slates of these versions alone; of all by default.
        with_features: Whether the exploration features are wanted; without them rankers of any width may stand in the
            log, and the features have no column.

    Returns:
        The slates that are old enough, and their slots.

    Raises:
        PipelineError: The log cannot be read, see `read_shown` and `read_outcomes`, or the numbers of exploration
            features differ among the slates.
        ValueError: An argument is not as described.
    """
    _check_arguments(objectives, window_seconds, delay_seconds, times_value)
    shown, outcomes = read_shown(folder), read_outcomes(folder)
    present = time.time() if now is None else now
    old = shown["timestamp"].to_numpy() + window_seconds + delay_seconds <= present
    wanted = shown["model_version"].isin(shown["model_version"] if model_versions is None else model_versions)
    ready = old & wanted.to_numpy()
    slots = _slots(shown).assign(is_ready=lambda frame: ready[frame["slate"].to_numpy()])
    rewards = attribute(slots, set(shown["request_id"]), outcomes, objectives, window_seconds, times_value)
    fates = {fate: int((rewards.fates == fate).sum()) for fate in _FATES}
    counts = JoinCounts(
        slates=len(shown),
        joined=int(ready.sum()),
        too_young=int((wanted.to_numpy() & ~old).sum()),
        other_versions=int((~wanted).sum()),
        outcomes=len(outcomes),
        **fates,
    )
    return _joined(shown, slots, rewards, ready, counts, with_features)


def _check_arguments(
    objectives: Objectives, window_seconds: int, delay_seconds: int, times_value: Collection[str]
) -> None:
    if not objectives:
        raise ValueError("objectives: at least one is needed")
    for name, (types, weight) in objectives.items():
        if isinstance(types, str) or not types:
            raise ValueError(f"objectives: {name} needs a list of event types, has {types!r}")
        if not math.isfinite(weight):
            raise ValueError(f"objectives: the weight of {name} is {weight}, a finite number is needed")
    for name, seconds in (("window_seconds", window_seconds), ("delay_seconds", delay_seconds)):
        if seconds < 0:
            raise ValueError(f"{name}: must not be negative, is {seconds}")
    unknown = sorted(set(times_value) - set(objectives))
    if unknown:
        raise ValueError(f"times_value: there is no objective {unknown[0]!r}")


def _slots(shown: pd.DataFrame) -> pd.DataFrame:
    lengths = np.array([len(items) for items in shown["item_ids"]], np.int64)
    slate = np.repeat(np.arange(len(shown)), lengths)
    first = np.cumsum(lengths) - lengths
    frame = pd.DataFrame({"slate": slate, "slot": np.arange(len(slate)) - first[slate]})
    for name, column in (
        ("propensity", "propensities"),
        ("inclusion", "inclusion_probabilities"),
        ("predicted", "predicted_utilities"),
    ):
        frame[name] = _flat(shown[column], np.float64)
    frame["item_id"] = _flat(shown["item_ids"], object)
    for name in ("request_id", "timestamp"):
        frame[name] = shown[name].to_numpy()[slate]
    return frame


def _joined(
    shown: pd.DataFrame,
    slots: pd.DataFrame,
    rewards: Rewards,
    ready: np.ndarray,
    counts: JoinCounts,
    with_features: bool,
) -> JoinedLog:
    of_ready = slots["is_ready"].to_numpy()
    kept, used = shown[ready].reset_index(drop=True), slots[of_ready]
    of_objective = {name: values[of_ready] for name, values in rewards.of_objective.items()}
    row_of_slate = np.cumsum(ready) - 1
    return JoinedLog(
        request=row_of_slate[used["slate"].to_numpy()].astype(np.int64),
        slot=used["slot"].to_numpy(),
        item_ids=used["item_id"].to_numpy(),
        rewards=np.sum(list(of_objective.values()), axis=0),
        objective_rewards=of_objective,
        propensities=used["propensity"].to_numpy(),
        inclusions=used["inclusion"].to_numpy(),
        predicted=used["predicted"].to_numpy(),
        features=_features(kept) if with_features else np.zeros((len(used), 0), np.float32),
        request_ids=kept["request_id"].to_numpy(),
        timestamps=kept["timestamp"].to_numpy(),
        model_versions=kept["model_version"].to_numpy(),
        policies=kept["policy"].to_numpy(),
        contexts=kept[["context_digest", *CONTEXT_COLUMNS, "k", "seed"]],
        counts=counts,
    )


def _features(shown: pd.DataFrame) -> np.ndarray:
    """The exploration features of all slots [R, D]; every slate must have the same D."""
    lengths = np.array([len(items) for items in shown["item_ids"]], np.int64)
    totals = np.array([len(numbers) for numbers in shown["exploration_features"]], np.int64)
    filled = np.flatnonzero(lengths)
    if not len(filled):
        return np.zeros((0, 0), np.float32)
    widths = totals[filled] // lengths[filled]
    if (widths != widths[0]).any():
        other = int(np.argmax(widths != widths[0]))
        places = [f"{shown['file'][at]}: row {shown['row'][at]}" for at in (filled[0], filled[other])]
        raise PipelineError(
            f"{places[0]} has {widths[0]} exploration features for each item, {places[1]} has {widths[other]}: "
            "read the log of one model version at a time"
        )
    return _flat(shown["exploration_features"], np.float32).reshape(int(lengths.sum()), widths[0])


def _flat(lists: pd.Series, dtype: type) -> np.ndarray:
    return np.concatenate([np.empty(0, dtype), *(np.asarray(values, dtype) for values in lists)])
