"""The evaluation data that a request names, from whatever it is."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pyarrow as pa

from tfx_pipeline.evaluate.candidate_data import NEGATIVES, candidate_data
from tfx_pipeline.evaluate.case_data import case_data
from tfx_pipeline.evaluate.evaluation_data import EvaluationData
from tfx_pipeline.evaluate.request import PROTOCOLS_OF_FILES, EvaluateRequest, Protocol
from tfx_pipeline.evaluate.search_data import search_data
from tfx_pipeline.evaluate.shop_data import shop_data
from tfx_pipeline.evaluate.shop_tables import is_configuration, open_shop_tables
from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.sources.open_table import open_table
from tfx_pipeline.sources.source_files import SourceFile
from tfx_pipeline.table_config import TableConfig


@contextmanager
def open_data(request: EvaluateRequest, known_items: Sequence[pa.Array] = ()) -> Iterator[EvaluationData]:
    """The cases, with what models learn from; what had to be ingested is removed at the end.

    Args:
        request: What is asked for.
        known_items: Ids of items that the models can rank, for a table of cases without a table of items.

    Raises:
        DataError: The data cannot be used, or does not go with the protocol or another option.
    """
    if not request.data.exists():
        raise DataError(f"{request.data}: no such file or directory")
    if request.data.is_dir() or is_configuration(request.data):
        _check_shop_options(request)
        with open_shop_tables(request.data) as tables:
            yield shop_data(tables, request)
        return
    protocol = _protocol_of_file(request)
    _check_case_options(request, protocol)
    if protocol == "search":
        _check_search_options(request)
        yield search_data(request)
        return
    yield (candidate_data if protocol == "sampled" else case_data)(request, known_items)


def _check_shop_options(request: EvaluateRequest) -> None:
    if request.protocol in PROTOCOLS_OF_FILES:
        kind = "queries" if request.protocol == "search" else "cases"
        raise DataError(f"{request.data}: protocol {request.protocol} needs a table of {kind}, this is a shop's data")
    options = {
        "--train": request.train,
        "--items": request.items,
        "--columns": request.columns,
        "--where": request.where,
    }
    for option, value in options.items():
        if value:
            raise DataError(f"{option} goes with a table of cases; {request.data} is a shop's data")


def _protocol_of_file(request: EvaluateRequest) -> Protocol:
    if request.protocol is None:
        columns = open_table(SourceFile(str(request.data)), TableConfig(path=str(request.data))).columns
        names = {NEGATIVES.name, *NEGATIVES.aliases}
        return "sampled" if names & {*columns, *request.columns} else "cases"
    if request.protocol not in PROTOCOLS_OF_FILES:
        raise DataError(
            f"{request.data}: protocol {request.protocol} needs a run directory or a YAML configuration, "
            "this is a table of cases"
        )
    return request.protocol


def _check_case_options(request: EvaluateRequest, protocol: Protocol) -> None:
    if request.slices:
        raise DataError(f"--slice needs the tables of a shop; {request.data} is a table of cases")
    if request.impressions is not None and protocol == "sampled":
        raise DataError("--impressions needs ranked lists of the whole catalogue, not the sampled protocol")
    if request.files.new_predictions is not None and protocol == "sampled":
        raise DataError("--new-predictions needs lists without the history, which the sampled protocol has not")


def _check_search_options(request: EvaluateRequest) -> None:
    """What needs users or histories, of which a query has neither."""
    refused = {
        "--train": request.train,
        "--impressions": request.impressions,
        "--new-predictions": request.files.new_predictions,
        "--history": request.files.history,
    }
    for option, value in refused.items():
        if value is not None:
            raise DataError(f"{option} does not go with protocol search: a query has no user and no history")
