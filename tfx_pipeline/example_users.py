"""Users that the report shows: what they did, what the model would show, and what they then took."""

import numpy as np

from tfx_pipeline.answer_table import Answer
from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.rankings import PAD
from tfx_pipeline.evaluation_cases import EvaluationEvents
from tfx_pipeline.run_details import ExampleUser, PastItem
from tfx_pipeline.served_ranker import ServedRanker, Slates

SHOWN_HISTORY, SHOWN_ANSWERS = 8, 8


def example_users(
    served: ServedRanker, events: EvaluationEvents, cases: EvaluationCases, titles: dict[str, str], count: int
) -> tuple[ExampleUser, ...]:
    """Users from the shortest to the longest history, at equal steps, with the greedy answers of the model.

    Args:
        served: The model.
        events: Names of the items and event types that the cases number.
        cases: The users of a window.
        titles: Item id -> title.
        count: Number of users.
    """
    if not len(cases) or not count:
        return ()
    by_length = np.argsort(cases.history.lengths, kind="stable")
    places = np.unique(np.linspace(0, len(cases) - 1, count).astype(int))
    chosen = cases.take(by_length[places])
    slates = served.slates(chosen, SHOWN_ANSWERS)
    shares = places / max(len(cases) - 1, 1)
    return tuple(
        _example(chosen, index, _why(share), slates, events, titles) for index, share in enumerate(shares.tolist())
    )


def _why(share: float) -> str:
    if share in (0.0, 1.0):
        return "shortest history" if share == 0.0 else "longest history"
    return f"history longer than that of {share:.0%} of the users"


def _example(
    cases: EvaluationCases, index: int, why: str, slates: Slates, events: EvaluationEvents, titles: dict[str, str]
) -> ExampleUser:
    answered = np.flatnonzero(slates.items[index] != PAD)
    answers = [_answer(slates, index, rank, events, titles) for rank in answered]
    targets = cases.targets.row(index)
    hits = slates.items[index][np.isin(slates.items[index], targets)]
    return ExampleUser(
        user_id=cases.user_ids[index],
        why=why,
        history=_history(cases, index, events, titles),
        answers=tuple(answers),
        hits=tuple(str(events.item_ids[row]) for row in hits),
        targets=len(targets),
    )


def _answer(slates: Slates, index: int, rank: int, events: EvaluationEvents, titles: dict[str, str]) -> Answer:
    item_id = str(events.item_ids[slates.items[index, rank]])
    score, source = float(slates.scores[index, rank]), slates.sources[index, rank].decode()
    return Answer(item_id, titles.get(item_id, ""), score, None, source)


def _history(
    cases: EvaluationCases, index: int, events: EvaluationEvents, titles: dict[str, str]
) -> tuple[PastItem, ...]:
    items = cases.history.row(index)
    kinds = cases.event_types.row(index) if cases.event_types is not None else np.zeros(len(items), int)
    ages = cases.ages.row(index).tolist() if cases.ages is not None else [None] * len(items)
    latest = list(zip(items, kinds, ages, strict=True))[: -SHOWN_HISTORY - 1 : -1]
    return tuple(_past_item(str(events.item_ids[item]), kind, age, events, titles) for item, kind, age in latest)


def _past_item(
    item_id: str, kind: int, age: float | None, events: EvaluationEvents, titles: dict[str, str]
) -> PastItem:
    return PastItem(item_id, titles.get(item_id, ""), str(events.event_type_names[kind]), age)
