"""The item tower: an item's id vector and what the catalogue says of it to a preference vector."""

from collections.abc import Sequence

import keras
from keras import ops

from trainer.history.known_embedding import KnownEmbedding
from trainer.towers.perceptron import Perceptron
from trainer.towers.unit import unit


@keras.saving.register_keras_serializable(package="shoprank")
class ItemTower(keras.layers.Layer):
    """Id vector, category path, brand, price, text and image vector of an item to a preference vector.

    The output is `unit(id + perceptron(parts))`, the id vector being the first part. Whatever has size 0 is left out.

    Args:
        dimension: Length of the id vector and of the preference vector, D.
        category_sizes: Rows of the category vocabularies, one a level.
        brand_size: Rows of the brand vocabulary.
        price: Whether there are prices.
        text_dimension: Length of the text vectors.
        image_dimension: Length of the image vectors.
        hidden: Units of the perceptron's hidden layer, 2 D unless given. With 0 the perceptron is a linear projection;
            with no part beside the id it is left out: `unit(id)`.

    Raises:
        ValueError: A size is below 0.
    """

    def __init__(
        self,
        dimension: int,
        category_sizes: Sequence[int] = (),
        brand_size: int = 0,
        price: bool = False,
        text_dimension: int = 0,
        image_dimension: int = 0,
        hidden: int | None = None,
        **kwargs: object,
    ) -> None:
        super().__init__(**kwargs)
        sizes = {"brand_size": brand_size, "text_dimension": text_dimension, "image_dimension": image_dimension}
        for name, size in sizes.items():
            if size < 0:
                raise ValueError(f"{name}: at least 0, not {size}")
        self.dimension, self.category_sizes, self.brand_size = dimension, tuple(category_sizes), brand_size
        self.price, self.text_dimension, self.image_dimension = price, text_dimension, image_dimension
        self.hidden = 2 * dimension if hidden is None else hidden
        self._add_layers(max(dimension // 4, 4))

    def _add_layers(self, width: int) -> None:
        """Create the layers; `width` is that of the embeddings of category and brand."""
        policy = self.dtype_policy
        self.category_embeddings = [
            KnownEmbedding(size, width, dtype=policy, name=f"category_{level}")
            for level, size in enumerate(self.category_sizes, start=1)
        ]
        brand = [KnownEmbedding(self.brand_size, width, dtype=policy, name="brand")] if self.brand_size else []
        self.brand_embeddings = brand
        self.parts_width = (
            self.dimension
            + width * (len(self.category_sizes) + len(brand))
            + 2 * self.price
            + self.text_dimension
            + self.image_dimension
        )
        if self._needs_perceptron:
            self.perceptron = Perceptron(self.dimension, self.hidden, dtype=policy, name="perceptron")

    @property
    def _needs_perceptron(self) -> bool:
        return self.hidden != 0 or self.parts_width > self.dimension

    def build(self, ids_shape: tuple) -> None:
        """Create the weights."""
        for embedding in (*self.category_embeddings, *self.brand_embeddings):
            embedding.build((None,))
        if self._needs_perceptron:
            self.perceptron.build((None, self.parts_width))

    def call(
        self,
        ids: keras.KerasTensor,
        categories: keras.KerasTensor | None = None,
        brands: keras.KerasTensor | None = None,
        prices: keras.KerasTensor | None = None,
        texts: keras.KerasTensor | None = None,
        images: keras.KerasTensor | None = None,
    ) -> keras.KerasTensor:
        """Embed items; exactly the parts that the tower was made for are given, the others are None.

        Args:
            ids: Embeddings of the ids, float32 [N, D].
            categories: Rows of the category vocabularies, int [N, levels], -1 where unknown.
            brands: Rows of the brand vocabulary, int [N], -1 where unknown.
            prices: Scaled price and whether it is known, float32 [N, 2].
            texts: Text vectors, float32 [N, T], zeros where missing.
            images: Image vectors, float32 [N, I], zeros where missing.

        Returns:
            Unit vectors, float32 [N, D].

        Raises:
            ValueError: A part is missing, or one too many.
        """
        self._check("categories", categories, bool(self.category_sizes))
        self._check("brands", brands, self.brand_size > 0)
        self._check("prices", prices, self.price)
        self._check("texts", texts, self.text_dimension > 0)
        self._check("images", images, self.image_dimension > 0)
        if not self._needs_perceptron:
            return unit(ids)
        parts = [ids]
        if categories is not None:
            parts += [embed(categories[:, level]) for level, embed in enumerate(self.category_embeddings)]
        parts += [embed(brands) for embed in self.brand_embeddings]
        parts += [part for part in (prices, texts, images) if part is not None]
        return unit(ids + self.perceptron(ops.concatenate(parts, axis=-1)))

    @staticmethod
    def _check(name: str, part: keras.KerasTensor | None, is_wanted: bool) -> None:
        if is_wanted and part is None:
            raise ValueError(f"{name}: missing, and the tower was made with them")
        if not is_wanted and part is not None:
            raise ValueError(f"{name}: given, but the tower was made without them")

    def get_config(self) -> dict[str, object]:
        """The constructor's arguments."""
        own = {
            "dimension": self.dimension,
            "category_sizes": list(self.category_sizes),
            "brand_size": self.brand_size,
            "price": self.price,
            "text_dimension": self.text_dimension,
            "image_dimension": self.image_dimension,
            "hidden": self.hidden,
        }
        return {**super().get_config(), **own}
