"""Slates to log."""

from collections.abc import Callable

import pytest

from serving.answers import RankedItem, Slate


@pytest.fixture(scope="session")
def slate() -> Callable[..., Slate]:
    """A function that makes a slate; the numbers differ from item to item and are exact in 32 bits."""

    def make(request_id: str = "r", item_ids: tuple[str, ...] = ("a", "b"), propensity: float = 0.5) -> Slate:
        items = [
            RankedItem(
                item_id=item_id,
                score=2.0 - slot,
                propensity=propensity,
                source="ann",
                inclusion_probability=0.75,
                predicted_utility=0.25 * (slot + 1),
                exploration_features=[0.5 * slot, 0.125, 1.0],
            )
            for slot, item_id in enumerate(item_ids)
        ]
        return Slate(request_id, "7", "thompson", items)

    return make
