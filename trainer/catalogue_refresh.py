"""A trained package over a catalogue of today: new items are added and changed ones updated, without training."""

from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np
import tensorflow as tf

from trainer.catalogue import Catalogue
from trainer.category_prices import CategoryPrices
from trainer.grown_towers import grown_towers
from trainer.item_records import ItemRecord
from trainer.item_statistics import ItemStatistics
from trainer.item_tables import ItemFeatures
from trainer.item_to_item.neighbours import Neighbours
from trainer.item_transform import ItemTransform, TransformedItems
from trainer.new_rows import with_new_rows
from trainer.retrieval_package import RetrievalPackage

EncodeTexts = Callable[[Sequence[str]], np.ndarray]
"""Texts to unit text vectors, zeros for '', float32 [N, T]."""


def refreshed_package(
    package: RetrievalPackage,
    records: Sequence[ItemRecord],
    transform: ItemTransform,
    encode: EncodeTexts,
    objective_values: Sequence[str | None] = (),
) -> RetrievalPackage:
    """Add new items to a package and update those that it has.

    The V items keep their rows; the N new ones get rows V to V + N - 1, and the unknown item row V + N. A new item
    has the statistics of an item without any event, and no neighbours: nothing about it is invented. What a record
    does not say of a known item stays as it was.

    Args:
        package: What training handed on.
        records: One record an item.
        transform: The transform graph that the package was made with.
        encode: The text encoder and reducer of the package.
        objective_values: For each objective the name of its value, see `trainer.item_values`; None where it is worth 1.
    """
    records = _completed(records, package.catalogue)
    row_of = {item_id: row for row, item_id in enumerate(package.catalogue.item_ids)}
    old, added = len(row_of), [record.item_id for record in records if record.item_id not in row_of]
    row_of |= {item_id: row for row, item_id in enumerate(added, start=old)}
    rows = np.array([row_of[record.item_id] for record in records], np.int64)
    catalogue = _catalogue(package.catalogue, added, records, rows, transform, objective_values)
    vectors = _text_vectors(package, catalogue, len(added), encode)
    return replace(
        package,
        towers=grown_towers(package.towers, ItemFeatures.of_catalogue(catalogue, vectors), len(added)),
        catalogue=catalogue,
        # Row V is an item that the catalogue did not have; it remains one.
        users=replace(package.users, items=_moved(package.users.items, old, len(catalogue))),
        at_ranker_start=_statistics(package.at_ranker_start, len(added)),
        at_training_end=_statistics(package.at_training_end, len(added)),
        neighbours_at_ranker_start=_neighbours(package.neighbours_at_ranker_start, len(added)),
        neighbours_at_training_end=_neighbours(package.neighbours_at_training_end, len(added)),
    )


def _moved(rows: np.ndarray, unknown_before: int, unknown: int) -> np.ndarray:
    return np.where(rows == unknown_before, unknown, rows).astype(rows.dtype)


def _completed(records: Sequence[ItemRecord], catalogue: Catalogue) -> list[ItemRecord]:
    """The records, those of known items that say one of title and description with the other one as it was.

    The catalogue keeps the two joined: title, space, description.
    """
    row_of = {item_id: row for row, item_id in enumerate(catalogue.item_ids)}
    completed = []
    for record in records:
        row = row_of.get(record.item_id)
        if row is not None and (record.title or record.description):
            title, text = catalogue.titles[row], catalogue.texts[row]
            description = text[len(title) :].strip() if text.startswith(title) else text
            if title.startswith(text):  # A title may be longer than what is kept of the text.
                description = ""
            record = replace(record, title=record.title or title, description=record.description or description)
        completed.append(record)
    return completed


