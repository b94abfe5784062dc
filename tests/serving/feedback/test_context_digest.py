"""One name for one context, whatever holds it."""

import numpy as np
import pytest

from serving.feedback.context_digest import context_digest

CONTEXT = {
    "user_id": "ü",
    "query": "red shoes",
    "history_item_ids": ["a", "b"],
    "history_event_types": ["view", ""],
    "history_ages": [0.1, 0.0],
    "exclude_item_ids": [],
    "allow_item_ids": [],
    "category": "",
    "lowest_price": float("nan"),
    "highest_price": float("nan"),
}


def test_it_is_stable() -> None:
    # Logs of today must agree with logs of tomorrow.
    assert context_digest(CONTEXT) == "d613ddb2cb1262aaeae64052c1628b65"


def test_rounding_to_what_is_stored_changes_nothing() -> None:
    stored = CONTEXT | {"history_ages": np.array([0.1, 0.0], np.float32), "seed": 5}
    assert context_digest(stored) == context_digest(CONTEXT)
    stored, told = (CONTEXT | {"highest_price": price} for price in (np.float32(9.99), 9.99))
    assert context_digest(stored) == context_digest(told)


@pytest.mark.parametrize(
    "other",
    [
        {"user_id": "u"},
        {"query": ""},
        {"history_item_ids": ["b", "a"]},
        {"history_event_types": ["", "view"]},
        {"history_ages": [0.2, 0.0]},
        {"exclude_item_ids": ["c"]},
        {"allow_item_ids": ["c"]},
        {"category": "shoes"},
        {"lowest_price": 0.0},
        {"highest_price": 9.99},
        {"history_item_ids": ["a,b"], "history_event_types": ["view"]},
    ],
)
def test_another_context_has_another_digest(other: dict[str, object]) -> None:
    assert context_digest(CONTEXT | other) != context_digest(CONTEXT)
