"""The kinds of sources and features that a file in `benchmarks/quality` may name."""

from importlib import import_module
from typing import Any

from tfx_pipeline.benchmarks.quality.source import Source

_KINDS: dict[str, tuple[str, str]] = {
    "transitions": ("transitions_source", "TransitionsSource"),
    "ease": ("ease_source", "EaseSource"),
    "popularity": ("popularity_features", "PopularityFeatures"),
    "own_items": ("own_items_features", "OwnItemsFeatures"),
    "towers": ("towers_source", "TowersSource"),
    "next_item": ("next_item_source", "NextItemSource"),
    "last_group": ("last_group_features", "LastGroupFeatures"),
    "text_similarity": ("text_similarity_source", "TextSimilaritySource"),
    "event_counts": ("event_counts_source", "EventCountsSource"),
    "behaviour_cosines": ("behaviour_cosines_source", "BehaviourCosinesSource"),
    "behaviour_ease": ("behaviour_ease_source", "BehaviourEaseSource"),
    "own_behaviours": ("own_behaviours_source", "OwnBehavioursSource"),
    "own_counts": ("own_behaviours_source", "OwnCountFeatures"),
    "conversion": ("conversion_features", "ConversionFeatures"),
    "recent_ease": ("recent_ease_source", "RecentEaseSource"),
    "recent_popularity": ("recent_popularity_source", "RecentPopularitySource"),
    "basket_cosine": ("basket_cosine_source", "BasketCosineSource"),
    "user_neighbours": ("user_neighbours_source", "UserNeighboursSource"),
    "item_life": ("item_life_features", "ItemLifeFeatures"),
    "group_rhythm": ("group_rhythm_features", "GroupRhythmFeatures"),
    "own_rhythm": ("own_rhythm_features", "OwnRhythmFeatures"),
    "shopper": ("shopper_features", "ShopperFeatures"),
}
"""Kind -> module and class; imported when a file names it, since some need TensorFlow."""


def make_source(settings: dict[str, Any]) -> Source:
    """A source from its `kind` and the arguments of its class.

    Raises:
        ValueError: There is no such kind.
        TypeError: An argument is missing or unknown.
    """
    arguments = dict(settings)
    kind = arguments.pop("kind")
    if kind not in _KINDS:
        raise ValueError(f"kind {kind!r}: expected one of {', '.join(_KINDS)}")
    module, name = _KINDS[kind]
    source: Source = getattr(import_module(f"tfx_pipeline.benchmarks.quality.sources.{module}"), name)(**arguments)
    return source
