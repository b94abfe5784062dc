import pytest

from tfx_pipeline.evaluation.baselines import BASELINES, baseline_rankers
from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.interactions import Interactions

Shop = tuple[Interactions, EvaluationCases]


def test_the_names_are_stable(random_shop: Shop) -> None:
    names = [
        "most popular", "recent popular", "buy again", "buy again, recent", "item-kNN", "transitions", "EASE", "iALS"
    ]  # fmt: skip
    assert list(baseline_rankers(random_shop[0])) == list(BASELINES) == names


def test_the_order_asked_for_is_kept(random_shop: Shop) -> None:
    assert list(baseline_rankers(random_shop[0], ["iALS", "buy again"])) == ["iALS", "buy again"]
    assert baseline_rankers(random_shop[0], []) == {}


def test_ease_learns_as_many_items_as_asked_for(random_shop: Shop) -> None:
    ranker = baseline_rankers(random_shop[0], ["EASE"], ease_items=5)["EASE"]
    assert len(ranker.columns) == 5  # type: ignore[attr-defined]


def test_an_unknown_name(random_shop: Shop) -> None:
    with pytest.raises(ValueError) as error:
        baseline_rankers(random_shop[0], ["buy again", "ease"])
    assert str(error.value) == f"there is no baseline 'ease', only {', '.join(BASELINES)}"
