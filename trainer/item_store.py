"""The item store: what is known of each item, by catalogue row, as variables of the graph."""

import numpy as np
import tensorflow as tf

from trainer.catalogue import Catalogue
from trainer.item_statistics import ItemStatistics
from trainer.quantisation.vector_tables import VectorTable, vector_table


class ItemStore(tf.Module):
    """Tables with V + 1 rows; the last is the unknown item.

    Attributes:
        preferences: Unit preference vectors, float32 [V + 1, D], or a table of them in fewer bytes.
        texts: Unit text vectors, zeros without text, float32 [V + 1, T], likewise.
        categories: Rows of the category vocabularies, int32 [V + 1, levels].
        category_sizes: Rows of each of these vocabularies.
        numbers: The columns of `NUMBERS`, float32 [V + 1, 10].
        intervals: Mean days between two purchases by one user, float32 [V + 1].
    """

    NUMBERS = (
        "log_share",
        "log_week_share",
        "log_recent_share",
        "log_quarter_share",
        "repeat_rate",
        "log_interval",
        "price",
        "price_known",
        "price_against_category",
        "is_cold",
    )

    def __init__(
        self,
        catalogue: Catalogue,
        preferences: VectorTable | np.ndarray,
        texts: VectorTable,
        statistics: ItemStatistics,
    ) -> None:
        """Put the tables into variables; rows agree in all of them. The vectors are shared, not copied."""
        super().__init__(name="item_store")
        columns = (
            statistics.log_share,
            statistics.log_week_share,
            statistics.log_recent_share,
            statistics.log_quarter_share,
            statistics.repeat_rate,
            np.log1p(statistics.interval),
            catalogue.prices,
            catalogue.price_known,
            _price_against_category(catalogue),
            (statistics.count == 0).astype(np.float32),
        )
        self.item_count = len(catalogue)
        is_array = isinstance(preferences, np.ndarray)
        self.preferences = vector_table(preferences, "float32", "preferences") if is_array else preferences
        self.texts = texts
        self.category_sizes = catalogue.category_sizes
        self.categories = tf.Variable(catalogue.categories, trainable=False, name="categories")
        self.intervals = tf.Variable(statistics.interval, trainable=False, name="intervals")
        self.numbers = tf.Variable(np.stack(columns, axis=1), trainable=False, name="numbers")

    def column(self, name: str, rows: tf.Tensor) -> tf.Tensor:
        """One of `NUMBERS` for catalogue rows of any shape."""
        return tf.gather(self.numbers, rows)[..., self.NUMBERS.index(name)]


def _price_against_category(catalogue: Catalogue) -> np.ndarray:
    compared = catalogue.price_against_category
    return compared if len(compared) else np.zeros(len(catalogue) + 1, np.float32)
