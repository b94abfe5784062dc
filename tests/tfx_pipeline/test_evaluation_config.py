import pytest
from pydantic import ValidationError

from tfx_pipeline.evaluation_config import EvaluationConfig


def test_thresholds_name_metrics_and_baselines_that_exist() -> None:
    bounds = [{"metric": "Coverage@20", "at_least": 0.1}, {"metric": "NDCG@10", "items": "new", "above": "EASE"}]
    settings = EvaluationConfig.model_validate(
        {"thresholds": bounds, "fairness": [{"dimension": "age", "quality": 0.1}]}
    )
    assert [threshold.metric for threshold in settings.thresholds] == ["Coverage@20", "NDCG@10"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"thresholds": [{"metric": "NDCG@5", "at_least": 0.1}]},
            "thresholds: there is no metric 'NDCG@5', only HR@10",
        ),
        (
            {"thresholds": [{"metric": "NDCG@10", "above": "magic"}]},
            "thresholds: no baseline 'magic', only most popular",
        ),
        ({"thresholds": [{"metric": "NDCG@10"}]}, "give one of at_least, at_most and above"),
        (
            {"thresholds": [{"metric": "NDCG@10", "at_least": 0, "at_most": 1}]},
            "give one of at_least, at_most and above",
        ),
        ({"baselines": ["magic"]}, "there is no baseline 'magic', only most popular"),
        ({"baselines": ["EASE"]}, "'most popular' cannot be left out: a gate compares with it"),
        ({"cutoffs": [10, 20, 10]}, "cut-off 10 is given twice"),
        ({"fairness": [{"dimension": "age"}]}, "give quality, exposure or both"),
    ],
)
def test_settings_that_cannot_be(settings: dict, message: str) -> None:
    with pytest.raises(ValidationError) as error:
        EvaluationConfig.model_validate(settings)
    assert message in str(error.value)
