"""Our learner on a stream of requests: the product's posterior, and its policies in NumPy, one slot a request."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tfx_pipeline.benchmarks.bandit.simulated_stream import BATCH, Array, Rows, SimulatedStream
from trainer.bandit.posterior import LinearPosterior

PolicyName = Literal["greedy", "epsilon_greedy", "thompson", "lin_ucb"]


@dataclass(frozen=True)
class LearnerSettings:
    """What our learner starts from.

    Attributes:
        prior_precision: Of every weight, in 1 / utility^2.
        item_precision: Of every item's own intercept, in 1 / utility^2.
        noise_variance: Of one outcome, in utility^2. The smaller it is, the sooner the posterior is sure.
        epsilon: Share of uniform choices of epsilon-greedy.
        linucb_alpha: Standard deviations that LinUCB adds.
    """

    prior_precision: float
    item_precision: float
    noise_variance: float
    epsilon: float = 0.1
    linucb_alpha: float = 1.0


class ItemTables(NamedTuple):
    """`LinearPosterior.item_arrays` of the catalogue: offset [V + 1], centre [V + 1, D], spread [V + 1] float32."""

    offset: NDArray[np.float32]
    centre: NDArray[np.float32]
    spread: NDArray[np.float32]


def pair_features(user_features: Array, item_features: Array) -> Array:
    """The features of user and item, all products of the two, and a constant.

    Args:
        user_features: [B, T].
        item_features: [B, N, T].

    Returns:
        [B, N, 2 T + T^2 + 1] float64.
    """
    users = np.broadcast_to(user_features[:, None], item_features.shape)
    products = (users[..., :, None] * item_features[..., None, :]).reshape(*item_features.shape[:2], -1)
    return np.concatenate([users, item_features, products, np.ones((*item_features.shape[:2], 1))], axis=2)


class Chooser:
    """The policies of `trainer.bandit` for one slot, in NumPy: the same formulas, thousands of requests a second.

    The model is that of `LinearPosterior`: utility = offset_i + (phi - centre_i) . w + spread_i e_i.
    """

    def __init__(self, posterior: LinearPosterior, item_names: Sequence[str], settings: LearnerSettings) -> None:
        """Take a belief about the items of a catalogue."""
        self._posterior = posterior
        self._items = ItemTables(*posterior.item_arrays(item_names))
        self._settings = settings

    def choose(self, policy: PolicyName, features: Array, rows: Rows, random: np.random.Generator) -> Rows:
        """Choose one candidate for every request.

        Args:
            policy: Its name.
            features: phi, [B, N, D].
            rows: Catalogue rows of the candidates, [B, N] int64, different from each other within a request.
            random: Draws what the policy needs.

        Returns:
            Positions among the candidates, [B] int64; ties go to the lower position.
        """
        centred = features - self._items.centre[rows]
        utility = self._items.offset[rows] + centred @ self._posterior.mean
        if policy == "thompson":
            utility = utility + self._deviation(centred, rows, random)
        elif policy == "lin_ucb":
            utility = utility + self._settings.linucb_alpha * self._standard_deviation(centred, rows)
        best = utility.argmax(axis=1)
        if policy == "epsilon_greedy":
            uniform = random.integers(features.shape[1], size=len(best))
            return np.where(random.random(len(best)) < self._settings.epsilon, uniform, best)
        return best

    def _deviation(self, centred: Array, rows: Rows, random: np.random.Generator) -> Array:
        """One draw of all weights a request, and one of each candidate's intercept, less their means; [B, N]."""
        shape = (len(centred), centred.shape[2])
        weights = random.standard_normal(shape) @ self._posterior.covariance_factor.T
        own = self._items.spread[rows] * random.standard_normal(rows.shape)
        return np.einsum("bnd,bd->bn", centred, weights) + own

    def _standard_deviation(self, centred: Array, rows: Rows) -> Array:
        """Of each candidate's mean utility, [B, N]."""
        shared = ((centred @ self._posterior.covariance_factor) ** 2).sum(axis=2)
        return np.sqrt(shared + self._items.spread[rows] ** 2)


def learn(stream: SimulatedStream, policy: PolicyName, seed: int, settings: LearnerSettings) -> Rows:
    """Go through the stream from the first request to the last.

    The outcomes of each batch of requests are folded in by `LinearPosterior.update` before the next batch is chosen:
    an exact update, so nothing is approximated by doing it a batch at a time but the delay.

    Args:
        stream: What is asked, and what comes of it.
        policy: What chooses.
        seed: Of the policy's draws.
        settings: What is believed before the first outcome.

    Returns:
        The position among the candidates that was chosen for each request, [R] int64.
    """
    random = np.random.default_rng(seed)
    width = stream.item_features.shape[1]
    posterior = LinearPosterior.prior(
        2 * width + width**2 + 1, settings.prior_precision, settings.noise_variance, settings.item_precision
    )
    choices = np.zeros(len(stream.candidates), np.int64)
    for first in range(0, len(choices), BATCH):
        batch = slice(first, first + BATCH)
        rows = stream.candidates[batch]
        features = pair_features(stream.user_features[batch], stream.item_features[rows])
        chosen = Chooser(posterior, stream.item_names, settings).choose(policy, features, rows, random)
        each = np.arange(len(chosen))
        names = [stream.item_names[row] for row in rows[each, chosen].tolist()]
        posterior = posterior.update(features[each, chosen], stream.clicks[batch][each, chosen], names)
        choices[batch] = chosen
    return choices
