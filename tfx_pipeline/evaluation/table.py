"""The metrics of all models on the same users, as a table."""

from dataclasses import dataclass, field
from typing import Literal

from tfx_pipeline.evaluation.metrics import metric_names

Items = Literal["all", "new"]
HEADLINE = ("HR", "Recall", "NDCG")


@dataclass(frozen=True)
class EvaluationRow:
    """One model's metrics on all items or on new items.

    Attributes:
        model: Name of the model.
        items: `all`, or `new` for items that are not in the user's history.
        users: Users that count: those with such a target.
        metrics: Metric such as `NDCG@10` -> mean; None without a user.
        standard_errors: Metric -> standard error of that mean; None below two users, and for a metric of the lists
            of all users together, such as `Coverage@10`.
        intervals: Metric -> bootstrap interval over users, 95 % (`bootstrap.mean_intervals`, and for metrics of all
            users together `catalogue_exposure.aggregate_intervals`); None below two users.
    """

    model: str
    items: Items
    users: int
    metrics: dict[str, float | None]
    standard_errors: dict[str, float | None]
    intervals: dict[str, tuple[float, float] | None] = field(default_factory=dict)


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
        """Names of the metrics, in the order of the rows."""
        return list(self.rows[0].metrics) if self.rows else metric_names(self.cutoffs)

    @property
    def headline_metrics(self) -> list[str]:
        """The few metrics that say most, cut-off by cut-off."""
        return [f"{metric}@{k}" for k in self.cutoffs for metric in HEADLINE]

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
