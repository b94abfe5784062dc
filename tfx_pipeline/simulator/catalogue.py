"""What the items of the generated shop are called, what they cost and where they stand."""

import numpy as np
import pandas as pd

from tfx_pipeline.simulator.hidden_truth import Array, HiddenTruth
from tfx_pipeline.simulator.marks import GENERATED, GENERATED_COLUMN, item_ids

_WORDS = (
    ("warm", "cool"),
    ("plain", "patterned"),
    ("light", "heavy"),
    ("small", "large"),
    ("soft", "firm"),
    ("quiet", "bright"),
    ("round", "square"),
    ("short", "long"),
)
"""A word for each sign of each trait; traits beyond these have no word."""

_KINDS = ("lamp", "chair", "scarf", "kettle", "puzzle", "basket")
_BRANDS = 8
_CATALOGUE_STREAM = 4


def prices(truth: HiddenTruth) -> Array:
    """Price of every item, [V] float64, in the shop's currency: log-normal, independent of all that is hidden."""
    random = np.random.default_rng([truth.settings.seed, _CATALOGUE_STREAM])
    return np.round(random.lognormal(2.5, 0.6, truth.settings.catalogue_size), 2)


def items_table(truth: HiddenTruth) -> pd.DataFrame:
    """The items of the data contract: item_id, title, category, brand and price; and the column `generated`.

    The words of a title tell the sign of each trait, so that text carries an item that nobody has chosen yet.
    """
    rows = np.arange(truth.settings.catalogue_size)
    kinds = [_KINDS[row % len(_KINDS)] for row in rows.tolist()]
    return pd.DataFrame(
        {
            "item_id": item_ids(rows),
            "title": [f"generated {_words(trait)} {kind}" for trait, kind in zip(truth.traits, kinds, strict=True)],
            "category": [f"generated > {kind}" for kind in kinds],
            "brand": [f"generated brand {row % _BRANDS}" for row in rows.tolist()],
            "price": prices(truth),
            GENERATED_COLUMN: GENERATED,
        }
    )


def _words(traits: Array) -> str:
    # Fewer words than traits or the other way round: the shorter of the two decides.
    return " ".join(negative if trait < 0 else positive for trait, (negative, positive) in zip(traits, _WORDS))  # noqa: B905
