"""Sampled softmax: cross-entropy over a sample of the catalogue, corrected for how it was drawn."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from trainer.losses.candidates import HIDDEN, Candidates, Embed, dot_products, is_among, known_positives
from trainer.losses.in_batch_negatives import InBatchNegatives
from trainer.losses.negative_source import NegativeSource
from trainer.losses.softmax_loss import SoftmaxLoss, weighted_mean

_SMALLEST_COUNT = 1e-6

Draws = list[tuple[NegativeSource, keras.KerasTensor]]


@keras.saving.register_keras_serializable(package="shoprank")
class SampledSoftmax(SoftmaxLoss):
    """Softmax cross-entropy over the target and sampled negatives, with the logQ correction.

    The logit of query q and item j is `q . v_j / temperature - log Q_j`, for the target too, where `Q_j` is the
    probability with which a draw gives item j (Yi et al. 2019, "Sampling-bias-corrected neural modeling for large
    corpus item recommendations", equation 3). The log is *subtracted*: a popular item is a negative often, and each
    time it counts for less. So the dot products learn log p(j | q), and not log (p(j | q) / Q_j), which would rank
    popular items too low.

    With several sources, `Q_j` is the mixture of their probabilities, each weighted by its number of candidates
    (Yang et al. 2020, "Mixed negative sampling", section 4.2).

    A candidate that is the query's own target (accidental hit) or another of its positives, such as the rest of a
    basket, is removed from the denominator. Padding, an example of weight 0, is no candidate.

    Example: two queries, each along its own target, at temperature 0.5. A logit is 1 / 0.5 = 2 for the target and 0
    for the other item. The second item is twice as popular: Q is 0.1 and 0.2. The loss of the first query is
    log(1 + e^(0 - log 0.2) / e^(2 - log 0.1)) = log(1 + e^-2 x 0.1 / 0.2) = 0.0655: the popular negative counts for
    half. The loss of the second is log(1 + e^-2 x 0.2 / 0.1) = 0.2395: the rare negative counts twice. Without the
    correction both were log(1 + e^-2) = 0.1269.

    >>> import numpy as np
    >>> from trainer.losses import Candidates, SampledSoftmax
    >>> vectors = np.eye(2, dtype="float32")
    >>> targets = Candidates(vectors, rows=np.array([0, 1]), log_q=np.log([0.1, 0.2]).astype("float32"))
    >>> loss, weights = SampledSoftmax(temperature=0.5), np.ones(2, "float32")
    >>> print(f"{float(loss(vectors, targets, weights, embed=None)):.4f} = (0.0655 + 0.2395) / 2")
    0.1525 = (0.0655 + 0.2395) / 2
    >>> uncorrected = targets._replace(log_q=np.zeros(2, "float32"))
    >>> print(f"{float(loss(vectors, uncorrected, weights, embed=None)):.4f}")
    0.1269

    Args:
        negatives: Sources of negatives; in-batch negatives where none are named.
        temperature: Divides the dot products; where learned, its first value.
        learn_temperature: Whether it is trained.

    Raises:
        ValueError: `negatives` is empty, or `temperature` lies outside 0.01 to 10.
    """

    def __init__(
        self,
        negatives: Sequence[NegativeSource] | None = None,
        temperature: float = 0.1,
        learn_temperature: bool = True,
        **kwargs: object,
    ) -> None:
        super().__init__(temperature, learn_temperature, **kwargs)
        self.negatives = [InBatchNegatives()] if negatives is None else list(negatives)
        if not self.negatives:
            raise ValueError("negatives must name at least one source, got none")

    def build(self, queries_shape: tuple[int | None, ...]) -> None:
        """Create the temperature and what the sources hold, for vectors of length `queries_shape[-1]`."""
        super().build(queries_shape)
        for source in self.negatives:
            # A source that was restored from a file is built already.
            if not source.built:
                source.build(queries_shape)

    def call(
        self,
        queries: keras.KerasTensor,
        targets: Candidates,
        weights: keras.KerasTensor,
        *,
        embed: Embed,
        positives: keras.KerasTensor | None = None,
        training: bool = False,
    ) -> keras.KerasTensor:
        """Mean loss of a batch.

        Args:
            queries: Unit vectors, float [N, D].
            targets: The target of each query in the same order, N of them.
            weights: 0 for padding, else the weight of the example, float32 [N].
            embed: Gives the vectors of catalogue rows, for sources that bring their own. Keras asks for a keyword here.
            positives: Other positives of each query, int [N, P], -1 pads; never negatives.
            training: Whether sources with a memory change it.

        Returns:
            float32 scalar: weighted mean of the cross-entropy.
        """
        options = {"embed": embed, "positives": positives, "training": training}
        sources = [(source, source(queries, targets, weights, **options)) for source in self.negatives]
        draws = [(source, ops.sum(each.rows >= 0)) for source, each in sources if source.draws]
        known = known_positives(targets, positives)
        target = ops.sum(queries * targets.vectors, axis=-1) / self.temperature - _log_mixture(targets.log_q, draws)
        candidates = [each._replace(log_q=_log_mixture(each.log_q, draws)) for _, each in sources]
        losses = _losses(queries, target, candidates, known, self.temperature)
        return weighted_mean(losses, weights)

    def get_config(self) -> dict[str, object]:
        """The constructor's arguments."""
        negatives = [keras.saving.serialize_keras_object(source) for source in self.negatives]
        return {**super().get_config(), "negatives": negatives}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "SampledSoftmax":
        """The layer of a `get_config`."""
        negatives = [keras.saving.deserialize_keras_object(source) for source in config["negatives"]]
        return cls(**{**config, "negatives": negatives})


def _losses(
    queries: keras.KerasTensor,
    target: keras.KerasTensor,
    candidates: list[Candidates],
    known: keras.KerasTensor,
    temperature: keras.KerasTensor,
) -> keras.KerasTensor:
    """Cross-entropy of each query, float32 [N], given the corrected logits of the targets, [N]."""
    logits = [_logits(queries, each, known, temperature) for each in candidates]
    return ops.logsumexp(ops.concatenate([target[:, None], *logits], axis=-1), axis=-1) - target


def _logits(
    queries: keras.KerasTensor, candidates: Candidates, known: keras.KerasTensor, temperature: keras.KerasTensor
) -> keras.KerasTensor:
    logits = dot_products(queries, candidates.vectors) / temperature - candidates.log_q
    # Replaced, not shifted: a shift that is too small for the dtype leaves the hit where it was.
    return ops.where(ops.logical_or(is_among(candidates.rows, known), candidates.rows < 0), HIDDEN, logits)


def _log_mixture(log_q: keras.KerasTensor, draws: Draws) -> keras.KerasTensor:
    """Log of the probability that one candidate of all sources is an item of training share exp(`log_q`)."""
    if not draws:
        return log_q
    counts = [ops.maximum(ops.cast(count, "float32"), _SMALLEST_COUNT) for _, count in draws]
    log_total = ops.log(sum(counts))
    terms = [
        ops.log(count) - log_total + source.log_probability(log_q)
        for (source, _), count in zip(draws, counts, strict=True)
    ]
    return ops.logsumexp(ops.stack(terms), axis=0)
