from tests.tfx_pipeline.benchmarks.quality.sources.tiny_views import tiny_cases, tiny_past
from tfx_pipeline.benchmarks.quality.data.own_first import OwnFirst
from tfx_pipeline.evaluation.baselines import Transitions
from tfx_pipeline.evaluation.baselines.recency import Recency


def test_the_items_of_the_history_come_first_and_then_the_others_as_ranked() -> None:
    rules = Transitions(steps=1, decay=0.5, power=0.0, both_ways=True).fit(tiny_past().interactions)
    ranker = OwnFirst(rules.popularity, rules, Recency(None, 0.7))
    own_first, alone = ranker(tiny_cases(), 5, False).items, rules(tiny_cases(), 5, False).items
    assert own_first[:, 0].tolist() == [0, 3, 0]
    assert own_first[0, :2].tolist() == [0, 1]
    assert own_first[2, :2].tolist() == [0, 4]
    for ranked, others, own in zip(own_first, alone, ([1, 0], [3], [0, 4]), strict=True):
        assert [item for item in ranked if item not in own] == [item for item in others if item not in own]
