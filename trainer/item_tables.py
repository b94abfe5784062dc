"""What a model knows of the items beside their ids, as tables that travel with the model."""

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import keras
import numpy as np

from trainer.row_lookup import take_rows

if TYPE_CHECKING:
    # Reading a catalogue imports TensorFlow Transform, which research on arrays does without.
    from trainer.catalogue import Catalogue


@dataclass(frozen=True)
class ItemFeatures:
    """Features of V items, and of the unknown item in a last row; a feature that a shop does not have is None.

    Attributes:
        categories: Rows of the category vocabularies, one column a level, int [V + 1, levels].
        brands: Rows of the brand vocabulary, int [V + 1].
        prices: Scaled price and whether it is known, float32 [V + 1, 2].
        texts: Text vectors, float32 [V + 1, X].
        images: Image vectors, zeros where there is none, float32 [V + 1, I].
    """

    categories: np.ndarray | None = None
    brands: np.ndarray | None = None
    prices: np.ndarray | None = None
    texts: np.ndarray | None = None
    images: np.ndarray | None = None

    @classmethod
    def of_catalogue(cls, catalogue: "Catalogue", texts: np.ndarray) -> "ItemFeatures":
        """The features of a pipeline's catalogue, with the text vectors of its items, float32 [V + 1, X]."""
        prices = np.stack([catalogue.prices, catalogue.price_known], axis=1)
        return cls(catalogue.categories, catalogue.brands, prices, texts)

    @property
    def widths(self) -> dict[str, int]:
        """Columns of each table that is there; 1 for brands."""
        tables = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: _columns(table) for name, table in tables.items() if table is not None}


@keras.saving.register_keras_serializable(package="shoprank")
class ItemTables(keras.layers.Layer):
    """Tables of item features as weights that are not trained, so that a saved model is complete.

    Args:
        item_count: Items in the catalogue, V.
        widths: Columns of each table, as `ItemFeatures.widths` tells.
    """

    def __init__(self, item_count: int, widths: dict[str, int] | None = None, **kwargs: object) -> None:
        super().__init__(**{**kwargs, "trainable": False})
        self.item_count, self.widths = item_count, dict(widths or {})
        self.tables = {name: self._table(name, width) for name, width in self.widths.items()}
        self.built = True

    def _table(self, name: str, width: int) -> keras.Variable:
        shape = (self.item_count + 1,) if name == "brands" else (self.item_count + 1, width)
        kind = "int32" if name in ("categories", "brands") else "float32"
        # Said here too: PyTorch has no trainable integers, and a layer tells its weights only after they are made.
        return self.add_weight(name=name, shape=shape, dtype=kind, initializer="zeros", autocast=False, trainable=False)

    def set(self, features: ItemFeatures) -> None:
        """Take the features of the catalogue.

        Raises:
            ValueError: A table is missing, is not wanted, or does not have a row for each item and the unknown one.
        """
        if features.widths != self.widths:
            raise ValueError(f"features: have columns {features.widths}, expected {self.widths}")
        values = {name: getattr(features, name) for name in self.tables}
        for name, rows in values.items():
            if len(rows) != self.item_count + 1:
                raise ValueError(f"{name}: {len(rows)} rows, expected {self.item_count + 1}")
        for name, table in self.tables.items():
            table.assign(values[name])

    def call(self, rows: keras.KerasTensor) -> dict[str, keras.KerasTensor]:
        """The features of items by the names of the tables; rows int [...], padding may be any row."""
        return {name: take_rows(table, rows) for name, table in self.tables.items()}

    def get_config(self) -> dict[str, object]:
        """The constructor's arguments."""
        return {**super().get_config(), "item_count": self.item_count, "widths": self.widths}


def _columns(table: np.ndarray) -> int:
    return 1 if table.ndim == 1 else table.shape[1]
