"""Made-up events of a shop of any size, written in bounded memory."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tfx_pipeline.table_config import DataConfig, TableConfig

PURCHASE = "purchase"
ITEMS = 50_000
EVENTS_PER_USER = 200
_EVENTS_PER_BASKET = 8
_CHUNK_BASKETS = 32_768
_UNLISTED_ITEMS = 10
"""The rarest items are missing from the items table, so that a few events go to quarantine."""
_ITEM_EXPONENT = 0.9
"""Popularity of the n-th item is 1 / n to this power (Zipf's law)."""
_RETURN_SHARE = 0.002
_START, _SECONDS_PER_YEAR = 1_672_531_200, 31_536_000


def generated_shop(folder: Path, events: int, seed: int = 7) -> DataConfig:
    """Write events and items of a made-up shop, and say how they map onto the contract.

    Users have 200 events each on average, spread log-normally, over one year; items are popular by Zipf's law. Events
    come in baskets of 8 on average, in the order of time. A few are returns, a few repeat another one of their basket,
    and a few are of items that the items table lacks. Nothing here is a real person's.

    Args:
        folder: Receives `events.parquet` and `items.parquet`.
        events: How many events.
        seed: The same seed gives the same shop.
    """
    rng = np.random.default_rng(seed)
    with pq.ParquetWriter(folder / "events.parquet", _SCHEMA) as writer:
        for chunk in _chunks(_Shop.of(events, rng), rng):
            writer.write_table(chunk)
    listed = np.arange(ITEMS - _UNLISTED_ITEMS)
    names = pa.array([f"made-up article {number}" for number in listed])
    pq.write_table(pa.table({"item_id": _ids("i", listed), "title": names}), folder / "items.parquet")
    return DataConfig(
        events=TableConfig(path=folder / "events.parquet", constants={"event_type": PURCHASE}),
        items=TableConfig(path=folder / "items.parquet"),
    )


_SCHEMA = pa.schema(
    [
        ("user_id", pa.string()),
        ("item_id", pa.string()),
        ("timestamp", pa.int64()),
        ("basket_id", pa.int64()),
        ("price", pa.float64()),
        ("quantity", pa.int64()),
    ]
)


@dataclass(frozen=True)
class _Shop:
    events: int
    users: np.ndarray
    items: np.ndarray
    prices: np.ndarray
    item_ids: pa.Array

    @classmethod
    def of(cls, events: int, rng: np.random.Generator) -> "_Shop":
        return cls(
            events=events,
            users=np.cumsum(rng.lognormal(0.0, 1.0, max(2, events // EVENTS_PER_USER))),
            items=np.cumsum(np.arange(1, ITEMS + 1) ** -_ITEM_EXPONENT),
            prices=np.round(rng.lognormal(1.0, 0.8, ITEMS), 2),
            item_ids=_ids("i", np.arange(ITEMS)),
        )


def _chunks(shop: _Shop, rng: np.random.Generator) -> Iterator[pa.Table]:
    written, first_basket = 0, 0
    while written < shop.events:
        sizes = rng.geometric(1 / _EVENTS_PER_BASKET, _CHUNK_BASKETS)
        # The time of a basket is where its first event stands among all events of the year.
        starts = written + np.cumsum(sizes) - sizes
        basket = np.repeat(np.arange(_CHUNK_BASKETS), sizes)[: shop.events - written]
        times = _START + starts * _SECONDS_PER_YEAR // shop.events
        chunk = _events(shop, basket, times, first_basket, rng)
        yield chunk
        written, first_basket = written + len(chunk), first_basket + _CHUNK_BASKETS


def _events(
    shop: _Shop, basket: np.ndarray, times: np.ndarray, first_basket: int, rng: np.random.Generator
) -> pa.Table:
    """The events of some baskets, given the basket of each event and the time of each basket."""
    count = len(basket)
    buyers = _draw(shop.users, _CHUNK_BASKETS, rng)
    items = _draw(shop.items, count, rng)
    quantities = rng.geometric(0.7, count)
    columns = {
        "user_id": _ids("u", buyers).take(pa.array(basket)),
        "item_id": shop.item_ids.take(pa.array(items)),
        "timestamp": times[basket],
        "basket_id": first_basket + basket,
        "price": shop.prices[items] * quantities,
        "quantity": np.where(rng.random(count) < _RETURN_SHARE, -quantities, quantities),
    }
    return pa.table(columns, schema=_SCHEMA)


def _draw(cumulative: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Numbers drawn with the probabilities of which `cumulative` is the running sum, up to a factor; int64 [count]."""
    return np.searchsorted(cumulative, rng.random(count) * cumulative[-1], side="right")


def _ids(prefix: str, numbers: np.ndarray) -> pa.Array:
    return pa.array([f"{prefix}{number:07d}" for number in numbers.tolist()])
