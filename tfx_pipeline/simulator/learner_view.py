"""What learners see of the generated shop: tastes and traits in other coordinates, with errors; no qualities."""

from dataclasses import dataclass

import numpy as np

from tfx_pipeline.simulator.hidden_truth import Array, HiddenTruth, Rows

_VIEW_STREAM = 2


@dataclass(frozen=True, eq=False)
class LearnerView:
    """Features of users and items, as embeddings learned from text and history would be.

    Both are the hidden vectors, each turned by a random rotation of its own and blurred by normal errors, one a user
    and one an item, that stay. How users and items match must be learned, and quality is not there at all.

    Attributes:
        truth: The hidden shop.
        user_rotation: Orthogonal, [T, T] float64.
        user_errors: [U, T] float64.
        item_features: What is seen of every item, [V, T] float64.
    """

    truth: HiddenTruth
    user_rotation: Array
    user_errors: Array
    item_features: Array

    @classmethod
    def of(cls, truth: HiddenTruth) -> "LearnerView":
        """The view of this shop; the same shop gives the same view."""
        settings = truth.settings
        random = np.random.default_rng([settings.seed, _VIEW_STREAM])
        user_rotation, item_rotation = (_rotation(random, settings.tastes) for _ in range(2))
        item_errors = settings.view_noise * random.standard_normal(truth.traits.shape)
        user_errors = settings.view_noise * random.standard_normal(truth.first_tastes.shape)
        return cls(truth, user_rotation, user_errors, truth.traits @ item_rotation + item_errors)

    def user_features(self, users: Rows, days: Array) -> Array:
        """What is seen of users at that time, [..., T] float64."""
        return self.truth.tastes(users, days) @ self.user_rotation + self.user_errors[users]


def _rotation(random: np.random.Generator, size: int) -> Array:
    return np.linalg.qr(random.standard_normal((size, size)))[0]
