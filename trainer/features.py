"""The names, types and roles of features: the single source for schema, transform, models and servable."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["string", "int", "float"]


@dataclass(frozen=True)
class Feature:
    """One raw feature of a tf.Example.

    Attributes:
        name: Key in the tf.Example.
        kind: Type of its values.
        required: Whether every example has at least one value.
        single: Whether an example has at most one value; otherwise it is a list.
        minimum: Smallest value allowed, for numbers.
    """

    name: str
    kind: Kind
    required: bool = True
    single: bool = True
    minimum: float | None = None


USER_ID = "user_id"
ITEM_IDS = "item_ids"
EVENT_TYPES = "event_types"
TIMESTAMPS = "timestamps"
BASKETS = "baskets"
IS_TARGET = "is_target"

ITEM_ID = "item_id"
TITLE = "title"
DESCRIPTION = "description"
CATEGORY = "category"
BRAND = "brand"
PRICE = "price"

USER_EXAMPLE: tuple[Feature, ...] = (
    Feature(USER_ID, "string"),
    Feature(ITEM_IDS, "string", single=False),
    Feature(EVENT_TYPES, "string", single=False),
    Feature(TIMESTAMPS, "int", single=False),
    Feature(BASKETS, "int", single=False),
    Feature(IS_TARGET, "int", single=False, minimum=0),
)
"""A user window or a case: one user's events, oldest first, position by position in parallel lists.

`baskets` numbers the user's baskets; events with equal numbers or equal timestamps never see each other.
`is_target` is 1 where the model is asked to predict the event and 0 where the event is history only.
"""

ITEM_EXAMPLE: tuple[Feature, ...] = (
    Feature(ITEM_ID, "string"),
    Feature(TITLE, "string", required=False),
    Feature(DESCRIPTION, "string", required=False),
    Feature(CATEGORY, "string", required=False),
    Feature(BRAND, "string", required=False),
    Feature(PRICE, "float", required=False, minimum=0.0),
)
"""One item of the catalogue. `category` is a path such as `food > bread > toast`."""

EVENT_PREFIX, ITEM_PREFIX = "event_", "item_"
"""Before the name of a shop's own column: a list in parallel to `item_ids`, and one value of an item."""

LONGEST_ITEM_TEXT = 4_000
"""Characters of title and description that are read of an item. The text encoder stops earlier, at its tokens; a word
that the lexical index does not see is not found."""

CATEGORY_SEPARATOR = " > "

TRAIN, RANKER, EVAL, TEST = "train", "ranker", "eval", "test"
"""The windows of the time axis: the towers learn from the first, then ranker, gates and test have theirs."""

CALIBRATION = "calibration"
"""Split of the mined candidates that probabilities are corrected by: users of the eval window that neither end the
ranker's training nor are in any figure about its probabilities."""

USERS, CATALOGUE = "users", "catalogue"
"""Splits of the examples that describe the end of the training window: each user's last events, and the items."""
