import logging
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from trainer.features import USER_ID
from trainer.user_events import UserEvents
from trainer.warm_start.continuation import CONTINUATION, Continuation
from trainer.warm_start.previous_model import PreviousModel
from trainer.warm_start.starts import (
    RankingStart,
    texts_to_start_with,
    towers_start,
    trained_users,
    window_count,
    windows_to_learn,
)
from trainer.warm_start.towers_start import TowersStart
from trainer.warm_start.training_span import TrainingSpan
from trainer.windows import window_dataset

NOON = 1_700_000_000


@pytest.fixture(scope="module")
def windows(make_events: Callable[..., UserEvents]) -> UserEvents:
    """Three users; of the last two the second has only old events, and the third one new event."""
    return make_events(
        [
            (4, [(0, 0, NOON - 9, False), (1, 0, NOON - 5, True), (2, 0, NOON + 5, True), (3, 0, NOON + 6, True)]),
            (1, [(5, 0, NOON - 4, True), (6, 0, NOON, True)]),
            (2, [(7, 0, NOON - 3, True), (8, 0, NOON + 1, True)]),
        ]
    )


def start_since(since: int | None, known: Any = ()) -> TowersStart:
    class KnownUsers(TowersStart):
        def known_users(self) -> np.ndarray:
            return np.array(known, np.int64)

    return KnownUsers(towers=None, matches={USER_ID: np.array([0])}, epochs=1, since=since)  # type: ignore[arg-type]


def test_only_later_events_are_learned(windows: UserEvents, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "shoprank.warm_start"):
        learned, start = windows_to_learn(windows, start_since(NOON))
    assert learned.items[learned.is_target].tolist() == [2, 3, 8]
    assert start is not None
    assert start.since == NOON
    assert caplog.messages == ["the towers learn 3 of 7 events, the later ones"]
    assert window_count(learned) == 2
    assert window_count(windows) == 3


def test_without_a_later_event_all_are_learned_again(windows: UserEvents, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "shoprank.warm_start"):
        learned, start = windows_to_learn(windows, start_since(NOON + 6))
    assert learned is windows
    assert start is not None
    assert start.since is None
    assert caplog.messages == ["no event is later than the earlier training: the towers learn all of them again"]


def test_a_training_from_scratch_learns_all(windows: UserEvents) -> None:
    assert windows_to_learn(windows, None) == (windows, None)
    assert windows_to_learn(windows, start_since(None))[0] is windows
    assert sorted(trained_users(windows, None).tolist()) == [1, 2, 4]
    assert towers_start({}, None, None) is None  # type: ignore[arg-type]
    assert RankingStart.of({"version": "1"}) is None
    texts = object()
    assert texts_to_start_with(texts, None) is texts  # type: ignore[arg-type]


def test_users_who_were_known_stay_known(windows: UserEvents) -> None:
    learned, start = windows_to_learn(windows, start_since(NOON, known=[0, 4]))
    assert trained_users(learned, start).tolist() == [0, 2, 4]


def test_the_end_is_that_of_the_targets(windows: UserEvents) -> None:
    assert TrainingSpan.of(windows, "digest") == TrainingSpan(NOON + 6, "digest")


def test_the_data_set_has_the_windows_with_later_events_and_no_other_target(
    windows: UserEvents, write_examples: Callable[..., list[str]], tmp_path: Path
) -> None:
    examples = [
        {
            "user_id": [int(windows.users[number])],
            "item_ids": windows.items[first:last].tolist(),
            "event_types": windows.event_types[first:last].tolist(),
            "timestamps": windows.timestamps[first:last].tolist(),
            "baskets": list(range(last - first)),
            "is_target": windows.is_target[first:last].astype(int).tolist(),
        }
        for number, (first, last) in enumerate(zip(windows.offsets[:-1], windows.offsets[1:], strict=True))
    ]
    files = write_examples(tmp_path, examples)
    (batch,) = window_dataset(files, batch=8, targets=4, seed=0, since=NOON)
    drawn = dict(zip(batch["users"].numpy().tolist(), batch["targets"].numpy().tolist(), strict=True))
    assert {user: sorted(item for item in items if item >= 0) for user, items in drawn.items()} == {4: [2, 3], 2: [8]}
    # The whole history stays visible.
    assert sorted(map(tuple, batch["history"].numpy().tolist())) == [(0, 1, 2, 3), (7, 8, -1, -1)]


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ({"dimension": 8}, "the towers start from scratch: retrieval.dimension is 4, and was 8"),
        ({"history_encoder": "gru"}, "the towers start from scratch: retrieval.history_encoder is mean, and was gru"),
        ({}, ""),
    ],
)
def test_towers_of_another_form_are_not_gone_on_from(
    section: dict[str, Any], told: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    form = {"dimension": 4, "history_encoder": "mean", "history_vectors": "shared"}
    previous = SimpleNamespace(settings=SimpleNamespace(retrieval={**form, **section}))
    monkeypatch.setattr(PreviousModel, "load", lambda *_: previous)
    monkeypatch.setattr(TowersStart, "of", lambda *_: start_since(NOON))
    monkeypatch.setattr("trainer.warm_start.starts.vocabulary", lambda *_: np.array([]))
    how = Continuation(Path("/run/serving/shoprank/7"), 1, 1.0, 0.0, 0.5)
    settings: Any = SimpleNamespace(retrieval=form, shared_cut=True)
    with caplog.at_level(logging.INFO, "shoprank.warm_start"):
        start = towers_start({CONTINUATION: how.to_json()}, SimpleNamespace(), settings)  # type: ignore[arg-type]
    assert (start is None) == bool(told)
    assert caplog.messages == [told or "the towers continue from version 7"]
