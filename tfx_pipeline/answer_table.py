"""Answers of the served model as they are shown."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Answer:
    """One item of a slate.

    Attributes:
        item_id: The item.
        title: Its title; empty if it has none.
        score: What the model ranks by.
        propensity: Chance that the policy puts the item in its slot; None where nothing is drawn.
        source: Where the candidate came from: ann, history, lexical or popular.
    """

    item_id: str
    title: str
    score: float
    propensity: float | None
    source: str


@dataclass(frozen=True)
class AnswerTable:
    """A question to the served model and its answer, best first."""

    question: str
    answers: tuple[Answer, ...]
