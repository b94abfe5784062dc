"""Evaluation data from a table of judged queries: each is a case without a history."""

from pathlib import Path

import numpy as np

from tfx_pipeline.evaluate.case_data import data_of_cases, distinct_ids, distinct_targets
from tfx_pipeline.evaluate.evaluation_data import EvaluationData
from tfx_pipeline.evaluate.item_texts import ItemTexts, read_item_texts
from tfx_pipeline.evaluate.query_table import QueryTable, read_queries
from tfx_pipeline.evaluate.request import EvaluateRequest
from tfx_pipeline.evaluate.search_texts import SearchTexts
from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.ragged import Ragged
from tfx_pipeline.number_format import format_count
from tfx_pipeline.sources.errors import DataError


def search_data(request: EvaluateRequest) -> EvaluationData:
    """The queries of a table that have a relevant item.

    Args:
        request: Names the table of queries, and the table of items with their text.

    Raises:
        DataError: A table is missing or cannot be used, or no query has a relevant item.
    """
    if request.items is None:
        raise DataError("protocol search needs --items FILE, the catalogue with its text")
    items = read_item_texts(request.items)
    table = read_queries(request.data, request.columns, request.where)
    has_relevant = table.relevant.lengths > 0
    if not has_relevant.any():
        raise DataError(f"{request.data}: no query has a relevant item")
    catalogue = distinct_ids(items.item_ids, table.relevant.ids)
    without_text = len(catalogue) - len(items.item_ids)
    targets = distinct_targets(table.relevant.rows_in(catalogue), len(catalogue))
    history = Ragged.from_lists([[]] * len(targets))
    cases = EvaluationCases(table.query_ids, history, targets, len(catalogue)).take(np.flatnonzero(has_relevant))
    queries = dict(zip(table.query_ids, table.queries, strict=True))
    texts = SearchTexts(queries, [*items.documents, *[""] * without_text])
    data = data_of_cases(request, "search", cases, catalogue, None, search=texts)
    return data.with_notes(
        *_notes_on_items(request.items, items, without_text),
        *_notes_on_queries(request, table, int((~has_relevant).sum())),
    )


def _notes_on_items(path: Path, items: ItemTexts, without_text: int) -> list[str]:
    counts = {
        f"rows of {path} name an item again; its first row counts": items.repeated,
        f"relevant items are not in {path}; they were added without a text": without_text,
    }
    return [f"{format_count(count)} {what}" for what, count in counts.items() if count]


def _notes_on_queries(request: EvaluateRequest, table: QueryTable, without_relevant: int) -> list[str]:
    notes = []
    if without_relevant:
        notes.append(f"{format_count(without_relevant)} queries have no relevant item and do not count")
    if table.is_graded:
        notes.append(f"{request.data}: relevance has degrees; all items above 0 count as relevant, and alike")
    if len(table.splits) > 1:
        splits = ", ".join(table.splits)
        notes.append(f"{request.data} has the splits {splits}, and all count; --where split=NAME asks about one")
    return notes
