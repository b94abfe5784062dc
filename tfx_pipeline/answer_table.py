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
        source: Where the candidate came from: history, neighbours, lexical, ann or popular.
        why: Reasons in words, the plainest first; empty where they were not asked for.
    """

    item_id: str
    title: str
    score: float
    propensity: float | None
    source: str
    why: tuple[str, ...] = ()


@dataclass(frozen=True)
class AnswerTable:
    """A question to the served model and its answer, best first."""

    question: str
    answers: tuple[Answer, ...]
