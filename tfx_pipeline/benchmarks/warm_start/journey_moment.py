"""Complete Journey as the towers see it at one moment: windows, catalogue and vocabularies of what lies before."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import tensorflow as tf

from tfx_pipeline.benchmarks.baseline_data.read_rows import read_rows
from tfx_pipeline.config import HistoryConfig, TextConfig
from tfx_pipeline.datasets.complete_journey import package_folder
from tfx_pipeline.slices import training_slices
from trainer import features
from trainer.catalogue import Catalogue
from trainer.item_texts import ItemTexts
from trainer.preprocessing import CATEGORY_LEVELS
from trainer.text_encoder import TextEncoder
from trainer.user_events import SPEC

RANKER_DAYS = 28
"""Before the moment: the window that the ranker learns from, as in the configuration of the demo."""

_CATEGORIES = ("department", "product_category", "product_type")
_DAY_SECONDS = 86_400
_EVENTS = ("household_id", "product_id", "basket_id", "sales_value", "transaction_timestamp")
_ITEMS = ("product_id", "brand", "package_size", *_CATEGORIES)


@dataclass(frozen=True, eq=False)
class Journey:
    """All purchase lines, ordered by household and time, and the products.

    Attributes:
        lines: Columns household_id, product_id, basket_id, sales_value and seconds.
        products: Columns of the products, by product_id; texts where unknown ''.
    """

    lines: pd.DataFrame
    products: pd.DataFrame

    @classmethod
    def read(cls) -> "Journey":
        """The installed package's tables.

        Raises:
            DataError: The package is not installed.
        """
        lines = read_rows(package_folder() / "transactions.parquet", list(_EVENTS)).to_pandas()
        lines["seconds"] = lines.pop("transaction_timestamp").astype("datetime64[ns]").astype(np.int64) // 10**9
        lines = lines.sort_values(["household_id", "seconds"], kind="stable", ignore_index=True)
        products = read_rows(package_folder() / "products.parquet", list(_ITEMS)).to_pandas()
        return cls(lines, products.fillna("").set_index("product_id"))

    def before(self, cut: datetime) -> pd.DataFrame:
        """The lines before a moment, in UTC."""
        return self.lines[self.lines["seconds"] < seconds_of(cut)]

    def between(self, cut: datetime, days: float) -> pd.DataFrame:
        """The lines of some days from a moment on, in UTC."""
        start = seconds_of(cut)
        return self.lines[(self.lines["seconds"] >= start) & (self.lines["seconds"] < start + days * _DAY_SECONDS)]


@dataclass(frozen=True, eq=False)
class Moment:
    """What is known at a moment.

    Attributes:
        cut: The moment, epoch seconds.
        learned_until: Where the events end that the towers learn, and those begin that the ranker learns, epoch
            seconds.
        lines: Purchases before the cut, with the columns `user` and `item`: their rows.
        catalogue: The items bought before it.
        texts: Their text vectors.
        words: The vocabularies, by the names in `VOCABULARIES`.
        windows: File of the training windows of the towers.
        window_count: How many there are.
    """

    cut: int
    learned_until: int
    lines: pd.DataFrame
    catalogue: Catalogue
    texts: ItemTexts
    words: dict[str, np.ndarray]
    windows: Path
    window_count: int

    @classmethod
    def of(cls, journey: Journey, cut: datetime, folder: Path, encoder: TextEncoder) -> "Moment":
        """Look at a moment, in UTC; `folder` takes the windows, and the text vectors for the next moment."""
        learned_until = seconds_of(cut - timedelta(days=RANKER_DAYS))
        lines = journey.before(cut)
        items, users = _by_count(lines["product_id"]), _by_count(lines["household_id"])
        known = journey.products.reindex(items).fillna("")
        words = _vocabularies(known) | {
            features.USER_ID: users.astype(str).astype(object),
            features.ITEM_ID: items.astype(str).astype(object),
            features.EVENT_TYPES: np.array(["purchase"], object),
        }
        lines = lines.assign(
            user=pd.Index(users).get_indexer(pd.Index(lines["household_id"])),
            item=pd.Index(items).get_indexer(pd.Index(lines["product_id"])),
        )
        catalogue = _catalogue(lines, known, words)
        texts = ItemTexts.encode(catalogue, encoder, TextConfig().dimension, folder / "texts")
        windows = folder / f"windows-{cut:%Y%m%d}.gz"
        learned = lines[lines["seconds"] < learned_until].reset_index(drop=True)
        count = _write_windows(learned, windows)
        return cls(seconds_of(cut), learned_until, lines, catalogue, texts, words, windows, count)


def seconds_of(moment: datetime) -> int:
    """Epoch seconds of a moment in UTC."""
    return int((moment - datetime(1970, 1, 1)).total_seconds())


def _by_count(values: pd.Series) -> np.ndarray:
    """Distinct values, the most frequent first, as Transform orders its vocabularies."""
    return values.value_counts(sort=True).index.to_numpy()


def _paths(known: pd.DataFrame, depth: int) -> pd.Series:
    return known[list(_CATEGORIES[:depth])].agg(f" {features.CATEGORY_SEPARATOR} ".join, axis=1)


def _vocabularies(known: pd.DataFrame) -> dict[str, np.ndarray]:
    levels = {name: _by_count(_paths(known, depth)) for depth, name in enumerate(CATEGORY_LEVELS, start=1)}
    return {**levels, features.BRAND: _by_count(known["brand"])}


def _catalogue(lines: pd.DataFrame, known: pd.DataFrame, words: dict[str, np.ndarray]) -> Catalogue:
    def rows(name: str, values: pd.Series) -> np.ndarray:
        return np.append(pd.Index(words[name]).get_indexer(pd.Index(values)), len(words[name])).astype(np.int32)

    prices = np.log1p(lines.groupby("item")["sales_value"].mean().clip(lower=0).to_numpy())
    titles = (known["product_type"] + " " + known["package_size"]).str.strip().to_numpy(object)
    levels = [rows(name, _paths(known, depth)) for depth, name in enumerate(CATEGORY_LEVELS, start=1)]
    return Catalogue(
        item_ids=words[features.ITEM_ID],
        titles=titles,
        texts=titles,
        categories=np.stack(levels, axis=1),
        brands=rows(features.BRAND, known["brand"]),
        prices=np.append((prices - prices.mean()) / prices.std(), 0).astype(np.float32),
        price_known=np.append(np.ones(len(known)), 0).astype(np.float32),
        category_sizes=tuple(len(words[name]) + 1 for name in CATEGORY_LEVELS),
        brand_size=len(words[features.BRAND]) + 1,
    )


def _write_windows(lines: pd.DataFrame, path: Path) -> int:
    """Write the windows that a run makes of these lines with its default settings; how many."""
    users = np.append(np.flatnonzero(np.diff(lines["household_id"].to_numpy(), prepend=-1)), len(lines))
    history = HistoryConfig()
    slices = training_slices(users, users[1:], history.window, history.context)
    columns = {
        features.ITEM_IDS: lines["item"].to_numpy(),
        features.EVENT_TYPES: np.zeros(len(lines), np.int64),
        features.TIMESTAMPS: lines["seconds"].to_numpy(),
        features.BASKETS: pd.factorize(lines["basket_id"])[0],
    }
    owners = lines["user"].to_numpy()
    with tf.io.TFRecordWriter(str(path), "GZIP") as writer:
        for begin, target, end in zip(slices.begin, slices.target, slices.end, strict=True):
            lists = {name: values[begin:end] for name, values in columns.items()}
            lists[features.IS_TARGET] = (np.arange(begin, end) >= target).astype(np.int64)
            lists[features.USER_ID] = owners[begin : begin + 1]
            encoded = {name: tf.train.Feature(int64_list=tf.train.Int64List(value=lists[name])) for name in SPEC}
            writer.write(tf.train.Example(features=tf.train.Features(feature=encoded)).SerializeToString())
    return len(slices)
