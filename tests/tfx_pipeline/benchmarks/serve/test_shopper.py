import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tfx_pipeline.benchmarks.serve.shopper import Schedule, Shoppers, ask_for_slates


def seen_of(target: str, seconds: float = 0.3, interval: float = 0.0, **asked: Any) -> Any:
    return ask_for_slates(Shoppers(target, ("anna", "bert"), **asked), Schedule(time.time(), seconds, interval), 0)


def test_notes_times_and_versions(start_answering: Callable[..., str]) -> None:
    asked: list[dict[str, np.ndarray]] = []

    def answer(inputs: dict[str, np.ndarray]) -> tuple[str, list[str]]:
        asked.append(inputs)
        return "3", ["v3-0000001", "v3-0000002"]

    seen = seen_of(start_answering(answer), queries=("red shoes",), k=2)
    assert set(seen.versions) == {"3"}
    assert len(seen.milliseconds) == seen.versions["3"] > 5
    assert 0 < min(seen.milliseconds) < 300
    assert (seen.torn, dict(seen.errors)) == (0, {})
    assert {tuple(each["user_id"]) for each in asked} == {(b"anna",), (b"bert",)}
    assert {(*each["query"], *each["k"], *each["policy"]) for each in asked} == {(b"red shoes", 2, b"thompson")}


def test_asks_when_it_is_due(start_answering: Callable[..., str]) -> None:
    seen = seen_of(start_answering(lambda _: ("1", ["item"])), seconds=0.5, interval=0.1)
    assert len(seen.milliseconds) == 5


def test_waiting_for_a_slow_server_counts(start_answering: Callable[..., str]) -> None:
    """A request that was due while the one before it was not answered has waited since then."""

    def answer(_: Any) -> tuple[str, list[str]]:
        time.sleep(0.1)
        return "1", ["item"]

    seen = seen_of(start_answering(answer), seconds=0.2, interval=0.05)
    assert len(seen.milliseconds) == 4
    np.testing.assert_array_less([95, 145, 195, 245], seen.milliseconds)


@pytest.mark.parametrize(
    ("version", "item_ids", "torn"),
    [
        ("2", ["v2-0000001"], False),
        ("2", ["v2-0000001", "v1-0000002"], True),
        ("2", [""], True),
        ("2", ["a shop's own"], False),
        ("2", ["video-7"], False),
    ],
)
def test_an_answer_of_no_single_version_is_torn(
    start_answering: Callable[..., str], version: str, item_ids: list[str], torn: bool
) -> None:
    seen = seen_of(start_answering(lambda _: (version, item_ids)), seconds=0.1)
    assert seen.torn == (len(seen.milliseconds) if torn else 0)
    assert seen.milliseconds


def test_failures_are_counted_by_their_message(start_answering: Callable[..., str]) -> None:
    def answer(_: Any) -> tuple[str, list[str]]:
        raise RuntimeError("no model")

    seen = seen_of(start_answering(answer), seconds=0.1)
    (message,) = seen.errors
    assert message.endswith("INTERNAL: no model")
    assert not seen.milliseconds
