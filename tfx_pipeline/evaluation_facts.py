"""What the shop's tables say about the items and users of a window: facts for metrics, labels for slices."""

from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.item_facts import ItemFacts
from tfx_pipeline.evaluation.item_slices import category_labels, cold_items, popularity_deciles, price_bands
from tfx_pipeline.evaluation.labelling import Labelling, number_bands, text_labels
from tfx_pipeline.evaluation.slicing import Slicing, slice_by_item, slice_by_user
from tfx_pipeline.evaluation.user_slices import activity_deciles, cold_users
from tfx_pipeline.evaluation_cases import EvaluationEvents
from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.sources.event_files import event_columns, read_events

_ITEMS, _USERS = "items.parquet", "users.parquet"
_BANDS = 5
OBJECTIVE = "objective "
"""Begins the name of a dimension that divides by what was reached; its slices are no groups of users or items."""


class WindowFacts:
    """Facts from before a window.

    Attributes:
        interactions: What users did before the window.
        items: Popularity and categories of the catalogue.
    """

    def __init__(
        self,
        tables: Path,
        events: EvaluationEvents,
        window: str,
        columns: list[str],
        objectives: dict[str, list[str]],
    ) -> None:
        """Read what the tables say of the items.

        Args:
            tables: Folder of the ingested tables.
            events: Their events.
            window: Name of the window.
            columns: Further columns of the items, the users or the events to slice by.
            objectives: Objective -> its event types; two or more are sliced by.

        Raises:
            DataError: No table has one of the columns.
        """
        self._tables, self._events, self._window = tables, events, window
        self._objectives = objectives
        item_columns = pq.read_schema(tables / _ITEMS).names
        self._user_columns = [name for name in columns if name not in item_columns]
        self._item_columns = [name for name in columns if name in item_columns]
        # Texts and embeddings of a large catalogue would fill the memory.
        wanted = {"item_id", "category", "price", *self._item_columns}
        self._catalogue = pq.read_table(tables / _ITEMS, columns=[name for name in item_columns if name in wanted])
        for name in self._user_columns:
            if name not in (*self._user_table_columns, *event_columns(tables)):
                raise DataError(f"slices: no column {name} in the items, the users or the events")
        self.interactions = events.interactions(window)
        self.items = ItemFacts.from_interactions(self.interactions, self._category_groups)

    @cached_property
    def item_labels(self) -> dict[str, Labelling]:
        """Dimension -> labels of the items of the catalogue; [V]."""
        labels = {
            "cold and warm items": cold_items(self.items),
            "item popularity": popularity_deciles(self.items),
            "category": self._categories,
            "price": price_bands(self._prices),
            **{name: _labelled(self._catalogue[name]) for name in self._item_columns},
        }
        return {name: each for name, each in labels.items() if len(each.labels) > 1}

    def slicings(self, cases: EvaluationCases) -> list[Slicing]:
        """The slices of the targets of this window's cases, dimension by dimension."""
        by_user = {name: self._labels_of_users(name, cases) for name in self._user_columns}
        slicings = [
            cold_users(cases),
            activity_deciles(cases),
            *(slice_by_user(name, labels, cases) for name, labels in by_user.items()),
            *(slice_by_item(name, labels, cases) for name, labels in self.item_labels.items()),
        ]
        if len(self._objectives) > 1:
            slicings += [self._by_objective(name, cases) for name in self._objectives]
        # One slice that holds everything says nothing.
        return [each for each in slicings if len(np.unique(each.target_labels)) > 1]

    def _by_objective(self, objective: str, cases: EvaluationCases) -> Slicing:
        reached = self._events.is_target_of(self._window, self._objectives[objective], cases)
        # A dimension of its own for each: one item can be a target by several objectives.
        labels = ("reached", "not reached")
        return Slicing(OBJECTIVE + objective, labels, np.where(reached, 0, 1).astype(np.int32))

    @cached_property
    def _categories(self) -> Labelling:
        if "category" not in self._catalogue.column_names:
            return Labelling((), np.full(len(self._catalogue), -1, np.int32))
        return category_labels(self._catalogue["category"].to_pylist())

    @property
    def _category_groups(self) -> np.ndarray | None:
        """Number of each item's first level of the category, -1 without one, int32 [V]; None where no item has one."""
        if not self._categories.labels:
            return None
        # All of them: what the slices call "other" is not one category.
        return category_labels(self._catalogue["category"].to_pylist(), most=len(self._catalogue)).numbers

    @cached_property
    def _prices(self) -> np.ndarray:
        """Price of each item: the catalogue's, else the mean of its events before the window; NaN without; [V]."""
        if "price" in self._catalogue.column_names:
            own: np.ndarray = self._catalogue["price"].to_numpy().astype(np.float64)
            if not np.isnan(own).all():
                return own
        if "price" not in event_columns(self._tables):
            return np.full(len(self._catalogue), np.nan)
        prices = read_events(self._tables, ("price",))["price"].to_numpy()
        counted = self._events.is_known(self._window) & ~np.isnan(prices)
        items, size = self._events.items[counted], len(self._catalogue)
        events = np.bincount(items, minlength=size)
        sums = np.bincount(items, prices[counted], minlength=size)
        return np.where(events > 0, sums / np.maximum(events, 1), np.nan)

    @cached_property
    def _user_table_columns(self) -> list[str]:
        path = self._tables / _USERS
        return list(pq.read_schema(path).names) if path.exists() else []

    def _labels_of_users(self, column: str, cases: EvaluationCases) -> Labelling:
        if column in self._user_table_columns:
            table = pq.read_table(self._tables / _USERS, columns=["user_id", column])
            places = pc.index_in(pa.array(cases.user_ids), table["user_id"].combine_chunks())
            return _labelled(table[column].take(places))
        values = read_events(self._tables, (column,))[column]
        latest = self._events.latest_known(self._window, cases.user_ids)
        return _labelled(values.take(pa.array(latest)))


def _labelled(column: pa.ChunkedArray) -> Labelling:
    if pa.types.is_floating(column.type) or pa.types.is_integer(column.type):
        return number_bands(column.to_numpy(), _BANDS)
    return text_labels([None if value is None else str(value) for value in column.to_pylist()])
