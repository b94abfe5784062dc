"""The two towers: a query tower for a user with a history, and an item tower; both end on the unit sphere."""

import keras
from keras import ops

from trainer.history_encoder import HistoryEncoder


def unit(vectors: keras.KerasTensor) -> keras.KerasTensor:
    """Vectors scaled to length 1 along the last axis; zeros stay zeros."""
    return vectors / (ops.norm(vectors, axis=-1, keepdims=True) + 1e-9)


@keras.saving.register_keras_serializable(package="shoprank")
class IdDropout(keras.layers.Layer):
    """Replaces a share of ids by the row of the unknown in training, so that the rest learns to carry a stranger.

    Args:
        unknown: Row of the unknown id.
        rate: Share of ids that is hidden.
    """

    def __init__(self, unknown: int, rate: float, seed: int = 0, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.unknown, self.rate, self.seed = unknown, rate, seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, rows: keras.KerasTensor, training: bool = False) -> keras.KerasTensor:
        """Rows of any shape in, rows of the same shape out."""
        if not training or self.rate == 0:
            return rows
        hidden = keras.random.uniform(ops.shape(rows), seed=self.seed_generator) < self.rate
        return ops.where(hidden, ops.cast(self.unknown, rows.dtype), rows)

    def get_config(self) -> dict[str, object]:
        """The constructor's arguments."""
        return {**super().get_config(), "unknown": self.unknown, "rate": self.rate, "seed": self.seed}


@keras.saving.register_keras_serializable(package="shoprank")
class QueryTower(keras.layers.Layer):
    """User id and history to a preference vector.

    Args:
        user_count: Rows of the user vocabulary without the unknown row, U; row U is the unknown user.
        dimension: Length of the preference vector, D.
        id_dropout: Share of user ids hidden in training.
    """

    def __init__(self, user_count: int, dimension: int, id_dropout: float = 0.0, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.user_count, self.dimension, self.id_dropout = user_count, dimension, id_dropout
        self.drop_id = IdDropout(user_count, id_dropout, name="drop_id")
        self.user_embedding = keras.layers.Embedding(user_count + 1, dimension, name="user_embedding")
        self.history_encoder = HistoryEncoder(name="history_encoder")
        self.hidden = keras.layers.Dense(2 * dimension, activation="gelu", name="hidden")
        self.projection = keras.layers.Dense(dimension, name="projection")

    def build(self, user_shape: tuple, vectors_shape: tuple, visible_shape: tuple) -> None:
        """Create the weights for histories of item vectors of length `vectors_shape[-1]`."""
        self.user_embedding.build(user_shape)
        self.history_encoder.build(vectors_shape)
        width = self.dimension + len(self.history_encoder.decays) * vectors_shape[-1]
        self.hidden.build((None, None, width))
        self.projection.build((None, None, 2 * self.dimension))

    def call(
        self,
        user_rows: keras.KerasTensor,
        history_vectors: keras.KerasTensor,
        visible: keras.KerasTensor,
        training: bool = False,
    ) -> keras.KerasTensor:
        """Embed T points of view on each user.

        Args:
            user_rows: Rows of the user vocabulary, int [B].
            history_vectors: Vectors of the history's items, oldest first, float32 [B, L, E].
            visible: Which events each point of view may see, bool [B, T, L].
            training: Whether ids are dropped.

        Returns:
            Unit vectors, float32 [B, T, D].
        """
        past = self.history_encoder(history_vectors, visible)
        rows = ops.broadcast_to(user_rows[:, None], ops.shape(visible)[:2])
        user = self.user_embedding(self.drop_id(rows, training=training))
        return unit(self.projection(self.hidden(ops.concatenate([user, past], axis=-1))))

    def get_config(self) -> dict[str, object]:
        """The constructor's arguments."""
        own = {"user_count": self.user_count, "dimension": self.dimension, "id_dropout": self.id_dropout}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable(package="shoprank")
class ItemTower(keras.layers.Layer):
    """Id vector, category path, brand, price and text vector of an item to a preference vector.

    Args:
        category_sizes: Rows of the category vocabularies, one a level.
        brand_size: Rows of the brand vocabulary.
        dimension: Length of the preference vector, D.
    """

    def __init__(self, category_sizes: tuple[int, ...], brand_size: int, dimension: int, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.category_sizes, self.brand_size, self.dimension = tuple(category_sizes), brand_size, dimension
        width = max(dimension // 4, 4)
        self.category_embeddings = [
            keras.layers.Embedding(size, width, name=f"category_{level}")
            for level, size in enumerate(self.category_sizes, start=1)
        ]
        self.brand_embedding = keras.layers.Embedding(brand_size, width, name="brand")
        self.hidden = keras.layers.Dense(2 * dimension, activation="gelu", name="hidden")
        self.projection = keras.layers.Dense(dimension, name="projection")

    def build(
        self, id_shape: tuple, categories_shape: tuple, brand_shape: tuple, price_shape: tuple, text_shape: tuple
    ) -> None:
        """Create the weights."""
        embeddings = [*self.category_embeddings, self.brand_embedding]
        for embedding in embeddings:
            embedding.build(brand_shape)
        width = id_shape[-1] + sum(embedding.output_dim for embedding in embeddings) + price_shape[-1] + text_shape[-1]
        self.hidden.build((None, width))
        self.projection.build((None, 2 * self.dimension))

    def call(
        self,
        id_vectors: keras.KerasTensor,
        categories: keras.KerasTensor,
        brands: keras.KerasTensor,
        prices: keras.KerasTensor,
        texts: keras.KerasTensor,
    ) -> keras.KerasTensor:
        """Embed items.

        Args:
            id_vectors: Embeddings of the ids, float32 [N, D].
            categories: Rows of the category vocabularies, int [N, levels].
            brands: Rows of the brand vocabulary, int [N].
            prices: Scaled price and whether it is known, float32 [N, 2].
            texts: Text vectors, float32 [N, T].

        Returns:
            Unit vectors, float32 [N, D].
        """
        levels = [embed(categories[:, level]) for level, embed in enumerate(self.category_embeddings)]
        joined = ops.concatenate([id_vectors, *levels, self.brand_embedding(brands), prices, texts], axis=-1)
        return unit(id_vectors + self.projection(self.hidden(joined)))

    def get_config(self) -> dict[str, object]:
        """The constructor's arguments."""
        own = {"category_sizes": list(self.category_sizes), "brand_size": self.brand_size, "dimension": self.dimension}
        return {**super().get_config(), **own}
