"""Configuration of the anomaly score of users and items."""

from typing import Literal

from pydantic import Field

from tfx_pipeline.table_config import Section


class AutomationConfig(Section):
    """Whether users whose behaviour looks automated are looked for, and whether the models learn from them."""

    action: Literal["off", "report", "filter"] = "off"
    """`report` lists users and items with a high score; `filter` leaves the events of such users out of training as
    well. Evaluation keeps all of its users."""
    threshold: float = Field(6.0, gt=0)
    """Score from which on a user or an item is listed: two kinds of signs are this many robust deviations out."""
    minimum_events: int = Field(30, ge=10)
    """Users and items with fewer events before the eval window have no score: there is too little to go by."""
