from dataclasses import replace

import pytest

from serving.client import Explanation, FeatureEffect, ScoredItem
from tfx_pipeline.reasons import reasons

NOTHING = Explanation("i1", "ann", 0.5, [], [], [], 0, None)


@pytest.mark.parametrize(
    ("times", "days", "words"),
    [
        (1, 0.0, "chosen before (today)"),
        (1, 0.99, "chosen before (today)"),
        (1, 1.5, "chosen before (1 day ago)"),
        (3, 3.0, "chosen 3 times before (3 days ago)"),
    ],
)
def test_what_was_chosen_before(times: int, days: float, words: str) -> None:
    assert reasons(replace(NOTHING, times_chosen=times, days_since_chosen=days), {}) == (words,)


def test_all_reasons_the_plainest_first() -> None:
    names = ("is_repeat", "log_share", "count_tau_8", "price", "is_cold")
    explanation = Explanation(
        item_id="i1",
        source="",
        utility=0.5,
        features=[FeatureEffect(name, 1.0, 0.5 - number / 4) for number, name in enumerate(names)],
        similar_history=[ScoredItem("i2", 0.9), ScoredItem("i3", 0.8)],
        matching_words=["oak", "table"],
        times_chosen=1,
        days_since_chosen=8.25,
    )
    assert reasons(explanation, {"i2": "Desk", "i3": ""}) == (
        "chosen before (8 days ago)",
        "words: oak, table",
        "near to: Desk, i3",
        "not among the candidates",
        "+0.2500 popularity",
        "-0.2500 price",
        "-0.5000 new in the shop",
    )


def test_nothing_to_say() -> None:
    assert reasons(NOTHING, {}) == ()
