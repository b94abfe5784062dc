"""WANDS: furniture queries and products of Wayfair, judged by people.

Events are made of the pairs judged Exact or Partial, as `judged_pairs` describes: a query stands for a user.
"""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

from tfx_pipeline.config import Config
from tfx_pipeline.datasets import judged_pairs
from tfx_pipeline.datasets.definition import Dataset, Download, PublishedFile
from tfx_pipeline.datasets.judged_pairs import EVENT_SCHEMA, JUDGMENT_SCHEMA
from tfx_pipeline.datasets.prepared import prepare
from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.table_config import CsvConfig, DataConfig, TableConfig

GRADES = {"Exact": 1.0, "Partial": 0.5, "Irrelevant": 0.0}
"""What the labels count, as the publisher's own evaluation has it."""


def _wands(download: Download) -> Config:
    sources = [download.path("label.csv"), download.path("query.csv")]
    judgments = prepare(download.prepared("judgments"), sources, JUDGMENT_SCHEMA, _judgments(*sources))
    events = prepare(download.prepared("events"), sources, EVENT_SCHEMA, _events(*sources))
    items = TableConfig(
        path=download.path("product.csv"),
        csv=CsvConfig(delimiter="\t"),
        columns={
            "item_id": "product_id",
            "title": "product_name",
            "description": "product_description",
            "category": "category hierarchy",
        },
        category_separator=" / ",
    )
    data = DataConfig(events=judged_pairs.judged_events(events), items=items, judgments=TableConfig(path=judgments))
    return Config(run_dir=download.run_dir, data=data, objectives=judged_pairs.objectives(), split=judged_pairs.split())


def _judgments(labels: Path, queries: Path) -> Iterator[pa.Table]:
    pairs = _pairs(labels, queries)
    yield pairs.select(JUDGMENT_SCHEMA.names)


def _events(labels: Path, queries: Path) -> Iterator[pa.Table]:
    pairs = _pairs(labels, queries)
    yield pairs.filter(pc.greater(pairs["relevance"], 0.0)).select(EVENT_SCHEMA.names)


def _pairs(labels: Path, queries: Path) -> pa.Table:
    """The judged pairs with the text of their query, in file order; a label or a query that is unknown is null."""
    judged = _read(labels, "query_id", "product_id", "label")
    asked = _read(queries, "query_id", "query")
    position = pc.index_in(judged["query_id"], value_set=asked["query_id"].combine_chunks())
    columns = {
        "user_id": judged["query_id"],
        "query": pc.take(asked["query"].combine_chunks(), position),
        "item_id": judged["product_id"],
        "relevance": judged_pairs.grades(judged["label"], GRADES),
    }
    return pa.table(columns)


def _read(path: Path, *columns: str) -> pa.Table:
    options = arrow_csv.ConvertOptions(
        column_types=dict.fromkeys(columns, pa.string()), include_columns=list(columns), strings_can_be_null=False
    )
    try:
        with pa.input_stream(path) as stream:
            parsing = arrow_csv.ParseOptions(delimiter="\t", newlines_in_values=True)
            return arrow_csv.read_csv(stream, parse_options=parsing, convert_options=options)
    except (pa.ArrowException, OSError, KeyError) as error:
        raise DataError(f"{path}: not the file of WANDS: {' '.join(str(error).split())}") from error


WANDS = Dataset(
    name="wands",
    title="WANDS: furniture queries and products of Wayfair with human judgments",
    files=(
        PublishedFile(("label.csv",), "judgments"),
        PublishedFile(("query.csv",), "queries"),
        PublishedFile(("product.csv",), "products"),
    ),
    where="https://github.com/wayfair/WANDS (folder dataset)",
    licence="MIT",
    configure=_wands,
    folders=("dataset", "WANDS/dataset"),
)
