"""How several scores of a document, by its words and by its meaning, become one."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import tensorflow as tf

from trainer.fusion_features import Scores, magnitude, reciprocal_rank, scaled

FEATURES = {
    "sum": {"scaled": scaled},
    "reciprocal_rank": {"reciprocal_rank": reciprocal_rank},
    "learned": {"scaled": scaled, "magnitude": magnitude},
}
"""Kind of fusion -> the features of each source that it adds up."""

KINDS = tuple(FEATURES)


@dataclass(frozen=True)
class SearchFusion:
    """A weighted sum of features of the sources, the same in research and in the served graph.

    Attributes:
        kind: `sum` adds scores scaled to [0, 1] within the query; `reciprocal_rank` adds 1 / (60 + rank); `learned`
            adds the scaled scores and their logarithms, weighted by a conditional logit.
        weights: Source -> weight of each of its features, in the order of `FEATURES[kind]`.
        validation: Kind of fusion -> its MRR@10 on held-out validation queries; empty where nothing was fitted.
    """

    kind: str
    weights: Mapping[str, tuple[float, ...]]
    validation: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check the fields.

        Raises:
            ValueError: The kind is unknown, there is no source, or a source has another number of weights.
        """
        if self.kind not in FEATURES:
            raise ValueError(f"kind is {self.kind!r}, expected one of {', '.join(KINDS)}")
        if not self.weights:
            raise ValueError("weights names no source")
        for source, weights in self.weights.items():
            if len(weights) != len(FEATURES[self.kind]):
                raise ValueError(
                    f"weights of source {source!r} are {len(weights)}, expected {len(FEATURES[self.kind])} "
                    f"for kind {self.kind!r}"
                )

    @classmethod
    def equal(cls, *sources: str) -> "SearchFusion":
        """The plain sum of scaled scores, for a shop without validation queries."""
        return cls("sum", {source: (1.0 / len(sources),) for source in sources})

    def score(self, scores: Mapping[str, Scores]) -> tf.Tensor:
        """One score a document.

        Args:
            scores: Source -> its scores, NumPy arrays or tensors, float32 [Q, V]; further sources are not read.

        Returns:
            float32 [Q, V], larger is better. Only comparable within a query.

        Raises:
            ValueError: A source is missing.
        """
        missing = [source for source in self.weights if source not in scores]
        if missing:
            raise ValueError(f"scores of source {missing[0]!r} are missing; there are {', '.join(sorted(scores))}")
        parts = [
            weight * feature(scores[source])
            for source, weights in self.weights.items()
            for weight, feature in zip(weights, FEATURES[self.kind].values(), strict=True)
            if weight != 0
        ]
        return tf.add_n(parts) if parts else tf.zeros_like(tf.cast(scores[next(iter(self.weights))], tf.float32))

    def save(self, path: str | Path) -> None:
        """Write it as JSON."""
        Path(path).write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: str | Path) -> "SearchFusion":
        """Read what `save` wrote.

        Raises:
            ValueError: The file holds something else.
        """
        try:
            parts = json.loads(Path(path).read_text(encoding="utf-8"))
            weights = {source: tuple(float(weight) for weight in each) for source, each in parts["weights"].items()}
            return cls(str(parts["kind"]), weights, {kind: float(mrr) for kind, mrr in parts["validation"].items()})
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"{path} holds no search fusion: {error}") from None
