"""What decides how an encoder is fine-tuned for search."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

_SHARES = ("warmup_share", "validation_share", "distillation_weight", "lexical_share")
_AT_LEAST_ONE = (
    "epochs",
    "batch_pairs",
    "negative_depth",
    "accumulation_steps",
    "maximum_pairs",
    "maximum_steps",
    "patience",
    "length_pool",
    "neighbour_group",
)
_FROM_ZERO = (
    "lexical_negatives",
    "encoder_negatives",
    "skipped_ranks",
    "inverse_cloze_pairs",
    "lexical_weight",
    "cosine_weight",
    "weight_decay",
    "learning_rate",
    "head_learning_rate",
)
_ABOVE_ZERO = ("temperature", "clip_norm")
_CHOICES = {
    "decay": ("linear", "cosine", "constant"),
    "distillation_loss": ("kl", "margin_mse"),
    "judged_by": ("cosine", "with_bm25"),
}
_LENGTH_GROUPS = 4


@dataclass(frozen=True)
class SearchTrainingSettings:
    """Settings of `train_search`.

    Attributes:
        epochs: Passes over the pairs.
        batch_pairs: Pairs of a step; the answer to one query is a wrong answer to the others.
        temperature: What the cosines are divided by before the softmax.
        both_directions: Whether a document has to find its query among the batch's, too.
        lexical_negatives: Wrong answers a pair that BM25 ranks high.
        encoder_negatives: Wrong answers a pair that the encoder as it stands ranks high; found anew each epoch.
        negative_depth: Ranks that hard negatives are drawn from.
        memory: Whether all documents, as they were last encoded, are wrong answers to every query as well.
        lexical_share: Share of the loss in which BM25 helps to find the answer, 0 to 1: the encoder then learns what
            words alone do not tell.
        lexical_weight: What a point of BM25 adds to the logits there.
        cosine_weight: What the cosine over the temperature counts there.
        train_embeddings: Whether the embeddings of words and positions are trained.
        skipped_ranks: First ranks that are left out, as unlabelled answers are frequent there.
        distillation_weight: Share of the teacher in the loss, 0 to 1; only where a teacher is given.
        distillation_loss: `kl` compares the distributions over a query's own candidates, `margin_mse` the margins.
        learning_rate: Peak of the backbone's rate.
        head_learning_rate: Peak of the rate of what is not the backbone: the projection.
        weight_decay: Of AdamW, on matrices.
        warmup_share: Share of the steps in which the rate rises from 0.
        decay: How the rate falls after it.
        clip_norm: Largest norm of the gradients.
        accumulation_steps: Batches whose gradients make one update. In-batch wrong answers stay those of one batch.
        jit_compile: Whether XLA compiles the step, once for each pair of lengths.
        query_lengths: Lengths in tokens that queries are padded to, rising.
        document_lengths: Lengths in tokens that documents are padded to, rising.
        length_pool: Batches that are drawn together and cut by length; 1 leaves the batches to chance alone.
        neighbour_group: Above 1, batches are made of so many documents that are near by the encoder's cosine at the
            start, in place of documents of like length; an epoch then has one pair of each document.
        inverse_cloze_pairs: Further pairs an epoch of some words of a document and the document.
        maximum_pairs: Most pairs that are used.
        maximum_steps: Most batches altogether.
        judged_by: What the held-out MRR@10 is of: the encoder's cosine, or `with_bm25` its sum with BM25, both scaled
            to 0 to 1. An encoder that adds more to BM25 may be the worse one alone.
        validation_share: Share of the queries that is held out where no validation pairs are given.
        patience: Epochs without a better held-out MRR@10 until training ends.
        seed: Of all draws.
    """

    epochs: int = 3
    batch_pairs: int = 32
    temperature: float = 0.05
    both_directions: bool = False
    lexical_negatives: int = 1
    encoder_negatives: int = 1
    negative_depth: int = 30
    skipped_ranks: int = 0
    memory: bool = False
    lexical_share: float = 0.0
    lexical_weight: float = 0.7
    cosine_weight: float = 0.6
    train_embeddings: bool = True
    distillation_weight: float = 0.5
    distillation_loss: Literal["kl", "margin_mse"] = "kl"
    learning_rate: float = 5e-5
    head_learning_rate: float = 1e-3
    weight_decay: float = 0.01
    warmup_share: float = 0.1
    decay: Literal["linear", "cosine", "constant"] = "linear"
    clip_norm: float = 1.0
    accumulation_steps: int = 1
    jit_compile: bool = False
    query_lengths: tuple[int, ...] = (16, 32)
    document_lengths: tuple[int, ...] = (32, 64, 96, 128)
    length_pool: int = 16
    neighbour_group: int = 1
    inverse_cloze_pairs: int = 0
    maximum_pairs: int = 100_000
    maximum_steps: int = 2_000
    judged_by: Literal["cosine", "with_bm25"] = "with_bm25"
    validation_share: float = 0.1
    patience: int = 2
    seed: int = 1

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            ValueError: A value is out of range.
        """
        for names, holds, rule in (
            (_AT_LEAST_ONE, lambda value: value >= 1, "at least 1"),
            (_FROM_ZERO, lambda value: value >= 0, "0 or more"),
            (_ABOVE_ZERO, lambda value: value > 0, "above 0"),
            (_SHARES, lambda value: 0 <= value <= 1, "0 to 1"),
        ):
            for name in names:
                if not holds(getattr(self, name)):
                    raise ValueError(f"{name} is {getattr(self, name)}, must be {rule}")
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in choices:
                raise ValueError(f"{name} is {getattr(self, name)!r}, must be one of {', '.join(choices)}")
        for name in ("query_lengths", "document_lengths"):
            lengths = getattr(self, name)
            if not lengths or list(lengths) != sorted(set(lengths)) or lengths[0] < 3:
                raise ValueError(f"{name} is {list(lengths)}, must be rising lengths from 3 on")
        if self.neighbour_group > 1 and self.inverse_cloze_pairs:
            raise ValueError(f"neighbour_group is {self.neighbour_group}, must be 1 with inverse_cloze_pairs above 0")

    @property
    def length_groups(self) -> int:
        """Parts that the documents of a batch are padded in: XLA would compile a step for each set of lengths."""
        return 1 if self.jit_compile else _LENGTH_GROUPS

    @property
    def hard_negatives(self) -> int:
        """Hard negatives of a pair, of both kinds."""
        return self.lexical_negatives + self.encoder_negatives

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "SearchTrainingSettings":
        """Settings from what JSON gives back; what is not named has its default.

        Raises:
            ValueError: A name is unknown, or a value out of range.
        """
        unknown = sorted(set(values) - set(cls.__dataclass_fields__))
        if unknown:
            raise ValueError(f"{unknown[0]}: no such setting of the fine-tuning")
        fields: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in values.items()
        }
        return cls(**fields)

    def as_dict(self) -> dict[str, Any]:
        """The settings as JSON can hold them."""
        return asdict(self)
