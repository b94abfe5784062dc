"""The protocol of searches: there is no history, so that new items are all items."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.protocol import Evaluation, EvaluationSettings, evaluate_models
from tfx_pipeline.evaluation.rankings import Ranker, Rankings


@dataclass(frozen=True)
class _AskedOnce:
    """A ranker whose lists of new items are those of all items."""

    rank: Ranker

    def __call__(self, cases: EvaluationCases, k: int, new_only: bool) -> Rankings:
        return self.rank(cases, k, new_only)

    def rank_both(self, cases: EvaluationCases, k: int) -> tuple[Rankings, Rankings]:
        ranked = self.rank(cases, k, False)
        return ranked, ranked


def evaluate_search(
    rankers: Mapping[str, Ranker],
    cases: EvaluationCases,
    cutoffs: Sequence[int],
    settings: EvaluationSettings,
) -> Evaluation:
    """Score every model on the same queries, for all items alone; the first is tested against the others.

    Args:
        rankers: Name -> model.
        cases: The queries, with empty histories.
        cutoffs: Values of k.
        settings: Bootstrap.

    Raises:
        ValueError: A cut-off is invalid, or a model's rankings are; the message names the model.
    """
    once = {name: _AskedOnce(ranker) for name, ranker in rankers.items()}
    both = evaluate_models(once, cases, cutoffs, settings=settings)
    return Evaluation(
        table=replace(both.table, rows=tuple(row for row in both.table.rows if row.items == "all")),
        tests=tuple(test for test in both.tests if test.items == "all"),
        ranked={key: lists for key, lists in both.ranked.items() if key[1] == "all"},
    )
