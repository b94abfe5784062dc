"""The bandit posterior before any feedback: what mined candidates say about the ranker's errors."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from trainer.bandit.evidence import Evidence, append_constant
from trainer.bandit.intercept_variance import intercept_variance
from trainer.bandit.posterior import LinearPosterior
from trainer.hyperparameters import Hyperparameters
from trainer.ranker import Ranker
from trainer.utility import Utility

_LEAST_VARIANCE = 1e-4
"""Of the intercepts, in utility^2: where the mined candidates show no difference between items, a new item still has
one of its own."""


def posterior_of(
    ranker: Ranker,
    mined: tf.data.Dataset,
    settings: Hyperparameters,
    item_ids: Sequence[str],
    utility: Utility | None = None,
) -> LinearPosterior:
    """The bandit posterior from one pass over mined candidates.

    Each candidate is a row of evidence about the residual: observed utility minus the ranker's, as it was before its
    calibration. Later cases asked for that correction; these earlier ones would only undo it.

    Args:
        ranker: The trained ranker.
        mined: Batches as it was trained with, with the rows of the candidates.
        settings: Objectives and the section `bandit`.
        item_ids: The shop's ids by catalogue row, for the own intercepts of items.
        utility: What the objectives are worth; None for their weights alone.
    """
    utility = utility or Utility(list(settings.objective_weights.values()), np.zeros((0, 0), np.float32))
    evidence = Evidence.none(ranker.width + 1)
    ids = np.asarray(item_ids, dtype=object)
    for inputs, labels in mined:
        last_layer = ranker.last_layer(inputs)
        logits = ranker.logits_of(last_layer, inputs.get("positions"))
        predicted = utility(tf.sigmoid(logits), inputs["rows"])
        exists = labels.numpy()[:, :, 0] >= 0
        residuals = (utility(labels, inputs["rows"]) - predicted).numpy()[exists]
        shown = np.full(len(residuals), settings.bandit["evidence_weight"])
        named = ids[inputs["rows"].numpy()[exists]]
        evidence = evidence.add(append_constant(last_layer.numpy()[exists]), residuals, named, shown)
    return _posterior(evidence, settings.bandit)


def _posterior(evidence: Evidence, bandit: dict[str, Any]) -> LinearPosterior:
    """The posterior with the configured precision of the items' own intercepts, or with the one that they show."""
    noise = evidence.noise_variance(bandit["prior_precision"])
    precision = bandit["item_precision"]
    if precision is None:
        variance = intercept_variance(evidence.items, noise, bandit["evidence_weight"])
        precision = 1.0 / max(variance, _LEAST_VARIANCE)
    return LinearPosterior.from_evidence(evidence, bandit["prior_precision"], noise, precision)
