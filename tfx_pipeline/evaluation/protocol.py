"""The protocol: all models on the same users, for all items and for new items only."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tfx_pipeline.evaluation.baselines import buy_again, most_popular
from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.metrics import check_cutoffs, metric_names, score_rankings
from tfx_pipeline.evaluation.rankings import check_rankings, without_history

Items = Literal["all", "new"]

Ranker = Callable[[EvaluationCases, int, bool], NDArray[np.integer[Any]]]
"""`ranker(cases, k, new_only)` ranks k items a case: item rows, best first, -1 behind the last one; [C, k].

With `new_only` it leaves out the items of each case's history.
"""


@dataclass(frozen=True)
class EvaluationRow:
    """One model's metrics on all items or on new items.

    Attributes:
        model: Name of the model.
        items: `all`, or `new` for items that are not in the user's history.
        users: Users that count: those with such a target.
        metrics: Metric such as `NDCG@10` -> mean; None without a user.
        standard_errors: Metric -> standard error of that mean; None below two users.
    """

    model: str
    items: Items
    users: int
    metrics: dict[str, float | None]
    standard_errors: dict[str, float | None]


@dataclass(frozen=True)
class EvaluationTable:
    """The metrics of all models on the same cases; `dataclasses.asdict` of it is JSON.

    Attributes:
        cutoffs: Values of k.
        rows: Model by model in the order given, `all` before `new`.
    """

    cutoffs: tuple[int, ...]
    rows: tuple[EvaluationRow, ...]

    @property
    def models(self) -> list[str]:
        """Names of the models, in the order given."""
        return list(dict.fromkeys(row.model for row in self.rows))

    @property
    def metrics(self) -> list[str]:
        """Names of the metrics, cut-off by cut-off."""
        return metric_names(self.cutoffs)

    def users(self, items: Items) -> int:
        """Users that count, the same for every model."""
        return next((row.users for row in self.rows if row.items == items), 0)

    def row(self, model: str, items: Items) -> EvaluationRow:
        """The row of one model.

        Raises:
            KeyError: There is no such row.
        """
        for row in self.rows:
            if (row.model, row.items) == (model, items):
                return row
        raise KeyError(f"no row for model '{model}' on {items} items; there are {', '.join(self.models)}")

    def best(self, items: Items, metric: str) -> float | None:
        """The largest mean of `metric` over the models; None without a user."""
        values = [row.metrics[metric] for row in self.rows if row.items == items]
        return max((value for value in values if value is not None), default=None)


def baseline_rankers(counts: NDArray[np.number[Any]]) -> dict[str, Ranker]:
    """The baselines by name, from the popularity [item_count] of the training window."""
    return {
        "most popular": lambda cases, k, new_only: most_popular(counts, k, cases, exclude_history=new_only),
        "buy again": lambda cases, k, new_only: buy_again(counts, k, cases, exclude_history=new_only),
    }


def evaluate_models(rankers: Mapping[str, Ranker], cases: EvaluationCases, cutoffs: Sequence[int]) -> EvaluationTable:
    """Rank and score every model on the same cases, once for all items and once for new items only.

    A user without a target leaves. For new items, targets of the history leave, and so do items of the history that
    a model ranks all the same; later items move up, but the list stays short.

    Raises:
        ValueError: A cut-off is invalid, or a model's rankings are; the message names the model.
    """
    check_cutoffs(cutoffs)
    with_target = cases.take(np.flatnonzero(cases.targets.lengths))
    parts: dict[Items, EvaluationCases] = {"all": with_target, "new": with_target.new_only()[0]}
    rows = tuple(
        _evaluate(name, ranker, part, cutoffs, items)
        for name, ranker in rankers.items()
        for items, part in parts.items()
    )
    return EvaluationTable(tuple(cutoffs), rows)


def _evaluate(name: str, ranker: Ranker, cases: EvaluationCases, cutoffs: Sequence[int], items: Items) -> EvaluationRow:
    ranked = ranker(cases, max(cutoffs), items == "new")
    try:
        check_rankings(ranked, cases)
        scores = score_rankings(without_history(ranked, cases) if items == "new" else ranked, cases, cutoffs)
    except ValueError as error:
        raise ValueError(f"model '{name}', {items} items: {error}") from error
    return EvaluationRow(name, items, scores.users, scores.means, scores.standard_errors)
