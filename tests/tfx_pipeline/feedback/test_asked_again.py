"""Logged requests asked again, of a model that answers by what it is asked."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf

from serving.feedback.context_digest import context_digest
from serving.feedback.schema import CONTEXT_COLUMNS
from tests.tfx_pipeline.feedback import log_makers as makers
from tfx_pipeline.feedback.asked_again import ask_again, has_context
from tfx_pipeline.feedback.join import joined_log
from tfx_pipeline.feedback.joined_log import JoinedLog


@pytest.fixture
def log(tmp_path: Path) -> JoinedLog:
    rows = [
        makers.shown_row("r1", ("a", "bb", "ccc"), 100, history_item_ids=["x", "y"], k=3),
        makers.shown_row("r2", (), 101, k=2),
        makers.shown_row("r3", ("dddd",), 102, history_item_ids=[], k=1),
    ]
    for row in rows:
        row["history_event_types"] = ["view"] * len(row["history_item_ids"])
        row["history_ages"] = [1.5] * len(row["history_item_ids"])
    rows[0]["context_digest"] = context_digest({name: rows[0][name] for name in CONTEXT_COLUMNS})
    makers.write_rows(tmp_path / "shown" / "1.parquet", rows, {"history_item_ids": makers.pa.list_(makers.pa.string())})
    return joined_log(tmp_path, {"click": (["click"], 1.0)}, 10, now=1000)


def propensities(**inputs: tf.Tensor) -> dict[str, tf.Tensor]:
    """Lengths of the items as utilities; expected is how many events the history has. Slates are two slots at most."""
    items = inputs["candidate_item_ids"].numpy()
    lengths = np.vectorize(len)(items).astype(np.float32)
    events = (inputs["history_item_ids"].numpy() != b"").sum(axis=1, keepdims=True)
    width = min(int(inputs["k"].numpy().max()), 2)
    return {
        "propensities": tf.constant(lengths / 4),
        "utilities": tf.constant(lengths),
        "expected_utilities": tf.constant(np.repeat(events, width, axis=1).astype(np.float32)),
    }


def test_every_shown_slot_has_its_answer(log: JoinedLog) -> None:
    names = ("candidate_item_ids", "history_item_ids", "k")
    propensities.structured_input_signature = ((), dict.fromkeys(names))  # type: ignore[attr-defined]
    model = SimpleNamespace(signatures={"propensities": propensities})
    found = ask_again(model, log, "thompson")
    np.testing.assert_allclose(found.propensities, [0.25, 0.5, 0.75, 1.0])
    assert found.estimated_rewards is not None and found.expected_rewards is not None
    np.testing.assert_allclose(found.estimated_rewards, [1, 2, 3, 4])
    # The third slot of the first slate is behind the model's own; nothing is expected there.
    np.testing.assert_allclose(found.expected_rewards, [2, 2, 0, 0])


def test_a_context_that_was_not_kept_is_seen(log: JoinedLog) -> None:
    assert has_context(log.contexts).tolist() == [True, False, False]


def test_some_of_the_slates(log: JoinedLog) -> None:
    part = log.take(np.array([1, 2]))
    assert part.request_ids.tolist() == ["r2", "r3"]
    assert (part.request.tolist(), part.slot.tolist(), part.item_ids.tolist()) == ([1], [0], ["dddd"])
    assert part.contexts["k"].tolist() == [2, 1]
    assert part.counts == log.counts
