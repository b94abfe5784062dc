"""From probabilities that are conditioned on another objective to probabilities over all impressions."""

from collections.abc import Mapping, Sequence

import keras
from keras import ops

from trainer.objective_chain import chain_order


def entire_space_logits(
    conditional: keras.KerasTensor, objectives: Sequence[str], given: Mapping[str, str]
) -> keras.KerasTensor:
    """Logits of each objective over the whole impression space.

    ESMM (Ma et al. 2018, "Entire space multi-task model", equation 1): p(purchase) = p(click) p(purchase | click). Both
    factors are then learned from all impressions (equation 3); a purchase model that is learned from clicked
    impressions alone would be asked about others when it serves. With logits a and b of the two factors

        p / (1 - p) = 1 / (exp(-a) + exp(-b) + exp(-a - b)),

    so that no probability is formed, and none can round to 0 or 1.

    Args:
        conditional: Logits of each objective given the one that it is conditioned on, [..., O].
        objectives: Names of the O objectives.
        given: The objective that some of them are conditioned on.

    Returns:
        [..., O]; an objective without a condition keeps its logit.

    Raises:
        ValueError: The conditions name no objective or go in a circle.
    """
    logits = {name: conditional[..., number] for number, name in enumerate(objectives)}
    for name in chain_order({name: given.get(name) for name in objectives}):
        if name in given:
            one, other = -logits[given[name]], -logits[name]
            logits[name] = -ops.logaddexp(ops.logaddexp(one, other), one + other)
    return ops.stack([logits[name] for name in objectives], axis=-1)
