"""What a request restricts the catalogue to: given items, a category, a range of prices."""

import re
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from trainer.catalogue import Catalogue
from trainer.features import CATEGORY_SEPARATOR

_BLANKS = " \t\r\n"
_SEPARATOR = f"[{_BLANKS}]*>[{_BLANKS}]*"
_SEPARATORS = f"[{_BLANKS}]*>[>{_BLANKS}]*"
"""One or several: an empty part says nothing."""
_ENDS = f"[>{_BLANKS}]+"
_EVERYTHING, _NOTHING = 0, 1
"""Rows of the tables of paths: '' and a path that no item is under."""


class Filters(NamedTuple):
    """What B requests ask for.

    Attributes:
        only: Catalogue rows of the items that may be shown, int32 [B, A]; -1 pads, and a row of nothing else allows
            all. The unknown item is never shown.
        category: Path, string [B]; '' allows all. A path stands for itself and everything beneath it; of one that no
            item has, nothing is shown.
        lowest: Lowest price, float32 [B]; not a number for no bound. Where there is a bound, an item without a price is
            not shown.
        highest: Highest price, float32 [B].
    """

    only: tf.Tensor
    category: tf.Tensor
    lowest: tf.Tensor
    highest: tf.Tensor


class ItemFilters(tf.Module):
    """Which items pass the filters of requests.

    The paths of categories are numbered in their order, parts being compared one by one. What is beneath a path is then
    one range of numbers, and a category of any depth is two comparisons an item.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        """Take categories and prices; what the catalogue does not know passes no filter."""
        super().__init__(name="item_filters")
        items = len(catalogue)
        paths = catalogue.category_paths if len(catalogue.category_paths) else np.full(items, "", dtype=object)
        prices = catalogue.shop_prices if len(catalogue.shop_prices) else np.full(items + 1, np.nan, np.float32)
        parts = [_parts(path) for path in paths]
        number_of = {path: number for number, path in enumerate(sorted({path for path in parts if path}))}
        ranges = _ranges(number_of)
        names = [CATEGORY_SEPARATOR.join(path) for path in ranges]
        rows = tf.lookup.KeyValueTensorInitializer(
            ["", *names], [_EVERYTHING, *range(_NOTHING + 1, len(names) + 2)], tf.string, tf.int32
        )
        self._row_of = tf.lookup.StaticHashTable(rows, default_value=_NOTHING)
        bounds = np.array([(-1, len(number_of)), (0, 0), *ranges.values()], np.int32)
        self._firsts = tf.Variable(bounds[:, 0], trainable=False, name="first_category")
        self._ends = tf.Variable(bounds[:, 1], trainable=False, name="end_category")
        numbers = np.array([*(number_of.get(path, -1) for path in parts), -1], np.int32)
        self._categories = tf.Variable(numbers, trainable=False, name="category_numbers")
        self._prices = tf.Variable(prices, trainable=False, name="prices")

    def restrict(self, allowed: tf.Tensor, filters: Filters) -> tf.Tensor:
        """Those of the allowed items that pass; a kind of filter that no request has costs nothing.

        Args:
            allowed: bool [B, V + 1], the unknown item last and not allowed.
            filters: B requests.

        Returns:
            bool [B, V + 1].
        """
        priced = ~(tf.math.is_nan(filters.lowest) & tf.math.is_nan(filters.highest))
        allowed = _where_asked(filters.only >= 0, allowed, lambda: self._among(filters.only))
        allowed = _where_asked(tf.not_equal(filters.category, ""), allowed, lambda: self._under(filters.category))
        return _where_asked(
            priced, allowed, lambda: ~priced[:, tf.newaxis] | self._priced(filters.lowest, filters.highest)
        )

    def _among(self, only: tf.Tensor) -> tf.Tensor:
        requests, columns = tf.unstack(tf.shape(only))
        unknown = tf.size(self._categories) - 1
        unrestricted = ~tf.reduce_any(only >= 0, axis=1)
        passing = tf.repeat(unrestricted[:, tf.newaxis], unknown + 1, axis=1)
        # Padding lets the unknown item pass, which is not allowed anyway.
        flat = tf.reshape(tf.where(only < 0, unknown, only), [-1])
        index = tf.stack([tf.repeat(tf.range(requests), columns), flat], axis=1)
        return tf.tensor_scatter_nd_update(passing, index, tf.ones_like(flat, tf.bool))

    def _under(self, category: tf.Tensor) -> tf.Tensor:
        inner = tf.strings.regex_replace(category, f"^{_ENDS}|{_ENDS}$", "")
        path = tf.strings.regex_replace(inner, _SEPARATORS, CATEGORY_SEPARATOR)
        rows = self._row_of.lookup(path)
        first, end = (tf.gather(bounds, rows)[:, tf.newaxis] for bounds in (self._firsts, self._ends))
        return (self._categories >= first) & (self._categories < end)

    def _priced(self, lowest: tf.Tensor, highest: tf.Tensor) -> tf.Tensor:
        low = tf.where(tf.math.is_nan(lowest), -np.inf, lowest)[:, tf.newaxis]
        high = tf.where(tf.math.is_nan(highest), np.inf, highest)[:, tf.newaxis]
        # A price that is not a number is neither above nor below.
        return (self._prices >= low) & (self._prices <= high)


def _where_asked(asked: tf.Tensor, allowed: tf.Tensor, passing: Callable[[], tf.Tensor]) -> tf.Tensor:
    return tf.cond(tf.reduce_any(asked), lambda: allowed & passing(), lambda: allowed)


def _parts(path: str) -> tuple[str, ...]:
    return tuple(filter(None, re.split(_SEPARATOR, path.strip(_BLANKS))))


def _ranges(number_of: dict[tuple[str, ...], int]) -> dict[tuple[str, ...], tuple[int, int]]:
    """For each path and everything above it the numbers from the first to behind the last of what is beneath."""
    ranges: dict[tuple[str, ...], tuple[int, int]] = {}
    for path, number in number_of.items():
        for depth in range(1, len(path) + 1):
            first, _ = ranges.get(path[:depth], (number, number))
            ranges[path[:depth]] = (first, number + 1)
    return ranges
