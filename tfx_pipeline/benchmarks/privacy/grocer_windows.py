"""Complete Journey as the towers' training takes it: windows in a file, and a catalogue."""

import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tfx_pipeline.benchmarks.baseline_data.complete_journey import read_purchases
from tfx_pipeline.benchmarks.baseline_data.read_rows import read_rows
from tfx_pipeline.benchmarks.baseline_data.time_cut import TimedPurchases
from tfx_pipeline.datasets.complete_journey import package_folder
from trainer import features
from trainer.catalogue import Catalogue

_LEVELS = ("department", "product_category", "product_type")
_WORDS = ("product_type", "package_size")
_DAY_SECONDS = 86_400


@dataclass(frozen=True, eq=False)
class Grocer:
    """Households before and after a cut in time.

    Attributes:
        purchases: All purchases.
        catalogue: The V products.
        texts: Vectors of the products' words, float32 [V + 1, T].
    """

    purchases: TimedPurchases
    catalogue: Catalogue
    texts: np.ndarray

    @classmethod
    def read(cls, text_dimension: int) -> "Grocer":
        """Read the data of the installed package.

        Raises:
            DataError: The package is not installed.
        """
        purchases = read_purchases()
        columns = ["product_id", "brand", *_LEVELS, "package_size"]
        products = read_rows(package_folder() / "products.parquet", columns)
        order = pc.index_in(pa.array(purchases.item_ids), products["product_id"].cast(pa.string()).combine_chunks())
        products = products.take(order)
        return cls(purchases, _catalogue(purchases.item_ids, products), _word_vectors(products, text_dimension))

    def write_windows(self, path: Path, length: int) -> np.ndarray:
        """Write the latest purchases of each household before the cut, as Transform would.

        Args:
            path: The file, TFRecord (gzip).
            length: Purchases of a window.

        Returns:
            Events of each product among them, int [V + 1].
        """
        import tensorflow as tf

        known = self.purchases.ages > 0
        users, items = self.purchases.users[known], self.purchases.items[known]
        ages = self.purchases.ages[known]
        starts = np.flatnonzero(np.diff(users, prepend=-1))
        counts = np.zeros(len(self.catalogue) + 1, np.int64)
        with tf.io.TFRecordWriter(str(path), "GZIP") as writer:
            for start, end in zip(starts, np.append(starts[1:], len(users)), strict=True):
                window = slice(max(start, end - length), end)
                writer.write(_example(users[start], items[window], ages[window]))
                np.add.at(counts, items[window], 1)
        return counts


def _example(user: int, items: np.ndarray, ages: np.ndarray) -> bytes:
    import tensorflow as tf

    lists = {
        features.USER_ID: np.array([user]),
        features.ITEM_IDS: items,
        features.EVENT_TYPES: np.zeros(len(items), np.int64),
        features.TIMESTAMPS: np.round((ages[0] - ages) * _DAY_SECONDS).astype(np.int64),
        features.BASKETS: np.cumsum(np.diff(ages, prepend=ages[0]) != 0),
        features.IS_TARGET: np.ones(len(items), np.int64),
    }
    feature = {name: tf.train.Feature(int64_list=tf.train.Int64List(value=values)) for name, values in lists.items()}
    return bytes(tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString())


def _catalogue(item_ids: list[str], products: pa.Table) -> Catalogue:
    ids = np.array(item_ids, dtype=object)
    codes, sizes = zip(*(_codes(products[name]) for name in (*_LEVELS, "brand")), strict=True)
    nothing = np.zeros(len(ids) + 1, np.float32)
    return Catalogue(
        item_ids=ids,
        titles=ids,
        texts=ids,
        categories=np.stack(codes[:-1], axis=1),
        brands=codes[-1],
        prices=nothing,
        price_known=nothing,
        category_sizes=sizes[:-1],
        brand_size=sizes[-1],
    )


def _codes(names: pa.ChunkedArray) -> tuple[np.ndarray, int]:
    """A number for each name, -1 where there is none and for the unknown product; and how many names there are."""
    encoded = names.combine_chunks().dictionary_encode()
    numbers = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return np.append(numbers, -1).astype(np.int32), len(encoded.dictionary)


def _word_vectors(products: pa.Table, dimension: int) -> np.ndarray:
    """Each word a random direction, each text the sum of its words': enough to tell which texts share words."""
    columns = (products[name].cast(pa.string()).fill_null("").to_pylist() for name in _WORDS)
    vector_of: dict[str, np.ndarray] = {}
    vectors = np.zeros((len(products) + 1, dimension), np.float32)
    for row, parts in enumerate(zip(*columns, strict=True)):
        for word in " ".join(parts).lower().split():
            if word not in vector_of:
                vector_of[word] = np.random.default_rng(zlib.crc32(word.encode())).normal(size=dimension)
            vectors[row] += vector_of[word]
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(norms > 0, norms, 1)
