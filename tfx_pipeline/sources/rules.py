"""What a row of each table must satisfy to be kept."""

from collections.abc import Collection
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tfx_pipeline.sources import contract
from tfx_pipeline.sources.checks import (
    Failure,
    empty,
    improbable,
    line_break,
    negative,
    other_than,
    repeated,
    unlisted,
    unreadable,
)
from tfx_pipeline.sources.conversion import Columns, Converted
from tfx_pipeline.sources.id_set import IdSet
from tfx_pipeline.sources.values import mask_of
from tfx_pipeline.table_config import RulesConfig


class Rules:
    """The rules of a table. This one has none."""

    def cleaned(self, columns: Columns) -> Columns:
        """The batch, with the values that the rules take as not known where they keep the row; comes before them."""
        return columns

    def __call__(self, columns: Columns) -> list[Failure]:
        """Check a batch: what its rows break, in the order in which the rules claim a row."""
        return []


class EventRules(Rules):
    """The rules of the events table.

    The event type comes first: what no objective asks about is not looked at further, so that a log full of
    anonymous page views does not fail a shop that learns from purchases.
    """

    def __init__(
        self,
        event_types: Collection[str],
        known_items: IdSet | None,
        rules: RulesConfig,
        now: int,
        has_clock: bool,
    ) -> None:
        """Choose the rules.

        Args:
            event_types: What the objectives name.
            known_items: The ids of the items table if there is one.
            rules: What happens to the rows that break a rule.
            now: Latest time that an event may have, in UTC seconds since 1970.
            has_clock: Whether `timestamp` holds times, not just the order of the events.
        """
        self._event_types = pa.array(list(event_types), pa.string())
        self._known_items = known_items if rules.unlisted_items != "keep" else None
        self._rules = rules
        self._now = now
        self._has_clock = has_clock

    def cleaned(self, columns: Columns) -> Columns:
        """The batch; a negative price is not known where the rules keep its event, a return has a negative quantity."""
        return self._with_returns(_without_negative_prices(columns, self._rules))

    def __call__(self, columns: Columns) -> list[Failure]:
        """Check a batch."""
        rules = self._rules
        return [
            empty(contract.MISSING_EVENT_TYPE, "event_type", columns),
            self._other_event_types(columns),
            empty(contract.MISSING_USER, "user_id", columns, rules.missing_users),
            empty(contract.MISSING_ITEM, "item_id", columns),
            line_break("user_id", columns),
            line_break("item_id", columns),
            *(self._times(columns[contract.TIMESTAMP]) if self._has_clock else self._places(columns)),
            *([] if rules.unlisted_items == "keep" else unlisted(columns, self._known_items, rules.unlisted_items)),
            *_negative_prices(columns, rules),
            *self._returns(columns),
            *unreadable(columns),
            *improbable(columns),
        ]

    def _with_returns(self, columns: Columns) -> Columns:
        if not self._rules.return_types:
            return columns
        kinds = pa.array(self._rules.return_types, pa.string())
        is_return = mask_of(pc.is_in(columns["event_type"].values, value_set=kinds))
        given = columns.get("quantity")
        amounts = given.values.to_numpy() if given else np.full(len(is_return), np.nan)
        taken_back = -np.abs(np.where(np.isnan(amounts), 1.0, amounts))
        values = pa.array(np.where(is_return, taken_back, amounts))
        unreadable = given.unreadable if given else np.zeros(len(is_return), bool)
        return {**columns, "quantity": Converted(values, unreadable)}

    def _other_event_types(self, columns: Columns) -> Failure:
        """A return that cancels a purchase may have a type of its own, which no objective needs to name."""
        action = self._rules.unknown_event_types
        failure = other_than(contract.OTHER_EVENT_TYPE, "event_type", columns, self._event_types, action)
        if self._rules.returns == "cancel":
            for each in negative(contract.RETURN, "quantity", columns, action):
                failure = failure._replace(rows=failure.rows & ~each.rows)
        return failure

    def _times(self, times: Converted) -> list[Failure]:
        failures = [Failure(contract.UNREADABLE_TIMESTAMP, contract.TIMESTAMP, times.unreadable)]
        if self._rules.future_times != "keep":
            is_late = times.values.to_numpy() > self._now
            failures.append(Failure(contract.FUTURE_TIME, contract.TIMESTAMP, is_late, self._rules.future_times))
        return failures

    def _places(self, columns: Columns) -> list[Failure]:
        places = columns[contract.TIMESTAMP]
        is_bad = places.unreadable | (places.values.to_numpy() < 0)
        return [Failure(contract.UNREADABLE_SEQUENCE, contract.TIMESTAMP, is_bad)]

    def _returns(self, columns: Columns) -> list[Failure]:
        """A return that cancels a purchase is no failure here: it has yet to find the purchase."""
        action = self._rules.returns
        return [] if action == "cancel" else negative(contract.RETURN, "quantity", columns, action)


