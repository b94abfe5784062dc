"""Mixed negatives: items drawn from the catalogue, in part uniformly and in part by popularity."""

import keras
import numpy as np
from keras import ops

from trainer.losses.candidates import Candidates, Embed
from trainer.losses.negative_source import NegativeSource, require_positive

_SMALLEST_SHARE = 1e-12


@keras.saving.register_keras_serializable(package="shoprank")
class MixedNegatives(NegativeSource):
    """Items drawn with replacement from `uniform_share` / V + (1 - `uniform_share`) x training share.

    In-batch negatives never show an item that nobody bought: such items keep whatever score they have. A uniform
    part shows them to the loss (Yang et al. 2020, "Mixed negative sampling for learning two-tower neural networks in
    recommendations", section 4.2). All queries of the batch share the draws.

    Args:
        item_count: Items in the catalogue, V.
        count: Items drawn for each batch, M.
        uniform_share: Share of draws that ignore popularity, 0 to 1.
        seed: Seed of the draws.

    Raises:
        ValueError: A count is below 1, or `uniform_share` lies outside 0 to 1.
    """

    def __init__(
        self, item_count: int, count: int, uniform_share: float = 0.5, seed: int = 0, **kwargs: object
    ) -> None:
        super().__init__(**kwargs)
        self.item_count = require_positive("item_count", item_count)
        self.count = require_positive("count", count)
        if not 0 <= uniform_share <= 1:
            raise ValueError(f"uniform_share must lie between 0 and 1, got {uniform_share}")
        self.uniform_share, self.seed = uniform_share, seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self._add_tables()

    def _add_tables(self) -> None:
        frozen = {"initializer": "zeros", "trainable": False, "autocast": False}
        self.shares = self.add_weight(name="shares", shape=(self.item_count + 1,), dtype="float32", **frozen)
        # In float32 the sums of a million shares would differ from each other by less than their rounding.
        self.cumulative = self.add_weight(name="cumulative", shape=(self.item_count,), dtype="float64", **frozen)
        self.set_shares(np.append(np.full(self.item_count, 1 / self.item_count), 0))

    def build(self, queries_shape: tuple[int | None, ...]) -> None:
        """Nothing depends on the vectors."""

    def set_shares(self, shares: np.ndarray) -> None:
        """Give the measured popularity; until then every item is equally likely.

        Args:
            shares: Share of each item among the training targets, [V + 1]; the last is the unknown item, which is
                never drawn.

        Raises:
            ValueError: The shape is another, a share is negative, or they do not sum to 1.
        """
        shares = np.asarray(shares, np.float64)
        if shares.shape != (self.item_count + 1,):
            raise ValueError(f"shares must have shape {(self.item_count + 1,)}, got {shares.shape}")
        if shares.min() < 0 or abs(shares.sum() - 1) > 1e-3 or shares[:-1].sum() == 0:
            raise ValueError(
                "shares must be at least 0, sum to 1 and not all be the unknown item's, "
                f"got a least of {shares.min()} and a sum of {shares.sum()}"
            )
        uniform = np.full(self.item_count, self.uniform_share / self.item_count)
        cumulative = np.cumsum(uniform + (1 - self.uniform_share) * shares[:-1] / shares[:-1].sum())
        self.shares.assign(shares.astype(np.float32))
        self.cumulative.assign(cumulative / cumulative[-1])

    def log_probability(self, log_q: keras.KerasTensor) -> keras.KerasTensor:
        """Log of the mixture for items of training share exp(`log_q`), in its shape."""
        known = ops.exp(log_q) / (1 - self.shares[self.item_count])
        return ops.log(self.uniform_share / self.item_count + (1 - self.uniform_share) * known)

    def call(
        self,
        queries: keras.KerasTensor,
        targets: Candidates,
        weights: keras.KerasTensor,
        *,
        embed: Embed,
        positives: keras.KerasTensor | None = None,
        training: bool = False,
    ) -> Candidates:
        """Draw `count` items. Arguments as in `NegativeSource.call`."""
        chance = keras.random.uniform((self.count,), dtype="float64", seed=self.seed_generator)
        rows = ops.cast(ops.searchsorted(self.cumulative, chance, side="right"), "int32")
        log_q = ops.log(ops.maximum(ops.take(self.shares, rows, axis=0), _SMALLEST_SHARE))
        return Candidates(ops.cast(embed(rows), "float32"), rows, log_q)

    def get_config(self) -> dict[str, object]:
        """The constructor's arguments."""
        own = {"item_count": self.item_count, "count": self.count}
        return {**super().get_config(), **own, "uniform_share": self.uniform_share, "seed": self.seed}
