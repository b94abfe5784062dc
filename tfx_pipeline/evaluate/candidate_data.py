"""Evaluation data from a table of candidate lists: the sampled protocol of published tables."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from tfx_pipeline.evaluate.case_data import data_of_cases, find_catalogue
from tfx_pipeline.evaluate.case_table import CASE, HISTORY, case_owners, distinct_case_ids
from tfx_pipeline.evaluate.evaluation_data import EvaluationData
from tfx_pipeline.evaluate.id_lists import IdLists
from tfx_pipeline.evaluate.request import EvaluateRequest
from tfx_pipeline.evaluate.table_file import TableFile, WantedColumn
from tfx_pipeline.evaluate.training_table import read_training_table
from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.ragged import Ragged
from tfx_pipeline.evaluation.sampled import CandidateLists
from tfx_pipeline.number_format import format_count

NEGATIVES = WantedColumn("negatives", ("negative_item_ids", "negative_item_id"))
_POSITIVE = WantedColumn("positive", ("positive_item_id", "target", "item_id"))
_OPTIONAL_HISTORY = WantedColumn(HISTORY.name, HISTORY.aliases, required=False)


def candidate_data(request: EvaluateRequest, known_items: Sequence[pa.Array] = ()) -> EvaluationData:
    """The cases of a table with one positive and its negatives each; see `case_data` for the arguments.

    Raises:
        DataError: A table cannot be used, or a case has no negative.
    """
    wanted = (CASE, _OPTIONAL_HISTORY, _POSITIVE, NEGATIVES)
    file = TableFile(request.data, wanted, request.columns, request.where)
    case_ids = distinct_case_ids(file, case_owners(file))
    positives, negatives = file.ids("positive"), file.id_lists("negatives")
    _check_negatives(file, positives, negatives)
    history = file.id_lists("history") if file.has("history") else _nothing(len(file))
    training = read_training_table(request.train) if request.train else None
    asked = [positives, negatives.ids, history.ids]
    catalogue, notes = find_catalogue(request.items, known_items, asked, training, str(request.data))
    targets = IdLists(positives, np.arange(len(file) + 1)).rows_in(catalogue)
    candidates = CandidateLists.from_given(targets.values, negatives.rows_in(catalogue))
    cases = EvaluationCases(case_ids, history.rows_in(catalogue), targets, len(catalogue))
    data = data_of_cases(request, "sampled", cases, catalogue, training, candidates)
    return data.with_notes(*notes, *_left_out(candidates))


def candidate_items(candidates: CandidateLists) -> Ragged:
    """Positive and negatives of each case, the positive first; C lists."""
    negatives = candidates.negatives
    # A positive goes in front of the first negative of its case, and each list grows by one.
    values = np.insert(negatives.values, negatives.offsets[:-1], candidates.positives.astype(np.int32))
    return Ragged(values, negatives.offsets + np.arange(len(negatives.offsets)))


def _check_negatives(file: TableFile, positives: pa.Array, negatives: IdLists) -> None:
    for index, (positive, others) in enumerate(zip(positives.to_pylist(), negatives.to_lists(), strict=True)):
        if not set(others) - {positive}:
            raise file.error(index, f"{file.found['negatives']} names no item but the positive")


def _nothing(count: int) -> IdLists:
    return IdLists(pa.array([], pa.string()), np.zeros(count + 1, np.int64))


def _left_out(candidates: CandidateLists) -> list[str]:
    counts = {
        "negatives were named twice by their case and count once": candidates.repeated,
        "negatives were the positive of their case and left": candidates.positives_among,
    }
    return [f"{format_count(count)} {what}" for what, count in counts.items() if count]
