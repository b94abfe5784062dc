"""What pretraining tells of itself: the perplexity on held-out text before, between and at its best."""

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class PretrainingEvaluation:
    """A measurement on the held-out text.

    Attributes:
        step: Updates so far.
        perplexity: Exponential of the mean cross-entropy of a token to guess, in pieces of the vocabulary.
        training_loss: Mean cross-entropy of the tokens to guess in training since the measurement before; none before
            the first update.
        sentence_accuracy: Share of the pairs that were told right; none without next-sentence prediction.
    """

    step: int
    perplexity: float
    training_loss: float | None = None
    sentence_accuracy: float | None = None


@dataclass(frozen=True)
class PretrainingHistory:
    """The course of a pretraining.

    Attributes:
        texts: Texts and pairs that were trained on.
        held_out: Texts and pairs that were held out.
        heads: Weights of the heads that the checkpoint had; the other heads began at random.
        evaluations: The measurements; the first is before the first update.
    """

    texts: int
    held_out: int
    heads: tuple[str, ...]
    evaluations: tuple[PretrainingEvaluation, ...]

    @property
    def perplexity_before(self) -> float:
        """Perplexity before the first update; with a head that begins at random it is near the vocabulary's size."""
        return self.evaluations[0].perplexity

    @property
    def best(self) -> PretrainingEvaluation:
        """The measurement with the lowest perplexity, whose weights the encoder has."""
        return min(self.evaluations, key=lambda each: (math.isnan(each.perplexity), each.perplexity))

    def save(self, path: Path) -> None:
        """Write a JSON file."""
        derived = {"perplexity_before": self.perplexity_before, "best": asdict(self.best)}
        path.write_text(json.dumps({**asdict(self), **derived}, indent=2) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> "PretrainingHistory":
        """Read what `save` wrote."""
        document = json.loads(path.read_text(encoding="utf-8"))
        evaluations = tuple(PretrainingEvaluation(**each) for each in document["evaluations"])
        return cls(document["texts"], document["held_out"], tuple(document["heads"]), evaluations)
