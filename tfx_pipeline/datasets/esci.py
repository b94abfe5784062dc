"""ESCI, the Shopping Queries Data Set: queries and products of Amazon's shop in the United States, judged by people.

Events are made of the pairs of the publisher's train part that were judged Exact, Substitute or Complement, as
`judged_pairs` describes: a query stands for a user. The queries of the test part are in the judgments alone.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tfx_pipeline.config import Config
from tfx_pipeline.datasets import judged_pairs
from tfx_pipeline.datasets.definition import Dataset, Download, PublishedFile
from tfx_pipeline.datasets.judged_pairs import EVENT_SCHEMA, JUDGMENT_SCHEMA
from tfx_pipeline.datasets.prepared import ROWS, prepare
from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.table_config import DataConfig, TableConfig

LOCALE = "us"
"""The shop whose products and queries are read; ids of products are not unique across shops."""

GRADES = {"E": 1.0, "S": 0.1, "C": 0.01, "I": 0.0}
"""What Exact, Substitute, Complement and Irrelevant count, as in the gains of the publisher's ranking task."""

_EXAMPLES, _PRODUCTS = "shopping_queries_dataset_examples.parquet", "shopping_queries_dataset_products.parquet"
_JUDGMENTS = JUDGMENT_SCHEMA.append(pa.field("split", pa.string()))
_PRODUCT_COLUMNS = (
    "product_id",
    "product_title",
    "product_description",
    "product_bullet_point",
    "product_brand",
    "product_color",
)
_ITEMS = pa.schema([(name, pa.string()) for name in _PRODUCT_COLUMNS])


def _esci(download: Download) -> Config:
    examples, products = download.path(_EXAMPLES), download.path(_PRODUCTS)
    judgments = prepare(download.prepared("judgments"), [examples], _JUDGMENTS, _judgments(examples))
    events = prepare(download.prepared("events"), [examples], EVENT_SCHEMA, _events(examples))
    prepared_items = prepare(download.prepared("items"), [products], _ITEMS, _of_locale(products, _PRODUCT_COLUMNS))
    items = TableConfig(
        path=prepared_items,
        columns={
            "item_id": "product_id",
            "title": "product_title",
            "description": ["product_bullet_point", "product_description"],
            "brand": "product_brand",
        },
        own_columns={"product_color": "text"},
    )
    data = DataConfig(events=judged_pairs.judged_events(events), items=items, judgments=TableConfig(path=judgments))
    return Config(run_dir=download.run_dir, data=data, objectives=judged_pairs.objectives(), split=judged_pairs.split())


def _judgments(examples: Path) -> Iterator[pa.Table]:
    for pairs in _pairs(examples):
        yield pairs.select(_JUDGMENTS.names)


def _events(examples: Path) -> Iterator[pa.Table]:
    for pairs in _pairs(examples):
        is_event = pc.and_(pc.greater(pairs["relevance"], 0.0), pc.equal(pairs["split"], "train"))
        yield pairs.filter(is_event).select(EVENT_SCHEMA.names)


def _pairs(examples: Path) -> Iterator[pa.Table]:
    """The judged pairs in the columns of the contract, in pieces; a label that is unknown is null."""
    names = ("query_id", "query", "product_id", "esci_label", "split")
    for pairs in _of_locale(examples, names):
        columns = {
            "user_id": pairs["query_id"].cast(pa.string()),
            "query": pairs["query"],
            "item_id": pairs["product_id"],
            "relevance": judged_pairs.grades(pairs["esci_label"], GRADES),
            "split": pairs["split"],
        }
        yield pa.table(columns)


def _of_locale(path: Path, columns: Sequence[str]) -> Iterator[pa.Table]:
    """The rows of the shop that is read, in pieces of bounded size."""
    try:
        file = pq.ParquetFile(path)
        absent = [name for name in (*columns, "product_locale") if name not in file.schema_arrow.names]
        if absent:
            raise DataError(f"{path}: not the file of ESCI: no column {', '.join(absent)}")
        for batch in file.iter_batches(batch_size=ROWS, columns=[*columns, "product_locale"]):
            rows = pa.Table.from_batches([batch])
            yield rows.filter(pc.equal(rows["product_locale"], LOCALE)).select(list(columns))
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path}: not the file of ESCI: {' '.join(str(error).split())}") from error


ESCI = Dataset(
    name="esci",
    title="ESCI, Shopping Queries Data Set: queries and products of Amazon (us) with human judgments",
    files=(
        PublishedFile((_EXAMPLES,), "judgments"),
        PublishedFile((_PRODUCTS,), "products"),
        PublishedFile(("shopping_queries_dataset_sources.csv",), "where a query comes from, not read", optional=True),
    ),
    where="https://github.com/amazon-science/esci-data (folder shopping_queries_dataset, with git lfs)",
    licence="Apache-2.0",
    configure=_esci,
    folders=("shopping_queries_dataset", "esci-data/shopping_queries_dataset"),
)
