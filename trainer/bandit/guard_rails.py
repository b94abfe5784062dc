"""Guard rails: what no policy may do, in one place for all of them."""

import tensorflow as tf

from trainer.bandit.belief import Belief
from trainer.bandit.greedy import GreedyPolicy
from trainer.bandit.slate import Policy, Slate, best

_ROUNDING = 1e-6
"""Share x K is rounded up only where it is above an integer by more than float32's rounding."""


def hold_back(belief: Belief, predicted_utility: tf.Tensor, minimum_relevance: float) -> Belief:
    """The belief with nothing to explore where exploration is not allowed: no deviation from the mean, no bonus.

    A candidate is held back where `explorable` says so already, or where its predicted utility is below the relevance
    floor, minimum_relevance x the best predicted utility of its row. A best below 0 lowers the floor instead, by the
    same share of its size: best - (1 - minimum_relevance) |best|. At minimum_relevance 0 there is no floor.

    Args:
        belief: B rows of N candidates.
        predicted_utility: The ranker's utility, [B, N] float32.
        minimum_relevance: 0 to 1.
    """
    explorable = belief.explorable
    if minimum_relevance > 0:
        present = tf.math.is_finite(belief.utility)
        top = tf.reduce_max(tf.where(present, predicted_utility, -float("inf")), axis=1, keepdims=True)
        explorable &= predicted_utility >= top - (1.0 - minimum_relevance) * tf.abs(top)
    return belief._replace(
        features=tf.where(explorable[..., None], belief.features, 0.0),
        spread=tf.where(explorable, belief.spread, 0.0),
        explorable=explorable,
    )


class ExploredSlots:
    """A policy that is kept to the last slots: those before them are greedy's, with propensity 1."""

    def __init__(self, policy: Policy, explored_share: float) -> None:
        """Wrap a policy.

        Args:
            policy: Orders what greedy leaves.
            explored_share: Share of the slots that are the policy's, 0 to 1, rounded up to a whole number of slots.
        """
        self._greedy = GreedyPolicy()
        self._policy: Policy = policy if explored_share > 0 else self._greedy
        self._share = explored_share

    def choose(self, belief: Belief, k: tf.Tensor, seed: tf.Tensor) -> Slate:
        """Choose as `Policy.choose` says."""
        if self._share in (0.0, 1.0):
            return self._policy.choose(belief, k, seed)
        sure = k - self._explored(k)
        first = self._greedy.choose(belief, sure, seed)
        left = without_best(belief, sure)
        second = self._policy.choose(left, k - sure, seed)
        return Slate(*(tf.concat(parts, axis=1) for parts in zip(first, second, strict=True)))

    def distribution(self, belief: Belief, k: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """P(candidate n in slot j | context), [B, N, K] float32."""
        if self._share in (0.0, 1.0):
            return self._policy.distribution(belief, k, seed)
        sure = k - self._explored(k)
        first = self._greedy.distribution(belief, sure, seed)
        return tf.concat([first, self._policy.distribution(without_best(belief, sure), k - sure, seed)], axis=2)

    def _explored(self, k: tf.Tensor) -> tf.Tensor:
        return tf.cast(tf.math.ceil(self._share * tf.cast(k, tf.float32) * (1.0 - _ROUNDING)), tf.int32)


def without_best(belief: Belief, count: tf.Tensor) -> Belief:
    """The belief with the `count` candidates of highest mean utility of each row taken out."""
    _, positions = best(belief.utility, count)
    taken = tf.reduce_any(tf.one_hot(positions, tf.shape(belief.utility)[1], on_value=True, off_value=False), axis=1)
    return belief._replace(
        utility=tf.where(taken, -float("inf"), belief.utility), explorable=belief.explorable & ~taken
    )
