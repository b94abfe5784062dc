"""How users of the generated shop answer slates: looks, clicks and purchases, as the feedback log has them."""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from serving.answers import Slate
from tfx_pipeline.simulator.catalogue import prices
from tfx_pipeline.simulator.hidden_truth import Array, HiddenTruth, Rows
from tfx_pipeline.simulator.marks import GENERATED, ITEM, USER, row_of

CLICK, PURCHASE = "click", "purchase"
SECONDS_PER_SLOT, SECONDS_TO_PURCHASE = 10, 300
"""A click comes 10 s later for each slot down to it, its purchase 300 s after it."""

_OUTCOME_STREAM = 5


@dataclass(frozen=True)
class GeneratedOutcome:
    """One event on a shown item; but for `generated`, the columns of the table `outcomes` of the feedback log.

    Attributes:
        request_id: The slate's.
        item_id: The item.
        event_type: `click` or `purchase`.
        timestamp: Epoch seconds, UTC.
        value: Price of what was bought; None for a click.
        generated: Says that this is generated.
    """

    request_id: str
    item_id: str
    event_type: str
    timestamp: int
    value: float | None
    generated: str = GENERATED


class GeneratedUsers:
    """Answers slates. Whoever gives the same slate to the same user at the same time gets the same answer.

    The chances behind a look, a click and a purchase are drawn from the request id, slot by slot, so two policies that
    are asked under the same ids meet the same luck (common random numbers).
    """

    def __init__(self, truth: HiddenTruth, seed: int = 0) -> None:
        """Take the users of this shop; another seed gives them other luck."""
        self._truth = truth
        self._seed = seed
        self._prices = prices(truth)

    def answer(self, slates: Sequence[Slate], user_ids: Sequence[str], timestamp: int) -> list[GeneratedOutcome]:
        """What users do with the slates that they were shown.

        Args:
            slates: As `ShopRankClient.recommend` gives them, one a user.
            user_ids: The users, as `marks.user_ids` names them.
            timestamp: When the slates were shown, epoch seconds, UTC.

        Raises:
            ValueError: The numbers of slates and users differ, or an id is not of this shop.
        """
        if len(slates) != len(user_ids):
            raise ValueError(f"user_ids: {len(user_ids)} users, there are {len(slates)} slates")
        settings = self._truth.settings
        outcomes: list[GeneratedOutcome] = []
        for slate, user_id in zip(slates, user_ids, strict=True):
            user = row_of(user_id, USER, settings.users)
            items = [row_of(item.item_id, ITEM, settings.catalogue_size) for item in slate.items]
            outcomes.extend(self._answer(slate, user, np.array(items, np.int64), timestamp))
        return outcomes

    def _answer(self, slate: Slate, user: int, items: Rows, timestamp: int) -> Iterator[GeneratedOutcome]:
        for slot, event_types in enumerate(self._events(slate.request_id, user, items, timestamp)):
            item_id = slate.items[slot].item_id
            clicked = timestamp + SECONDS_PER_SLOT * (slot + 1)
            if CLICK in event_types:
                yield GeneratedOutcome(slate.request_id, item_id, CLICK, clicked, None)
            if PURCHASE in event_types:
                price = float(self._prices[items[slot]])
                yield GeneratedOutcome(slate.request_id, item_id, PURCHASE, clicked + SECONDS_TO_PURCHASE, price)

    def _events(self, request_id: str, user: int, items: Rows, timestamp: int) -> Iterator[tuple[str, ...]]:
        """Event types of each slot."""
        random = np.random.default_rng([self._seed, _OUTCOME_STREAM, zlib.crc32(request_id.encode("utf-8"))])
        clicked, bought = draw_events(self._truth, user, items, self._truth.day_of(timestamp), random)
        for click, purchase in zip(clicked.tolist(), bought.tolist(), strict=True):
            yield (CLICK, PURCHASE) if purchase else (CLICK,) if click else ()


def draw_events(
    truth: HiddenTruth, users: Rows | int, slates: Rows, days: Array, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw what happens in every slot.

    Args:
        truth: The shop.
        users: Rows of the users, broadcast against `slates`.
        slates: Item rows, [..., K] int64; -1 for an empty slot.
        days: Days since the start, broadcast against `slates`.
        random: Draws three numbers a slot.

    Returns:
        Whether the slot's item was clicked, and whether it was bought as well, two bool arrays [..., K].
    """
    looked, clicked, bought = np.moveaxis(random.random((*slates.shape, 3)), -1, 0)
    users = np.asarray(users, np.int64)
    click = (looked < truth.examination(slates.shape[-1])) & (clicked < truth.click_probability(users, slates, days))
    return click, click & (bought < truth.purchase_probability(slates, days))