class ItemRules(Rules):
    """The rules of the items table; they remember the ids that they have seen kept."""

    def __init__(self, rules: RulesConfig) -> None:
        """Start with no item."""
        self._rules = rules
        self._kept = IdSet()

    @property
    def kept(self) -> pa.Array:
        """`[M]` strings, the ids of the kept items so far, in file order."""
        return self._kept.ids

    def cleaned(self, columns: Columns) -> Columns:
        """The batch; a negative price is not known where the rules keep its item."""
        return _without_negative_prices(columns, self._rules)

    def __call__(self, columns: Columns) -> list[Failure]:
        """Check a batch; batches come in file order, each once."""
        failures = [
            empty(contract.MISSING_ITEM, "item_id", columns),
            line_break("item_id", columns),
            *_negative_prices(columns, self._rules),
            *unreadable(columns),
        ]
        action = self._rules.duplicate_items
        return [*failures, repeated(contract.DUPLICATE_ITEM, "item_id", columns, self._kept, failures, action)]


class UserRules(Rules):
    """The rules of the users table; they remember the ids that they have seen kept."""

    def __init__(self) -> None:
        """Start with no user."""
        self._kept = IdSet()

    def __call__(self, columns: Columns) -> list[Failure]:
        """Check a batch; batches come in file order, each once."""
        failures = [
            empty(contract.MISSING_USER, "user_id", columns),
            line_break("user_id", columns),
            *unreadable(columns),
        ]
        return [*failures, repeated(contract.DUPLICATE_USER, "user_id", columns, self._kept, failures, "quarantine")]


class JudgmentRules(Rules):
    """The rules of the judgments table."""

    def __init__(self, known_items: pa.Array | None) -> None:
        """Take the ids `[M]` of the items table, if there is one."""
        self._known_items = None if known_items is None else IdSet(known_items)

    def __call__(self, columns: Columns) -> list[Failure]:
        """Check a batch."""
        grades = columns["relevance"]
        is_ungraded = np.isnan(grades.values.to_numpy()) & ~grades.unreadable
        return [
            empty(contract.MISSING_QUERY, "query", columns),
            empty(contract.MISSING_ITEM, "item_id", columns),
            line_break("item_id", columns),
            Failure(contract.MISSING_RELEVANCE, "relevance", is_ungraded),
            *unlisted(columns, self._known_items, "quarantine"),
            *unreadable(columns),
        ]


def _negative_prices(columns: Columns, rules: RulesConfig) -> list[Failure]:
    action = rules.negative_prices
    return [] if action == "keep" else negative(contract.NEGATIVE_PRICE, "price", columns, action)


def _without_negative_prices(columns: Columns, rules: RulesConfig) -> Columns:
    if rules.negative_prices != "keep" or "price" not in columns:
        return columns
    prices = columns["price"].values.to_numpy()
    known = pa.array(np.where(prices < 0, np.nan, prices))
    return {**columns, "price": replace(columns["price"], values=known)}
