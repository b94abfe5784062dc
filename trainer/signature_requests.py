"""Requests to every signature of the servable, made of the traffic of the eval window."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from trainer.bandit.settings import POLICIES
from trainer.catalogue import Catalogue
from trainer.eval_traffic import EvalTraffic

_CANDIDATES, _K, _SESSION = 20, 10, 3


class Request(NamedTuple):
    """One call.

    Attributes:
        signature: Its name.
        inputs: Arrays by name; B rows each.
    """

    signature: str
    inputs: dict[str, np.ndarray]


def signature_requests(traffic: EvalTraffic, catalogue: Catalogue, batch: int) -> list[Request]:
    """A request of B rows to each signature; those that take a query also without any query.

    A row has a session of some items that were chosen, by whomever; every fourth leaves the history to the user store.
    Of a batch with queries every other row has one, the last of several is restricted to a category and a price where
    the catalogue has them, and the policies take turns.

    Args:
        traffic: Who asks for what; fewer rows than B are repeated.
        catalogue: The items, at least one.
        batch: Rows, B.
    """
    traffic = traffic.among(catalogue.item_ids.tolist())
    requests = []
    for queries in ([], traffic.queries or catalogue.titles[:1].tolist()):
        side = _user_side(traffic, queries, batch)
        filters = _filters(catalogue, batch, restricted=bool(queries) and batch > 1)
        candidates = {"candidate_item_ids": _table([traffic.item_ids[:_CANDIDATES]] * batch)}
        slate = {**side, **filters, **_slate(batch)}
        requests += [
            Request("recommend", slate),
            Request("propensities", {**slate, **candidates}),
            Request("rank", {**side, **candidates}),
            Request("explain", {**side, **candidates}),
            Request("retrieve", {**side, **filters, "k": _counts(batch)}),
            Request("embed_query", side),
        ]
    return requests + _item_requests(traffic, catalogue, batch)


def _user_side(traffic: EvalTraffic, queries: Sequence[str], batch: int) -> dict[str, np.ndarray]:
    rows = [row % max(len(traffic.user_ids), 1) for row in range(batch)]

    sessions = [[] if row % 4 == 3 else traffic.item_ids[row : row + _SESSION] for row in range(batch)]
    texts = [queries[row // 2 % len(queries)] if queries and row % 2 == 0 else "" for row in range(batch)]
    return {
        "user_id": _strings([traffic.user_ids[row] if traffic.user_ids else "" for row in rows]),
        "history_item_ids": _table(sessions),
        "history_event_types": _table([[""] * len(session) for session in sessions]),
        "history_ages": _numbers([range(len(session), 0, -1) for session in sessions]),
        "query": _strings(texts),
    }


def _filters(catalogue: Catalogue, batch: int, restricted: bool) -> dict[str, np.ndarray]:
    categories, highest = [""] * batch, np.full(batch, np.nan, np.float32)
    if restricted and len(catalogue.category_paths):
        categories[-1] = catalogue.category_paths[0]
    if restricted and len(catalogue.shop_prices) and np.isfinite(catalogue.shop_prices).any():
        highest[-1] = np.nanmedian(catalogue.shop_prices)
    return {
        "exclude_item_ids": _table([[]] * batch),
        "allow_item_ids": _table([[]] * batch),
        "category": _strings(categories),
        "lowest_price": np.full(batch, np.nan, np.float32),
        "highest_price": highest,
    }


def _slate(batch: int) -> dict[str, np.ndarray]:
    return {
        "k": _counts(batch),
        "policy": _strings([POLICIES[row % len(POLICIES)] for row in range(batch)]),
        "seed": np.arange(batch, dtype=np.int64),
    }


def _item_requests(traffic: EvalTraffic, catalogue: Catalogue, batch: int) -> list[Request]:
    """Items of the catalogue, and items that are known by title and category alone; these are the even rows."""
    row_of = {item: row for row, item in enumerate(catalogue.item_ids)}
    names = [traffic.item_ids[row % len(traffic.item_ids)] for row in range(batch)]
    new = [row % 2 == 0 and batch > 1 for row in range(batch)]
    titles = [catalogue.titles[row_of[name]] if told else "" for name, told in zip(names, new, strict=True)]
    item = {
        "item_id": _strings(["" if told else name for name, told in zip(names, new, strict=True)]),
        "title": _strings(titles),
        "description": _strings([""] * batch),
    }
    filters = _filters(catalogue, batch, restricted=batch > 1)
    about = {"category": _strings([""] * batch), "price": np.full(batch, np.nan, np.float32)}
    examples = [_example(traffic.user_ids[row % len(traffic.user_ids)] if traffic.user_ids else "", name)
                for row, name in enumerate(names)]  # fmt: skip
    return [
        Request("similar_items", {**item, **filters, "k": _counts(batch)}),
        Request("embed_item", {**item, **about}),
        Request("serving_default", {"examples": np.array(examples, dtype=object)}),
    ]


def _example(user: str, item: str) -> bytes:
    example = tf.train.Example()
    for name, value in (("user_id", user), ("item_id", item)):
        example.features.feature[name].bytes_list.value.append(value.encode())
    data: bytes = example.SerializeToString(deterministic=True)
    return data


def _counts(batch: int) -> np.ndarray:
    return np.full(batch, _K, np.int32)


def _strings(values: Sequence[str]) -> np.ndarray:
    return np.array([value.encode() for value in values], dtype=object)


def _table(rows: Sequence[Sequence[str]]) -> np.ndarray:
    """Strings as a table of at least one column; '' pads."""
    table = np.full((len(rows), max([1, *map(len, rows)])), b"", dtype=object)
    for number, row in enumerate(rows):
        table[number, : len(row)] = [value.encode() for value in row]
    return table


def _numbers(rows: Sequence[Sequence[int]]) -> np.ndarray:
    table = np.zeros((len(rows), max([1, *map(len, rows)])), np.float32)
    for number, row in enumerate(rows):
        table[number, : len(row)] = row
    return table
