"""Towers that can be trained with differential privacy: without a row of weights for each item and each user."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from keras import ops

from trainer.catalogue import Catalogue
from trainer.item_tables import ItemFeatures
from trainer.losses import FullSoftmax, MixedNegatives, SampledSoftmax
from trainer.privacy.settings import require_separable_loss
from trainer.retrieval import TwoTowerModel
from trainer.retrieval_training import build_towers
from trainer.towers import ItemTower


def build_private_towers(
    catalogue: Catalogue, known: ItemFeatures, sizes: Mapping[str, int], options: Mapping[str, Any]
) -> TwoTowerModel:
    """An untrained model whose loss for one user depends on no other user, and which learns no ids.

    The tables of ids are zeros and stay so. A table with a row a user cannot hide that user. A table with a row an
    item could be trained, but every row of it would need noise at every step: its norm grows with the root of the
    number of items, while few users bought any one of them. Text, category and brand carry the items instead, and the
    history carries the users. Nor does the model hold counts of what was bought, or prices, which may come from events.

    Args:
        catalogue: The items.
        known: Their features.
        sizes: `users` and `event_types`, the rows of those vocabularies without the unknown one.
        options: The section `retrieval` of a configuration.

    Raises:
        ValueError: The loss would compare users, see `require_separable_loss`.
    """
    require_separable_loss(options)
    model = build_towers(catalogue, known, sizes, options, _softmax(len(catalogue), options))
    # An item without a price of its own has the mean price of its events, which users made.
    known = replace(known, prices=np.zeros((len(catalogue) + 1, 2), np.float32))
    # Counts of zero: no item counts as known, and the logQ correction takes all as equally popular.
    model.set_items(known, np.zeros(len(catalogue) + 1))
    for table in (model.item_embedding, model.history_embedding, model.query_tower.user_embedding):
        if table is not None:
            table.embeddings.assign(np.zeros(table.embeddings.shape))
            table.trainable = False
    return model


def ignore_prices(tower: ItemTower) -> None:
    """Set the weights of the prices, which saw none and so hold only noise, to zero: new items come with prices."""
    perceptron = tower.perceptron
    layer = perceptron.projection if perceptron.hidden_layer is None else perceptron.hidden_layer
    end = tower.parts_width - tower.text_dimension - tower.image_dimension
    kernel = ops.convert_to_numpy(layer.kernel).copy()
    kernel[end - 2 : end] = 0.0
    layer.kernel.assign(kernel)


def _softmax(item_count: int, options: Mapping[str, Any]) -> FullSoftmax | SampledSoftmax:
    if options["softmax"] == "full":
        return FullSoftmax(item_count, average_positives=False, name="softmax")
    return SampledSoftmax([MixedNegatives(item_count, options["mixed_negatives"], uniform_share=1.0)], name="softmax")
