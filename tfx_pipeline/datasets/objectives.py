"""The objectives of the public data sets."""

from tfx_pipeline.config import ObjectiveConfig

RATING = "rating"
"""Event type of a review or a rating, whatever its number of stars: the usual choice where whole catalogues are ranked,
because that a user rated an item says that they chose it, and a low rating is still a choice."""

CLICK_WEIGHT, CART_WEIGHT = 0.1, 0.3
"""What a click and an addition to the cart count beside a purchase. A convention, not a measurement."""


def ratings() -> dict[str, ObjectiveConfig]:
    """One objective: what the user rates next."""
    return {RATING: ObjectiveConfig(event_types=[RATING])}


def shop_objectives(click: list[str], cart: list[str], purchase: list[str]) -> dict[str, ObjectiveConfig]:
    """The three objectives of a shop's log, by the event types that stand for them."""
    return {
        "click": ObjectiveConfig(event_types=click, weight=CLICK_WEIGHT),
        "cart": ObjectiveConfig(event_types=cart, weight=CART_WEIGHT),
        "purchase": ObjectiveConfig(event_types=purchase),
    }
