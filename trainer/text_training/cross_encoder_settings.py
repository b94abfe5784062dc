"""What decides how a cross-encoder is trained."""

from dataclasses import asdict, dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class CrossEncoderSettings:
    """Settings of `train_cross_encoder`.

    Attributes:
        epochs: Passes over the pairs.
        batch_queries: Queries of a step.
        negatives: Hard negatives of a query, from BM25 and, where one is given, from an encoder.
        negative_depth: Ranks that they are drawn from.
        learning_rate: Peak of the backbone's rate.
        head_learning_rate: Peak of the rate of the linear layer.
        weight_decay: Of AdamW, on matrices.
        warmup_share: Share of the steps in which the rate rises from 0.
        decay: How the rate falls after it.
        clip_norm: Largest norm of the gradients.
        accumulation_steps: Batches whose gradients make one update.
        jit_compile: Whether XLA compiles the step, once for each length.
        lengths: Lengths in tokens that pairs are padded to, rising.
        maximum_pairs: Most pairs that are used.
        maximum_steps: Most batches altogether.
        validation_share: Share of the queries that is held out where no validation pairs are given.
        reranked: Documents that BM25 gives for a held-out query and the cross-encoder orders anew.
        patience: Epochs without a better held-out MRR@10 until training ends.
        seed: Of all draws.
    """

    epochs: int = 2
    batch_queries: int = 16
    negatives: int = 4
    negative_depth: int = 30
    learning_rate: float = 3e-5
    head_learning_rate: float = 1e-3
    weight_decay: float = 0.01
    warmup_share: float = 0.1
    decay: Literal["linear", "cosine", "constant"] = "linear"
    clip_norm: float = 1.0
    accumulation_steps: int = 1
    jit_compile: bool = False
    lengths: tuple[int, ...] = (32, 64, 96, 128)
    maximum_pairs: int = 100_000
    maximum_steps: int = 2_000
    validation_share: float = 0.1
    reranked: int = 20
    patience: int = 1
    seed: int = 1

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            ValueError: A value is out of range.
        """
        whole = ("epochs", "batch_queries", "negatives", "negative_depth", "accumulation_steps")
        for name in (*whole, "maximum_pairs", "maximum_steps", "reranked", "patience"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}, must be at least 1")
        for name in ("warmup_share", "validation_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is {getattr(self, name)}, must be 0 to 1")
        if not self.lengths or list(self.lengths) != sorted(set(self.lengths)):
            raise ValueError(f"lengths is {list(self.lengths)}, must be rising")

    def as_dict(self) -> dict[str, Any]:
        """The settings as JSON can hold them."""
        return asdict(self)
