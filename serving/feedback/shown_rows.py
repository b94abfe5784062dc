"""Slates, and what was asked for them, as rows of the log."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from serving import inputs
from serving.answers import RankedItem, Slate
from serving.feedback.context_digest import context_digest
from serving.feedback.schema import LARGEST_PROBABILITY, SHOWN, UNKNOWN_SEED, Row, check_row

DEFAULT_K = 10
"""Length of a slate where a request does not say: that of `ShopRankClient.recommend`."""
ARGUMENTS = (
    "user_ids",
    "history_item_ids",
    "history_event_types",
    "history_ages",
    "queries",
    "exclude_item_ids",
    "allow_item_ids",
    "categories",
    "lowest_prices",
    "highest_prices",
    "k",
    "policies",
    "seeds",
)
"""Arguments of `ShopRankClient.recommend`."""
_FINITE = ("scores", "predicted_utilities", "exploration_features")


def shown_rows(slates: Sequence[Slate], asked: Mapping[str, Any], timestamp: int, store_context: bool) -> list[Row]:
    """Return one row of the table `shown` for each slate.

    Args:
        slates: What was answered, one slate for each user asked for.
        asked: The arguments of `ShopRankClient.recommend` that were given, by name.
        timestamp: When the slates were shown, seconds since 1970 UTC.
        store_context: Whether to keep what was asked and not its digest alone.

    Raises:
        ValueError: An argument is unknown or does not fit the slates, or a slate cannot be logged.
    """
    contexts = _contexts(asked, len(slates))
    seeds = _seeds(asked, slates)
    rows = []
    for slate, context, seed in zip(slates, contexts, seeds, strict=True):
        digest = context_digest(context)
        kept = context if store_context else {name: _nothing(value) for name, value in context.items()}
        head = {"request_id": slate.request_id, "timestamp": timestamp, "model_version": slate.model_version}
        row = head | {"policy": slate.policy, "context_digest": digest} | kept
        row |= {"k": asked.get("k", DEFAULT_K), "seed": seed} | _slots(slate.items)
        _check(row, slate.items)
        rows.append(row)
    return rows


def _contexts(asked: Mapping[str, Any], rows: int) -> list[Row]:
    unknown = sorted(set(asked) - set(ARGUMENTS))
    if unknown:
        raise ValueError(f"asked: unknown argument {unknown[0]!r}, known are {', '.join(ARGUMENTS)}")
    users = asked.get("user_ids", ())
    if len(users) != rows:
        raise ValueError(f"user_ids: {len(users)} rows, there are {rows} slates")
    items, types, ages = (asked.get(f"history_{part}") for part in ("item_ids", "event_types", "ages"))
    # The log takes what the server would: the checks are those of the client.
    inputs.user_side(users, items, types, ages, asked.get("queries"))
    filters = ("exclude_item_ids", "allow_item_ids", "categories", "lowest_prices", "highest_prices")
    inputs.filter_side(rows, *(asked.get(name) for name in filters))
    return [_context(asked, row) for row in range(rows)]


def _context(asked: Mapping[str, Any], row: int) -> Row:
    def of(name: str, otherwise: Any) -> Any:
        values = asked.get(name)
        return otherwise if values is None else values[row]

    items = list(of("history_item_ids", ()))
    return {
        "user_id": asked["user_ids"][row],
        "query": of("queries", ""),
        "history_item_ids": items,
        "history_event_types": list(of("history_event_types", [""] * len(items))),
        "history_ages": [float(age) for age in of("history_ages", [0.0] * len(items))],
        "exclude_item_ids": list(of("exclude_item_ids", ())),
        "allow_item_ids": list(of("allow_item_ids", ())),
        "category": of("categories", ""),
        "lowest_price": _bound(of("lowest_prices", None)),
        "highest_price": _bound(of("highest_prices", None)),
    }


def _bound(price: float | None) -> float:
    return math.nan if price is None else float(price)


def _nothing(value: Any) -> Any:
    """What a context column holds that is not kept."""
    return math.nan if isinstance(value, float) else type(value)()


def _seeds(asked: Mapping[str, Any], slates: Sequence[Slate]) -> list[int]:
    seeds = asked.get("seeds")
    if seeds is None:
        return [UNKNOWN_SEED if slate.seed is None else slate.seed for slate in slates]
    return [int(seed) for seed in inputs.integers("seeds", seeds, len(slates))]


def _slots(items: Sequence[RankedItem]) -> Row:
    return {
        "item_ids": [item.item_id for item in items],
        "sources": [item.source for item in items],
        "scores": [item.score for item in items],
        "propensities": [item.propensity for item in items],
        "inclusion_probabilities": [item.inclusion_probability for item in items],
        "predicted_utilities": [item.predicted_utility for item in items],
        "exploration_features": [number for item in items for number in item.exploration_features],
    }


def _check(row: Row, items: Sequence[RankedItem]) -> None:
    """Refuse what a reader of the log would refuse: one such row makes the whole log useless."""
    place = f"slate {row['request_id']!r}"
    try:
        check_row(SHOWN, row)
    except ValueError as error:
        raise ValueError(f"{place}: {error}") from error
    if len(set(row["item_ids"])) < len(items):
        raise ValueError(f"{place}: item_ids: an item is there twice: {', '.join(row['item_ids'])}")
    widths = {len(item.exploration_features) for item in items}
    if len(widths) > 1:
        raise ValueError(f"{place}: exploration_features: items have {min(widths)} to {max(widths)} numbers")
    for name in _FINITE:
        if not np.isfinite(np.asarray(row[name], np.float32)).all():
            raise ValueError(f"{place}: {name}: a number is not finite")
    for name in ("propensities", "inclusion_probabilities"):
        for item_id, chance in zip(row["item_ids"], row[name], strict=True):
            if not 0 < chance <= LARGEST_PROBABILITY:
                raise ValueError(f"{place}: {name}: {chance} for {item_id!r} is not above 0 and at most 1")
