"""The neighbours of each item of a shop, learned from who chose what in the training windows."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import scipy.sparse as sp

from trainer.item_to_item.ease import ease
from trainer.item_to_item.neighbours import Neighbours
from trainer.user_events import UserEvents


def shop_neighbours(parts: Sequence[UserEvents], item_count: int, options: Mapping[str, Any]) -> Neighbours:
    """The strongest entries of EASE's item-to-item matrix (Steck 2019, "Embarrassingly shallow autoencoders").

    Args:
        parts: Examples whose targets do not overlap; a user's targets in all of them are one row of the user-item
            matrix, in which an item counts once.
        item_count: Items in the catalogue, V.
        options: The keys `neighbours` (M), `neighbour_items` and `neighbour_regularisation` of the section `retrieval`.
    """
    users = np.concatenate([part.users[part.owners][part.is_target] for part in parts])
    items = np.concatenate([part.items[part.is_target] for part in parts])
    known = items < item_count
    pairs = np.unique(users[known] * (item_count + 1) + items[known])
    rows, columns = np.divmod(pairs, item_count + 1)
    shape = (int(rows.max(initial=-1)) + 1, item_count)
    matrix = sp.csr_matrix((np.ones(len(pairs), np.float32), (rows, columns)), shape=shape)
    chosen, weights = ease(matrix, options["neighbour_regularisation"], options["neighbour_items"])
    return Neighbours.from_dense(weights, chosen, item_count, options["neighbours"])
