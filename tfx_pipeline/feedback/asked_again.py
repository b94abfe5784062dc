"""What another model would have done with the slates of a feedback log: every logged request, asked again."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import tensorflow as tf

from serving.feedback.context_digest import context_digest
from serving.feedback.schema import CONTEXT_COLUMNS, SHOWN
from tfx_pipeline.evaluation.off_policy.logged_slots import EvaluationPolicy
from tfx_pipeline.feedback.joined_log import JoinedLog
from tfx_pipeline.served_ranker import call_signature
from trainer.progress import report_progress

_BATCH = 64
_TEXT_LISTS = ("history_item_ids", "history_event_types", "exclude_item_ids", "allow_item_ids")
_TEXTS = ("user_id", "query", "category")
_PRICES = ("lowest_price", "highest_price")
_OF_SLOT = ("propensities", "utilities", "expected_utilities")


def has_context(contexts: pd.DataFrame) -> np.ndarray:
    """Whether the log kept what was asked, and not its digest alone; bool [Q]."""
    lists = {column.name for column in SHOWN if column.is_list}
    columns = [contexts[name].map(list) if name in lists else contexts[name] for name in CONTEXT_COLUMNS]
    digests = (context_digest(dict(zip(CONTEXT_COLUMNS, row, strict=True))) for row in zip(*columns, strict=True))
    return np.array([digest == kept for digest, kept in zip(digests, contexts["context_digest"], strict=True)], bool)


def ask_again(model: Any, log: JoinedLog, policy: str) -> EvaluationPolicy:
    """Ask the signature `propensities` of a model about every slate of a log.

    The reward model is the model's own: its expected utility of the item that was shown, and of its own slates.

    Args:
        model: A loaded SavedModel.
        log: Slates whose context was kept.
        policy: The policy whose propensities are wanted; '' is the model's default.

    Returns:
        One row a shown slot, in the log's order.
    """
    ends = np.cumsum(np.bincount(log.request, minlength=len(log.request_ids)))
    slates = [items.tolist() for items in np.split(log.item_ids, ends[:-1])]
    parts = []
    for start in range(0, len(slates), _BATCH):
        part = slice(start, start + _BATCH)
        answer = _ask(model, log.contexts.iloc[part], slates[part], policy)
        kept = np.arange(answer["propensities"].shape[1]) < np.array([[len(slate)] for slate in slates[part]])
        parts.append([answer[name][kept].astype(np.float64) for name in _OF_SLOT])
        report_progress("logged slates asked again", min(start + _BATCH, len(slates)), len(slates))
    propensities, estimated, expected = (np.concatenate(values) for values in zip(*parts, strict=True))
    # A sum of 32-bit shares may lie a rounding above 1.
    return EvaluationPolicy(np.clip(propensities, 0.0, 1.0), estimated, expected)


def _ask(model: Any, contexts: pd.DataFrame, slates: list[list[str]], policy: str) -> dict[str, np.ndarray]:
    """The answers [B, L], L being the longest slate; a slot that the model's slates do not have expects nothing."""
    lists = {name: _padded(contexts[name].tolist(), "") for name in _TEXT_LISTS}
    inputs = {
        **{name: contexts[name].tolist() for name in _TEXTS},
        **lists,
        "policy": [policy] * len(contexts),
        "candidate_item_ids": _padded(slates, ""),
    }
    answer: Mapping[str, tf.Tensor] = call_signature(
        model,
        "propensities",
        **{name: tf.constant(values, tf.string) for name, values in inputs.items()},
        **{name: tf.constant(contexts[name].to_numpy(), tf.float32) for name in _PRICES},
        history_ages=tf.constant(_padded(contexts["history_ages"].tolist(), 0.0), tf.float32),
        k=tf.constant(contexts["k"].to_numpy(), tf.int32),
        seed=tf.constant(contexts["seed"].to_numpy(), tf.int64),
    )
    found = {name: answer[name].numpy() for name in _OF_SLOT}
    longest = found["propensities"].shape[1]
    expected = found["expected_utilities"]
    missing = max(longest - expected.shape[1], 0)
    return found | {"expected_utilities": np.pad(expected, ((0, 0), (0, missing)))[:, :longest]}


def _padded(lists: Sequence[Sequence[Any]], padding: Any) -> list[list[Any]]:
    """Lists as rows of one length, at least 1."""
    width = max((len(row) for row in lists), default=0)
    return [[*row, *[padding] * (max(width, 1) - len(row))] for row in lists]
