"""What several sections say of a window: its headline metrics, its kinds of items, and whose row is whose."""

from tfx_pipeline.evaluation.table import EvaluationTable, Items
from tfx_pipeline.report.charts.draw import Role
from tfx_pipeline.run_summary import WindowMetrics

HEADINGS: dict[Items, str] = {"all": "All items", "new": "New items only"}

_HEADLINE = ("HR", "Recall", "NDCG", "MRR")
_MAIN = "NDCG"


def headline_metrics(table: EvaluationTable) -> list[str]:
    """The metrics of the main tables: those that say most, at the first cut-off."""
    names = [f"{metric}@{table.cutoffs[0]}" for metric in _HEADLINE]
    return [name for name in names if name in table.metrics]


def main_metric(table: EvaluationTable) -> str:
    """The metric of the charts and of the first comparison."""
    return f"{_MAIN}@{table.cutoffs[0]}"


def own_model(table: EvaluationTable) -> str:
    """The model of the run: the first of the table."""
    return table.models[0]


def role_of(model: str, window: WindowMetrics) -> Role:
    """Whose row a model's is."""
    if model == own_model(window.table):
        return "own"
    return "blessed" if model == window.last_blessed else "other"


def measured_items(table: EvaluationTable) -> list[Items]:
    """The kinds of items that some user counts for."""
    return [items for items in HEADINGS if table.users(items)]
