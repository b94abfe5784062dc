"""Why an item is shown, in words."""

from collections.abc import Mapping

from serving.client import Explanation
from tfx_pipeline.feature_words import feature_words

_FEATURES_TOLD = 3
_LEAST_CONTRIBUTION = 5e-5
"""What is less would be shown as 0."""
_ABOUT_THE_CHOICE = frozenset({"is_repeat"})
"""Features that another reason has said in words."""


def reasons(explanation: Explanation, titles: Mapping[str, str]) -> tuple[str, ...]:
    """The reasons of an explanation, the plainest first.

    Args:
        explanation: What the servable says.
        titles: Item to title; an item without one goes by its id.
    """
    told = (_chosen(explanation), _words(explanation), _near(explanation, titles), _source(explanation))
    return (*filter(None, told), *_features(explanation))


def _chosen(explanation: Explanation) -> str:
    if explanation.days_since_chosen is None:
        return ""
    days = int(explanation.days_since_chosen)
    when = {0: "today", 1: "1 day ago"}.get(days, f"{days} days ago")
    often = f"chosen {explanation.times_chosen} times before" if explanation.times_chosen > 1 else "chosen before"
    return f"{often} ({when})"


def _words(explanation: Explanation) -> str:
    return f"words: {', '.join(explanation.matching_words)}" if explanation.matching_words else ""


def _near(explanation: Explanation, titles: Mapping[str, str]) -> str:
    names = [titles.get(item.item_id) or item.item_id for item in explanation.similar_history]
    return f"near to: {', '.join(names)}" if names else ""


def _source(explanation: Explanation) -> str:
    return "" if explanation.source else "not among the candidates"


def _features(explanation: Explanation) -> list[str]:
    effects = [
        effect
        for effect in explanation.features
        if effect.name not in _ABOUT_THE_CHOICE and abs(effect.contribution) >= _LEAST_CONTRIBUTION
    ]
    return [f"{effect.contribution:+.4f} {feature_words(effect.name)}" for effect in effects[:_FEATURES_TOLD]]
