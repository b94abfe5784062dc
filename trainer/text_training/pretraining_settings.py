"""What decides how an encoder is pretrained on a shop's text."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

_FROM_ZERO = ("epochs", "maximum_steps", "next_sentence_weight", "weight_decay")
_AT_LEAST_ONE = ("batch_tokens", "evaluate_every", "patience", "maximum_held_out")
_ABOVE_ZERO = ("learning_rate", "clip_norm")
_SHARES = ("masked_share", "held_out_share")
PRECISIONS = ("float32", "mixed_bfloat16")


@dataclass(frozen=True)
class PretrainingSettings:
    """Settings of `pretrain`.

    Attributes:
        epochs: Most passes over the texts; 0 is off.
        maximum_steps: Most updates; 0 is off.
        masked_share: Share of the words that the model has to guess.
        next_sentence_weight: Weight of next-sentence prediction in the loss; 0 leaves it, and the pairs, out.
        batch_tokens: Tokens of a batch, padding included.
        learning_rate: Peak of the rate.
        warmup_share: Share of the steps in which the rate rises from 0; it falls in a line to 0 after it.
        weight_decay: Of AdamW, on matrices.
        clip_norm: Largest norm of the gradients.
        held_out_share: Share of the texts that is not trained on and measures the perplexity.
        maximum_held_out: Most texts that are held out.
        evaluate_every: Steps between two measurements.
        patience: Measurements without a lower perplexity until training ends.
        precision: `float32` or `mixed_bfloat16`; the weights are float32 in both.
        jit_compile: Whether XLA compiles the step, once for each length that batches are padded to.
        seed: Of all draws.
    """

    epochs: int = 10
    maximum_steps: int = 0
    masked_share: float = 0.15
    next_sentence_weight: float = 0.0
    batch_tokens: int = 2048
    learning_rate: float = 1e-4
    warmup_share: float = 0.1
    weight_decay: float = 0.01
    clip_norm: float = 1.0
    held_out_share: float = 0.05
    maximum_held_out: int = 1000
    evaluate_every: int = 50
    patience: int = 3
    precision: Literal["float32", "mixed_bfloat16"] = "float32"
    jit_compile: bool = False
    seed: int = 1

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            ValueError: A value is out of range.
        """
        for names, holds, rule in (
            (_FROM_ZERO, lambda value: value >= 0, "0 or more"),
            (_AT_LEAST_ONE, lambda value: value >= 1, "at least 1"),
            (_ABOVE_ZERO, lambda value: value > 0, "above 0"),
            (_SHARES, lambda value: 0 < value < 1, "between 0 and 1"),
            (("warmup_share",), lambda value: 0 <= value <= 1, "0 to 1"),
        ):
            for name in names:
                if not holds(getattr(self, name)):
                    raise ValueError(f"{name} is {getattr(self, name)}, must be {rule}")
        if self.precision not in PRECISIONS:
            raise ValueError(f"precision is {self.precision!r}, must be one of {', '.join(PRECISIONS)}")

    @property
    def is_off(self) -> bool:
        """Whether nothing is trained."""
        return not (self.epochs and self.maximum_steps)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "PretrainingSettings":
        """Settings from what JSON gives back; what is not named has its default.

        Raises:
            ValueError: A name is unknown, or a value out of range.
        """
        unknown = sorted(set(values) - set(cls.__dataclass_fields__))
        if unknown:
            raise ValueError(f"{unknown[0]}: no such setting of the pretraining")
        return cls(**values)

    def as_dict(self) -> dict[str, Any]:
        """The settings as JSON can hold them."""
        return asdict(self)
