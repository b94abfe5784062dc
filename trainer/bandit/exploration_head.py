"""The exploration head of the servable: the posterior in variables and the policies by name."""

import numpy as np
import tensorflow as tf

from trainer.bandit.greedy import GreedyPolicy
from trainer.bandit.posterior import LinearPosterior
from trainer.bandit.slate import Policy, Slate, empty_slate
from trainer.bandit.thompson import ThompsonPolicy


class ExplorationHead(tf.Module):
    """Dispatches every row to the policy that it names. Core TensorFlow ops only.

    Attributes:
        mean: Posterior mean, [D] float32 variable.
        covariance_factor: F [D, D] float32 variable with F F^T = posterior covariance.
        default_policy: Policy of a row that names none.
    """

    def __init__(self, posterior: LinearPosterior, default_policy: str = "greedy", draws: int = 512) -> None:
        """Put the posterior into variables.

        Args:
            posterior: Belief about the weights; its D is the D of the features.
            default_policy: One of `policy_names`.
            draws: Monte Carlo draws behind a Thompson propensity.

        Raises:
            ValueError: There is no such policy, or `draws` is not positive.
        """
        super().__init__(name="exploration_head")
        self.mean = tf.Variable(posterior.mean, dtype=tf.float32, trainable=False, name="mean")
        self.covariance_factor = tf.Variable(
            posterior.covariance_factor, dtype=tf.float32, trainable=False, name="covariance_factor"
        )
        self._policies: dict[str, Policy] = {
            "greedy": GreedyPolicy(self.mean),
            "thompson": ThompsonPolicy(self.mean, self.covariance_factor, draws),
        }
        if default_policy not in self._policies:
            raise ValueError(f"default_policy: '{default_policy}' is not one of {', '.join(self.policy_names)}")
        self.default_policy = default_policy

    @property
    def policy_names(self) -> tuple[str, ...]:
        """Names that a row may ask for."""
        return tuple(self._policies)

    def set_posterior(self, posterior: LinearPosterior) -> None:
        """Swap in an updated posterior; a graph traced before sees it at its next call.

        Raises:
            ValueError: The dimension differs.
        """
        if posterior.mean.shape != tuple(self.mean.shape):
            raise ValueError(f"posterior: has {posterior.mean.size} features where {self.mean.shape[0]} are expected")
        self.mean.assign(posterior.mean.astype(np.float32))
        self.covariance_factor.assign(posterior.covariance_factor.astype(np.float32))

    def choose(
        self,
        policy_names: tf.Tensor,
        predicted_utility: tf.Tensor,
        features: tf.Tensor,
        valid: tf.Tensor,
        k: tf.Tensor,
        seed: tf.Tensor,
    ) -> Slate:
        """Choose a slate for every row by the policy that it names; a policy that no row names is not computed.

        Args:
            policy_names: [B] string; '' takes the default policy.
            predicted_utility: As in `Policy.choose`, like the arguments that follow.
            features: [B, N, D] float32.
            valid: [B, N] bool.
            k: Scalar int32.
            seed: [B] int64.

        Raises:
            tf.errors.InvalidArgumentError: A name is not one of `policy_names`; the message names it. Or k is negative.
        """
        resolved = tf.where(tf.equal(policy_names, ""), self.default_policy, policy_names)
        not_negative = tf.debugging.Assert(k >= 0, ["k: must not be negative:", k])
        # In eager mode an assertion raises at once and gives None, which is no dependency.
        checks = [check for check in (self._check(resolved), not_negative) if check is not None]
        with tf.control_dependencies(checks):
            resolved, k = tf.identity(resolved), tf.identity(k)
        slate = empty_slate(tf.shape(resolved)[0], k)
        for name, policy in self._policies.items():
            rows = tf.where(tf.equal(resolved, name))[:, 0]
            slate = _choose_rows(policy, slate, rows, (predicted_utility, features, valid), k, seed)
        return slate

    def _check(self, resolved: tf.Tensor) -> tf.Operation | None:
        known = tf.reduce_any(tf.equal(resolved[:, None], tf.constant(self.policy_names)[None, :]), axis=1)
        unknown = tf.unique(tf.boolean_mask(resolved, ~known)).y
        listed = tf.strings.reduce_join(unknown, separator=", ")
        message = tf.strings.join(["policy: ", listed, f" is not one of {', '.join(self.policy_names)}"])
        return tf.debugging.Assert(tf.reduce_all(known), [message])


def _choose_rows(
    policy: Policy,
    slate: Slate,
    rows: tf.Tensor,
    candidates: tuple[tf.Tensor, tf.Tensor, tf.Tensor],
    k: tf.Tensor,
    seed: tf.Tensor,
) -> Slate:
    """The slate with these rows [R] int64 chosen by the policy; the slate itself where there are none."""

    def chosen() -> Slate:
        predicted_utility, features, valid = (tf.gather(values, rows) for values in candidates)
        part = policy.choose(predicted_utility, features, valid, k, tf.gather(seed, rows))
        pairs = zip(slate, part, strict=True)
        return Slate(*(tf.tensor_scatter_nd_update(old, rows[:, None], new) for old, new in pairs))

    # Scattering into slates of no slots is an error.
    return tf.cond((tf.size(rows) > 0) & (k > 0), chosen, lambda: slate)
