"""The exploration head of the servable: the posterior in variables and the policies by name."""

from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

from trainer.bandit.belief import Belief, ItemTables, believe
from trainer.bandit.epsilon_greedy import EpsilonGreedyPolicy
from trainer.bandit.greedy import GreedyPolicy
from trainer.bandit.guard_rails import ExploredSlots, hold_back
from trainer.bandit.lin_ucb import LinUCBPolicy
from trainer.bandit.plackett_luce import plackett_luce
from trainer.bandit.posterior import LinearPosterior
from trainer.bandit.settings import POLICIES, ExplorationSettings
from trainer.bandit.slate import Policy, Slate, empty_slate
from trainer.bandit.slate_groups import Method, by_group
from trainer.bandit.square_cb import square_cb
from trainer.bandit.thompson import ThompsonPolicy


class ExplorationHead(tf.Module):
    """Dispatches every row to the policy that it names, behind the guard rails. Core TensorFlow ops only.

    Attributes:
        mean: Posterior mean of the shared weights, [D] float32 variable.
        covariance_factor: F [D, D] float32 variable with F F^T = their posterior covariance.
        item_offset: See `ItemTables.offset`, [V + 1] float32 variable.
        item_centre: See `ItemTables.centre`, [V + 1, D] float32 variable.
        item_spread: See `ItemTables.spread`, [V + 1] float32 variable.
        explorable_items: Whether an item of the catalogue may be explored, [V + 1] bool variable.
        settings: Settings of the policies and guard rails.
    """

    def __init__(self, posterior: LinearPosterior, item_ids: Sequence[str], settings: ExplorationSettings) -> None:
        """Put the posterior into variables.

        Args:
            posterior: Belief about the weights; its D is the D of the features.
            item_ids: Ids by catalogue row; the row after the last stands for every other item.
            settings: Settings of the policies and guard rails.
        """
        super().__init__(name="exploration_head")
        self.settings = settings
        # A string subclass would be tracked and saved as a list wrapper; a tuple of plain strings is left alone.
        self._item_ids = tuple(map(str, item_ids))
        self.mean = _variable(posterior.mean, "mean")
        self.covariance_factor = _variable(posterior.covariance_factor, "covariance_factor")
        offset, centre, spread = posterior.item_arrays(self._item_ids)
        self.item_offset = _variable(offset, "item_offset")
        self.item_centre = _variable(centre, "item_centre")
        self.item_spread = _variable(spread, "item_spread")
        never = set(settings.never_explore)
        explorable = np.array([*(item_id not in never for item_id in self._item_ids), True])
        self.explorable_items = tf.Variable(explorable, trainable=False, name="explorable_items")
        # An attribute of its own, by which what it holds is saved.
        self._thompson = ThompsonPolicy(self.covariance_factor, settings.draws)
        self._policies = self._guarded_policies()

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
        offset, centre, spread = posterior.item_arrays(self._item_ids)
        self.mean.assign(posterior.mean.astype(np.float32))
        self.covariance_factor.assign(posterior.covariance_factor.astype(np.float32))
        self.item_offset.assign(offset)
        self.item_centre.assign(centre)
        self.item_spread.assign(spread)

    def choose(
        self,
        policy_names: tf.Tensor,
        predicted_utility: tf.Tensor,
        features: tf.Tensor,
        rows: tf.Tensor,
        valid: tf.Tensor,
        k: tf.Tensor,
        seed: tf.Tensor,
    ) -> Slate:
        """Choose a slate for every row by the policy that it names; a policy that no row names is not computed.

        Args:
            policy_names: [B] string; '' takes the policy of the settings.
            predicted_utility: The ranker's utility, [B, N] float32.
            features: The ranker's last layer with the constant, [B, N, D] float32; see `with_constant`.
            rows: Catalogue rows of the candidates, 0 to V, [B, N] int32.
            valid: Whether there is a candidate, [B, N] bool; see `believe`.
            k: Length of each slate, [B] int32, or of all, scalar; not negative, may exceed N. K is the largest.
            seed: Seed of every row, [B] int64; equal seeds and equal rows give equal slates.

        Raises:
            tf.errors.InvalidArgumentError: A name is not one of `policy_names`; the message names it. Or k is negative.
        """
        belief = self.belief(predicted_utility, features, rows, valid)
        return Slate(*self._by_policy(lambda policy: policy.choose, empty_slate, policy_names, belief, k, seed))

    def distribution(
        self,
        policy_names: tf.Tensor,
        predicted_utility: tf.Tensor,
        features: tf.Tensor,
        rows: tf.Tensor,
        valid: tf.Tensor,
        k: tf.Tensor,
        seed: tf.Tensor,
    ) -> tf.Tensor:
        """P(candidate n in slot j | context), [B, N, K] float32: the propensities that `choose` reports.

        Takes and raises what `choose` does.
        """
        belief = self.belief(predicted_utility, features, rows, valid)
        candidates = tf.shape(belief.utility)[1]

        def nothing(count: tf.Tensor, length: tf.Tensor) -> Sequence[tf.Tensor]:
            return (tf.zeros([count, candidates, length]),)

        def distribution_of(policy: Policy) -> Method:
            return lambda *arguments: (policy.distribution(*arguments),)

        return self._by_policy(distribution_of, nothing, policy_names, belief, k, seed)[0]

    def belief(self, predicted_utility: tf.Tensor, features: tf.Tensor, rows: tf.Tensor, valid: tf.Tensor) -> Belief:
        """What the policies see of the candidates; arguments as in `choose`."""
        tables = ItemTables(
            *map(tf.convert_to_tensor, (self.item_offset, self.item_centre, self.item_spread, self.explorable_items))
        )
        belief = believe(predicted_utility, features, rows, valid, tf.convert_to_tensor(self.mean), tables)
        return hold_back(belief, predicted_utility, self.settings.minimum_relevance)

    def resolved(self, policy_names: tf.Tensor) -> tf.Tensor:
        """The names with the policy of the settings for '', [B] string."""
        return tf.where(tf.equal(policy_names, ""), self.settings.policy, policy_names)

    def _by_policy(
        self,
        method: Callable[[Policy], Method],
        nothing: Callable[[tf.Tensor, tf.Tensor], Sequence[tf.Tensor]],
        policy_names: tf.Tensor,
        belief: Belief,
        k: tf.Tensor,
        seed: tf.Tensor,
    ) -> Sequence[tf.Tensor]:
        """What a method of the policies says of every row: each is asked for the rows of one length that name it.

        Args:
            method: The method of a policy.
            nothing: Its results for a number of rows of one length, before any policy was asked. What has no
                candidate at all keeps them.
            policy_names: As in `choose`, like `k` and `seed`.
            belief: B rows.
            k: [B] or scalar.
            seed: [B].
        """
        resolved, lengths = self._checked(policy_names, k)
        so_far = nothing(tf.size(resolved), _longest(k))
        if belief.utility.shape[1] == 0:
            # Known beforehand, so the operations of the policies would not even be built.
            return so_far
        number = tf.argmax(resolved[:, None] == tf.constant(self.policy_names), axis=1, output_type=tf.int32)
        methods = [method(policy) for policy in self._policies.values()]
        return by_group(methods, (belief, number, seed), lengths, so_far)

    def _guarded_policies(self) -> dict[str, Policy]:
        settings = self.settings
        policies: tuple[Policy, ...] = (
            GreedyPolicy(),
            EpsilonGreedyPolicy(settings.epsilon),
            self._thompson,
            LinUCBPolicy(self.covariance_factor, settings.linucb_alpha),
            square_cb(settings.squarecb_gamma, settings.slate_samples),
            plackett_luce(settings.plackett_luce_temperature, settings.slate_samples),
        )
        guarded = (ExploredSlots(policy, settings.explored_share) for policy in policies)
        return dict(zip(POLICIES, guarded, strict=True))

    def _checked(self, policy_names: tf.Tensor, k: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """The resolved names and lengths, [B] each, which fail where one of them is not allowed."""
        resolved = self.resolved(policy_names)
        k = tf.broadcast_to(k, tf.shape(resolved))
        not_negative = tf.debugging.Assert(tf.reduce_all(k >= 0), ["k: must not be negative:", k])
        # In eager mode an assertion raises at once and gives None, which is no dependency.
        checks = [check for check in (self._check_names(resolved), not_negative) if check is not None]
        with tf.control_dependencies(checks):
            return tf.identity(resolved), tf.identity(k)

    def _check_names(self, resolved: tf.Tensor) -> tf.Operation | None:
        known = tf.reduce_any(tf.equal(resolved[:, None], tf.constant(self.policy_names)[None, :]), axis=1)
        unknown = tf.unique(tf.boolean_mask(resolved, ~known)).y
        listed = tf.strings.reduce_join(unknown, separator=", ")
        message = tf.strings.join(["policy: ", listed, f" is not one of {', '.join(self.policy_names)}"])
        return tf.debugging.Assert(tf.reduce_all(known), [message])


def _longest(k: tf.Tensor) -> tf.Tensor:
    return tf.reduce_max(tf.concat([tf.reshape(k, [-1]), [0]], axis=0))


def _variable(values: np.ndarray, name: str) -> tf.Variable:
    return tf.Variable(values, dtype=tf.float32, trainable=False, name=name)
