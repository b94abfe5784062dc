from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation_cases import EvaluationEvents
from tfx_pipeline.example_users import SHOWN_HISTORY, example_users
from tfx_pipeline.served_ranker import Slates
from tfx_pipeline.split import Split

DAY = 86_400
HISTORIES = {"ann": 1, "bea": 3, "cid": 20}


class OneSlate:
    """Shows items b and c to everyone."""

    def slates(self, cases: EvaluationCases, k: int, policy: str = "greedy", new_only: bool = False) -> Slates:
        items = np.array([[1, 2] + [-1] * (k - 2)] * len(cases), np.int32)
        scores = np.where(items < 0, -np.inf, 0.5).astype(np.float32)
        return Slates(items, scores, scores, np.where(items < 0, b"", b"history"))


@pytest.fixture
def events(tmp_path: Path, write_ingested: Callable[..., None]) -> EvaluationEvents:
    rows = [(user, "a", day * DAY, "view") for user, length in HISTORIES.items() for day in range(length)]
    rows += [(user, "b", 31 * DAY, "buy") for user in HISTORIES] + [("cid", "d", 32 * DAY, "buy")]
    table = pd.DataFrame(rows, columns=["user_id", "item_id", "timestamp", "event_type"])
    write_ingested(tmp_path, table, pd.DataFrame({"item_id": list("abcd")}))
    return EvaluationEvents(tmp_path, Split("time", 25 * DAY, 30 * DAY, 40 * DAY))


def test_users_from_the_shortest_to_the_longest_history(events: EvaluationEvents) -> None:
    examples = example_users(OneSlate(), events, events.cases("eval"), {"a": "Apple"}, 3)  # type: ignore[arg-type]
    assert [(user.user_id, user.why) for user in examples] == [
        ("ann", "shortest history"),
        ("bea", "history longer than that of 50% of the users"),
        ("cid", "longest history"),
    ]
    assert [len(user.history) for user in examples] == [1, 3, SHOWN_HISTORY]


def test_what_one_did_would_see_and_took(events: EvaluationEvents) -> None:
    cid = example_users(OneSlate(), events, events.cases("eval"), {"a": "Apple"}, 2)[1]  # type: ignore[arg-type]
    first = cid.history[0]
    # The latest of 20 days is day 19, and the window starts at day 30.
    assert (first.item_id, first.title, first.event_type, first.days_ago) == ("a", "Apple", "view", 11.0)
    assert cid.history[1].days_ago == 12.0
    assert [(answer.item_id, answer.source, answer.score) for answer in cid.answers] == [
        ("b", "history", 0.5),
        ("c", "history", 0.5),
    ]
    assert (cid.hits, cid.targets) == (("b",), 2)


@pytest.mark.parametrize("count", [0, 1, 9])
def test_never_more_than_there_are(events: EvaluationEvents, count: int) -> None:
    examples = example_users(OneSlate(), events, events.cases("eval"), {}, count)  # type: ignore[arg-type]
    assert len(examples) == min(count, len(HISTORIES))
