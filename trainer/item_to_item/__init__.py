"""Item-to-item matrices counted from logs: what the items of a history say about all items. NumPy and SciPy alone."""

from trainer.item_to_item.co_purchase import co_purchase_cosines
from trainer.item_to_item.ease import ease
from trainer.item_to_item.ease_scores import EaseScores
from trainer.item_to_item.most_bought import most_bought
from trainer.item_to_item.neighbours import Neighbours
from trainer.item_to_item.recent_popularity import recent_popularity
from trainer.item_to_item.scores import history_matrix, history_scores
from trainer.item_to_item.sequences import Sequences
from trainer.item_to_item.strongest import keep_strongest
from trainer.item_to_item.transitions import (
    decayed_distances,
    divide_by_popularity,
    inverse_distances,
    normalise_rows,
    transitions,
)

__all__ = [
    "EaseScores",
    "Neighbours",
    "Sequences",
    "co_purchase_cosines",
    "decayed_distances",
    "divide_by_popularity",
    "ease",
    "history_matrix",
    "history_scores",
    "inverse_distances",
    "keep_strongest",
    "most_bought",
    "normalise_rows",
    "recent_popularity",
    "transitions",
]
