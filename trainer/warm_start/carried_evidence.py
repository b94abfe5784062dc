"""What an earlier posterior has learned, as evidence for the one of a ranker that was trained further."""

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from trainer.bandit.evidence import Evidence
from trainer.bandit.item_evidence import ItemEvidence
from trainer.bandit.posterior import LinearPosterior
from trainer.warm_start.feature_map import FeatureMap

_LEAST_COUNT = 1e-9
"""Evidence about an item below this has been forgotten."""


def carried_evidence(
    posterior: LinearPosterior, prior_precision: float, item_ids: Collection[str], by: FeatureMap, kept: float
) -> Evidence:
    """The evidence of an earlier posterior in the features of today, partly forgotten.

    The evidence is what the posterior holds beyond its prior: G = noise x (precision - prior) and m = noise x moment
    (Bishop, PRML, equations 3.50 and 3.51, solved for the sums). It is about features and errors of a ranker that has
    moved since. With today's features A phi and the error r - d . phi (`FeatureMap`), the same rows would have given

        A G A^T and A (m - G d),

    and for an item with the sums f of its features and s of its errors A f and s - d . f. All of it is multiplied by
    `kept`, the factor of exponential forgetting (West and Harrison 1997, Bayesian Forecasting and Dynamic Models,
    section 6.3: a discount factor on the precision), and by the share of the features that the map explains: what the
    map says nothing of is not known any more.

    The own evidence of items that have left the catalogue is integrated out first, which leaves the belief about the
    weights as it is.

    Args:
        posterior: The earlier posterior.
        prior_precision: Of every weight in it, before any evidence.
        item_ids: Today's catalogue.
        by: What became of the features.
        kept: Share that is kept, above 0 and at most 1.

    Returns:
        Sums for `LinearPosterior.with_evidence`. They do not count rows: no noise can be estimated from them.

    Raises:
        ValueError: `kept` is no such share, or the map is about other features.
    """
    if not 0 < kept <= 1:
        raise ValueError(f"kept: above 0 and at most 1, got {kept}")
    size = posterior.moment.size
    if by.shift.size != size:
        raise ValueError(f"by: maps {by.shift.size} features, the posterior has {size}")
    current = _without_items(posterior, item_ids)
    noise, share = current.noise_variance, kept * by.explained
    gram = noise * (current.precision - prior_precision * np.eye(size))
    cross = noise * current.moment - gram @ by.shift
    mapped = by.matrix @ gram @ by.matrix.T
    return Evidence(
        gram=share * (mapped + mapped.T) / 2,
        cross=share * (by.matrix @ cross),
        items=_mapped_items(current.item_evidence, by, share),
    )


def _without_items(posterior: LinearPosterior, item_ids: Collection[str]) -> LinearPosterior:
    """The posterior with the intercepts of all other items integrated out (a Schur complement, block by block)."""
    items, known = posterior.item_evidence, set(item_ids)
    stays = np.array([item_id in known for item_id in items.ids], bool)
    gone = ~stays
    scaled = items.features[gone] / (posterior.noise_variance * np.sqrt(posterior.items.precision[gone]))[:, None]
    centre = posterior.items.centre[gone]
    return replace(
        posterior,
        precision=posterior.precision - scaled.T @ scaled,
        moment=posterior.moment - centre.T @ items.residuals[gone] / posterior.noise_variance,
        item_evidence=items.at(np.flatnonzero(stays)),
    )


def _mapped_items(items: ItemEvidence, by: FeatureMap, share: float) -> ItemEvidence:
    kept = items.at(np.flatnonzero(share * items.counts > _LEAST_COUNT))
    return ItemEvidence(
        ids=kept.ids,
        counts=share * kept.counts,
        features=share * (kept.features @ by.matrix.T),
        residuals=share * (kept.residuals - kept.features @ by.shift),
    )