def _catalogue(
    catalogue: Catalogue,
    added: list[str],
    records: Sequence[ItemRecord],
    rows: np.ndarray,
    transform: ItemTransform,
    objective_values: Sequence[str | None],
) -> Catalogue:
    told = _transformed(records, transform)
    texts = [text.decode() for text in told.texts.numpy()]
    columns = {field.name: getattr(catalogue, field.name) for field in fields(catalogue)}
    empty = np.full(len(added), "", dtype=object)
    columns["item_ids"] = np.append(catalogue.item_ids, np.array(added, dtype=object))
    if not len(catalogue.shop_prices):
        columns["shop_prices"] = np.full(len(catalogue) + 1, np.nan, np.float32)
    if not len(catalogue.category_paths):
        columns["category_paths"] = np.full(len(catalogue), "", dtype=object)
    for name, values in (
        ("titles", [record.title for record in records]),
        ("texts", texts),
        ("category_paths", [record.category for record in records]),
    ):
        columns[name] = _updated(np.append(columns[name], empty), rows, values, [text != "" for text in values])
    shop_prices = np.array([np.nan if record.price is None else record.price for record in records], np.float32)
    for name, column, said in (
        ("shop_prices", shop_prices, [record.price is not None for record in records]),
        ("categories", told.categories.numpy(), [record.category != "" for record in records]),
        ("brands", told.brands.numpy(), [record.brand != "" for record in records]),
        ("prices", told.prices.numpy()[:, 0], [record.price is not None for record in records]),
        ("price_known", told.prices.numpy()[:, 1], [record.price is not None for record in records]),
    ):
        columns[name] = _updated(with_new_rows(columns[name], len(added)), rows, column, said)
    columns["price_against_category"] = _compared_prices(catalogue, columns, rows, len(added))
    columns["values"] = _values(catalogue, objective_values, records, rows, len(added))
    hidden = np.zeros(len(catalogue) + len(added), bool)
    hidden[catalogue.hidden] = True
    for row, record in zip(rows, records, strict=True):
        if record.available is not None:
            hidden[row] = not record.available
    return Catalogue(**{**columns, "hidden": np.flatnonzero(hidden).astype(np.int32)})


def _compared_prices(catalogue: Catalogue, columns: dict[str, Any], rows: np.ndarray, added: int) -> np.ndarray:
    """Prices beside those of the categories as training saw them; only those of the told items can change."""
    before = catalogue.price_against_category
    if not len(before):
        return before
    trained = CategoryPrices.of(catalogue.categories, catalogue.prices, catalogue.price_known, catalogue.category_sizes)
    compared = with_new_rows(before, added)
    compared[rows] = trained.z_scores(*(columns[name][rows] for name in ("categories", "prices", "price_known")))
    return compared


def _values(
    catalogue: Catalogue,
    names: Sequence[str | None],
    records: Sequence[ItemRecord],
    rows: np.ndarray,
    added: int,
) -> np.ndarray:
    """What objectives are worth; a new item that says nothing is worth the median that training saw."""
    if not len(catalogue.values):
        return catalogue.values
    values = with_new_rows(catalogue.values, added)
    for column, name in enumerate(names):
        for row, record in zip(rows, records, strict=True):
            told = None if name is None else record.value(name)
            if told is not None:
                values[row, column] = told
    return values


def _transformed(records: Sequence[ItemRecord], transform: ItemTransform) -> TransformedItems:
    texts = {
        name: tf.constant([getattr(record, name) for record in records], tf.string)
        for name in ("title", "description", "category", "brand")
    }
    prices = [np.nan if record.price is None else record.price for record in records]
    return transform(**texts, price=tf.constant(prices, tf.float32))


def _updated(
    table: np.ndarray, rows: np.ndarray, values: Sequence[object] | np.ndarray, said: list[bool]
) -> np.ndarray:
    changed = np.array(table)
    given = np.array(said, bool)
    changed[rows[given]] = np.asarray(values, dtype=table.dtype)[given]
    return changed


def _text_vectors(package: RetrievalPackage, catalogue: Catalogue, added: int, encode: EncodeTexts) -> np.ndarray:
    """Vectors of all texts, float32 [V + N + 1, T]; only texts that are new or have changed are encoded."""
    vectors = with_new_rows(np.array(package.towers.items.tables["texts"]), added)
    before = np.append(package.catalogue.texts, np.full(added, "", dtype=object))
    changed = np.flatnonzero(catalogue.texts != before)
    vectors[changed] = encode(catalogue.texts[changed].tolist())
    return vectors


def _statistics(statistics: ItemStatistics, added: int) -> ItemStatistics:
    values = {field.name: getattr(statistics, field.name) for field in fields(statistics)}
    return ItemStatistics(**{name: with_new_rows(value, added) for name, value in values.items()})


def _neighbours(neighbours: Neighbours, added: int) -> Neighbours:
    rows, weights = neighbours.rows, neighbours.weights
    return Neighbours(np.pad(rows, ((0, added), (0, 0)), constant_values=-1), np.pad(weights, ((0, added), (0, 0))))
