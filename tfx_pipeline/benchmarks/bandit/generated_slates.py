"""Generated logs of slates whose policies have a known value: what off-policy estimates are checked against."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tfx_pipeline.evaluation.off_policy import EvaluationPolicy, LoggedSlots

# Worlds and logs have streams of their own, also of the bootstrap's, for equal seeds.
_WORLD, _LOG = 1, 2


@dataclass(frozen=True, eq=False)
class GeneratedLog:
    """A generated log with all that any estimator may ask; R rows, sorted by request and slot.

    Attributes:
        log: What was shown and earned.
        evaluation: What the other policy would have done.
        actions: The item shown; [R] int64.
        distribution: Evaluation propensity of every item in the row's slot; [R, A] float64.
        estimates: Estimated reward of every item in the row's slot; [R, A] float64.
    """

    log: LoggedSlots
    evaluation: EvaluationPolicy
    actions: NDArray[np.int64]
    distribution: NDArray[np.float64]
    estimates: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class GeneratedSlates:
    """A world in which a slot's item is drawn given the context alone, and clicks depend on context, slot and item.

    Attributes:
        logging: Propensities of the logging policy; [C, K, A] float64, each slot sums to 1.
        evaluation: The same of the policy to be evaluated.
        click_rates: Probability of a click; [C, K, A] float64.
        estimated: What the reward model believes of it; [C, K, A] float64.
    """

    logging: NDArray[np.float64]
    evaluation: NDArray[np.float64]
    click_rates: NDArray[np.float64]
    estimated: NDArray[np.float64]

    @classmethod
    def draw(cls, slots: int, seed: int, model_error: float, contexts: int = 4, items: int = 6) -> "GeneratedSlates":
        """A world.

        Args:
            slots: Slots of a slate, K.
            seed: Equal seeds give equal worlds, but for the reward model.
            model_error: Standard deviation of the reward model's relative error; 0: it knows the click rates.
            contexts: Number of contexts, C, all as frequent.
            items: Number of items, A.
        """
        random = np.random.default_rng((seed, _WORLD))
        shape = (contexts, slots, items)
        logging, evaluation = (_softmax(scale * random.normal(size=shape)) for scale in (0.5, 0.8))
        click_rates = random.uniform(0.05, 0.6, shape)
        return cls(logging, evaluation, click_rates, click_rates * (1 + model_error * random.normal(size=shape)))

    @property
    def value(self) -> float:
        """The evaluation policy's true mean number of clicks of a request."""
        return float((self.evaluation * self.click_rates).sum() / len(self.evaluation))

    def log(self, requests: int, seed: int) -> GeneratedLog:
        """What the logging policy shows and earns in `requests` requests."""
        random = np.random.default_rng((seed, _LOG))
        slots = self.logging.shape[1]
        context = np.repeat(random.integers(len(self.logging), size=requests), slots)
        slot = np.tile(np.arange(slots), requests)
        cumulative = self.logging[context, slot].cumsum(axis=1)
        # Rounding may leave the last sum a little below 1.
        actions = np.minimum((random.random((len(slot), 1)) >= cumulative).sum(axis=1), self.logging.shape[2] - 1)
        clicks = random.random(len(slot)) < self.click_rates[context, slot, actions]
        log = LoggedSlots(
            clicks.astype(np.float64),
            self.logging[context, slot, actions],
            slot,
            np.repeat(np.arange(requests), slots),
        )
        distribution, estimates = self.evaluation[context, slot], self.estimated[context, slot]
        rows = np.arange(len(slot))
        evaluation = EvaluationPolicy(
            distribution[rows, actions], estimates[rows, actions], (distribution * estimates).sum(axis=1)
        )
        return GeneratedLog(log, evaluation, actions, distribution, estimates)


def _softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)
