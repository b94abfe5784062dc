"""Evaluation data from a table of cases: histories and what was taken next, of users or sessions of any kind."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tfx_pipeline.config import HistoryConfig
from tfx_pipeline.evaluate.case_table import CaseTable, read_case_table
from tfx_pipeline.evaluate.evaluation_data import EvaluationData
from tfx_pipeline.evaluate.request import EvaluateRequest, Protocol
from tfx_pipeline.evaluate.search_texts import SearchTexts
from tfx_pipeline.evaluate.table_file import TableFile, WantedColumn
from tfx_pipeline.evaluate.training_table import TrainingTable, read_training_table
from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.item_facts import ItemFacts
from tfx_pipeline.evaluation.ragged import Ragged
from tfx_pipeline.evaluation.sampled import CandidateLists
from tfx_pipeline.number_format import format_count
from tfx_pipeline.sources.errors import DataError

_ITEM = WantedColumn("item_id", ("id",))


def case_data(request: EvaluateRequest, known_items: Sequence[pa.Array] = ()) -> EvaluationData:
    """The cases of a table.

    Args:
        request: Names the table, and the tables of training and of items if there are such.
        known_items: Ids of items that models can rank; they belong to the catalogue where no table of items is given.

    Raises:
        DataError: A table cannot be used, or no case has a target.
    """
    table = read_case_table(request.data, request.columns, request.where)
    training = read_training_table(request.train) if request.train else None
    catalogue, notes = find_catalogue(
        request.items, known_items, [table.targets.ids, table.history.ids], training, str(request.data)
    )
    cases = _cases(table, catalogue)
    has_target = cases.targets.lengths > 0
    if not has_target.any():
        raise DataError(f"{request.data}: no case has a target")
    if table.case_ids != table.owners:
        notes.append(
            f"{table.file.found['case_id']} occurs more than once: the cases are numbered, models see strangers, "
            "and intervals and tests take cases of one owner as independent"
        )
    if not has_target.all():
        notes.append(f"{format_count(int((~has_target).sum()))} cases have no target and do not count")
    asked = cases.take(np.flatnonzero(has_target))
    return data_of_cases(request, "cases", asked, catalogue, training).with_notes(*notes)


def find_catalogue(
    items: Path | None,
    known_items: Sequence[pa.Array],
    asked: Sequence[pa.Array],
    training: TrainingTable | None,
    source: str,
) -> tuple[pa.Array, list[str]]:
    """All items that are ranked; [V] distinct strings, and notes about where they come from.

    Args:
        items: Table of items, if there is one: its order is the catalogue's.
        known_items: Ids of items that models can rank.
        asked: Ids of the items of the cases.
        training: What baselines learn from.
        source: The table of cases, for notes.
    """
    learned = [training.sequences.ids] if training is not None else []
    if items is None:
        catalogue = distinct_ids(*known_items, *learned, *asked)
        count = format_count(len(catalogue))
        return catalogue, [
            f"the catalogue is the {count} items that the tables and the models name; --items FILE gives all of it"
        ]
    listed = TableFile(items, (_ITEM,)).ids("item_id")
    catalogue = distinct_ids(listed, *learned, *asked)
    added = len(catalogue) - len(pc.unique(listed))
    notes = [f"{format_count(added)} items of {source} or of the training table are not in {items}; they were added"]
    return catalogue, notes if added else []


def distinct_ids(*parts: pa.Array) -> pa.Array:
    """Ids in the order in which they first occur; [V] strings."""
    return pc.unique(pa.concat_arrays([part.cast(pa.string()) for part in parts]))


def data_of_cases(
    request: EvaluateRequest,
    protocol: Protocol,
    cases: EvaluationCases,
    catalogue: pa.Array,
    training: TrainingTable | None,
    candidates: CandidateLists | None = None,
    search: SearchTexts | None = None,
) -> EvaluationData:
    """Evaluation data without the tables of a shop."""
    interactions = training.interactions(catalogue) if training is not None else None
    return EvaluationData(
        source=str(request.data),
        protocol=protocol,
        item_ids=catalogue.to_numpy(zero_copy_only=False),
        cases=cases,
        event_type_names=np.array([], dtype=object),
        history_length=HistoryConfig().length,
        interactions=interactions,
        facts=ItemFacts.from_interactions(interactions) if interactions is not None else None,
        candidates=candidates,
        search=search,
    )


def _cases(table: CaseTable, catalogue: pa.Array) -> EvaluationCases:
    targets = distinct_targets(table.targets.rows_in(catalogue), len(catalogue))
    return EvaluationCases(table.case_ids, table.history.rows_in(catalogue), targets, len(catalogue))


def distinct_targets(targets: Ragged, item_count: int) -> Ragged:
    """The same lists; a target that is named twice counts once."""
    _, first = np.unique(targets.owners * item_count + targets.values, return_index=True)
    keep = np.zeros(len(targets.values), bool)
    keep[first] = True
    return targets.keep(keep)
