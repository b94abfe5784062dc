"""Ranked lists, targets and histories as tables, so that other tools can check the figures."""

from pathlib import Path

from tfx_pipeline.evaluate.request import OutputFiles
from tfx_pipeline.evaluate.results import EvaluationResult
from tfx_pipeline.evaluation.predictions import write_histories, write_predictions, write_targets
from tfx_pipeline.evaluation.table import Items
from tfx_pipeline.sources.errors import DataError

TABLE_ENDINGS = (".csv", ".csv.gz", ".parquet")


def check_endings(files: OutputFiles) -> None:
    """Refuse a file whose name does not say how it is written, before anything long starts.

    Raises:
        DataError: There is one.
    """
    for path in (files.predictions, files.new_predictions, files.targets, files.history):
        if path is not None and not path.name.endswith(TABLE_ENDINGS):
            raise DataError(f"{path}: tables are written as {', '.join(TABLE_ENDINGS[:-1])} or {TABLE_ENDINGS[-1]}")


def write_lists(result: EvaluationResult, files: OutputFiles) -> list[Path]:
    """Write what is asked for; each file appears whole or not at all.

    Returns:
        The files that were written.
    """
    cases, _ = result.evaluation.ranked[result.first, "all"]
    item_ids = list(result.data.item_ids)
    if files.predictions is not None:
        _write_ranked(files.predictions, result, "all", item_ids)
    if files.new_predictions is not None:
        _write_ranked(files.new_predictions, result, "new", item_ids)
    if files.targets is not None:
        write_targets(files.targets, cases, item_ids)
    if files.history is not None:
        write_histories(files.history, cases, item_ids)
    given = (files.predictions, files.new_predictions, files.targets, files.history)
    return [path for path in given if path is not None]


def _write_ranked(path: Path, result: EvaluationResult, items: Items, item_ids: list[str]) -> None:
    cases, ranked = result.evaluation.ranked[result.first, items]
    write_predictions(path, cases.user_ids, ranked.items, item_ids, ranked.scores)
