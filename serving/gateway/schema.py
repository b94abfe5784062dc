"""What the gateway takes and gives, as JSON; the OpenAPI page is made of it."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

MOST_ITEMS = 100
"""Longest slate that one request may ask for."""
_MOST_EVENTS = 1000
_LONGEST_TEXT = 1000

Text = Annotated[str, Field(max_length=_LONGEST_TEXT)]
ItemId = Annotated[str, Field(min_length=1, max_length=_LONGEST_TEXT)]
Count = Annotated[int, Field(ge=1, le=MOST_ITEMS, description="Items wanted.")]


class _Strict(BaseModel):
    """A field that is not known is a mistake of the caller."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=())


class Event(_Strict):
    """One thing that the shopper did in the session at hand."""

    item_id: ItemId
    event_type: Text = Field("", description="The shop's own name of the event; '' is the usual one.")
    age_days: float = Field(0.0, ge=0.0, allow_inf_nan=False, description="Days from the event to now.")


class Shopper(_Strict):
    """Who asks, and what for."""

    user_id: Text = Field("", description="An unknown or empty id is a stranger, which is no error.")
    query: Text = Field("", description="Search text; '' is none.")
    history: list[Event] = Field(
        default_factory=list, max_length=_MOST_EVENTS, description="Oldest first; empty takes what the model knows."
    )


class RecommendRequest(Shopper):
    """A slate for a shopper, with or without a search text."""

    k: Count = 10
    exclude_item_ids: list[ItemId] = Field(default_factory=list, max_length=10_000)
    allow_item_ids: list[ItemId] = Field(
        default_factory=list, max_length=10_000, description="Only these may be shown; empty is all."
    )
    category: Text = Field("", description="Path `a > b > c`: what is in it or beneath it; '' is all.")
    lowest_price: float | None = Field(None, allow_inf_nan=False)
    highest_price: float | None = Field(None, allow_inf_nan=False)
    policy: Text = Field("", description="How to choose; '' is the policy that the model was configured with.")
    seed: int | None = Field(None, ge=0, lt=2**63, description="Seed of the exploration; drawn by default.")


class ShownItem(BaseModel):
    """One position of a slate."""

    item_id: str
    title: str
    score: float
    source: str = Field(description="ann, history, lexical, neighbours or popular.")
    propensity: float = Field(description="Chance of this item in this position, before the draw.")
    inclusion_probability: float = Field(description="Chance of this item anywhere in the slate.")
    explored: bool = Field(description="Whether the policy leaves this item out of most slates: chance brought it.")


class RecommendAnswer(BaseModel):
    """A slate; `request_id` is what outcomes refer to."""

    model_config = ConfigDict(protected_namespaces=())

    request_id: str
    model_version: str
    policy: str
    items: list[ShownItem]


class SimilarRequest(_Strict):
    """Items like one of the catalogue, or like a title."""

    item_id: Text = ""
    title: Text = Field("", description="Of an item that is not in the catalogue.")
    k: Count = 10


class SimilarItem(BaseModel):
    """An item with its similarity."""

    item_id: str
    title: str
    score: float


class ExplainRequest(Shopper):
    """Why an item is, or would be, shown to a shopper."""

    item_id: ItemId


class Effect(BaseModel):
    """What one feature of the item does to its utility."""

    name: str
    value: float
    contribution: float


class ExplainAnswer(BaseModel):
    """Why an item is, or would be, shown."""

    item_id: str
    source: str = Field(description="'' if no source brings the item to this request.")
    matching_words: list[str]
    similar_history: list[SimilarItem]
    features: list[Effect]
    times_chosen: int
    days_since_chosen: float | None


class OutcomeRequest(_Strict):
    """What came of a shown item."""

    request_id: ItemId
    item_id: ItemId
    event_type: Annotated[str, Field(min_length=1, max_length=_LONGEST_TEXT, description="Such as click.")]
    value: float | None = Field(None, allow_inf_nan=False, description="What the event is worth, if known.")


class Problem(BaseModel):
    """Why a request was not answered."""

    error: str
