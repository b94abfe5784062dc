"""RetailRocket: views, additions to the cart and transactions of a shop whose texts are hashed.

The properties of the items are a long table of weekly snapshots, with hashed names and values; only the category and
the availability are plain. An item's category is the first one known, so that nothing that came later shows. The
availability is left out: its last state would tell what was sold out in the test window. Items have no titles.
"""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

from tfx_pipeline.config import Config
from tfx_pipeline.datasets.definition import Dataset, Download, PublishedFile
from tfx_pipeline.datasets.objectives import shop_objectives
from tfx_pipeline.datasets.prepared import prepare
from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.table_config import DataConfig, RulesConfig, TableConfig

_PROPERTIES = ("item_properties_part1.csv", "item_properties_part2.csv")
_TREE = "category_tree.csv"
_CATEGORY = "categoryid"
_SNAPSHOTS = pa.schema(
    [("timestamp", pa.int64()), ("itemid", pa.int64()), ("property", pa.string()), ("value", pa.string())]
)


def _retailrocket(download: Download) -> Config:
    properties = [download.path(name) for name in _PROPERTIES]
    tree = download.path(_TREE)
    schema = pa.schema([("item_id", pa.string()), ("category", pa.string())])
    items = prepare(download.prepared("items"), [*properties, tree], schema, _items(properties, tree, schema))
    events = TableConfig(
        path=download.path("events.csv"),
        columns={
            "user_id": "visitorid",
            "item_id": "itemid",
            "event_type": "event",
            "timestamp": "timestamp",
            "basket_id": "transactionid",
        },
        time_unit="ms",
    )
    data = DataConfig(
        events=events,
        items=TableConfig(path=items, constants={"title": ""}),
        # A tenth of the events are of items without properties.
        rules=RulesConfig(unlisted_items="keep"),
    )
    objectives = shop_objectives(click=["view"], cart=["addtocart"], purchase=["transaction"])
    return Config(run_dir=download.run_dir, data=data, objectives=objectives)


def _items(properties: list[Path], tree: Path, schema: pa.Schema) -> Iterator[pa.Table]:
    """Items with the path of their first known category, one table of all, by item id."""
    pieces = [table for path in properties for table in _categories(path)]
    known = pa.concat_tables([_SNAPSHOTS.empty_table(), *pieces]).to_pandas()
    # Stable: of two snapshots of the same time, the one that stands first in the files wins.
    first = known.sort_values("timestamp", kind="stable").drop_duplicates("itemid").sort_values("itemid")
    paths = _paths(tree)
    category = [paths.get(value, value) for value in first["value"]]
    yield pa.table({"item_id": first["itemid"].astype(str), "category": category}, schema)


def _categories(path: Path) -> Iterator[pa.Table]:
    """The rows of a properties file that tell the category of an item, in pieces."""
    options = arrow_csv.ConvertOptions(column_types=_SNAPSHOTS, include_columns=_SNAPSHOTS.names)
    try:
        with pa.input_stream(path) as stream:
            for batch in arrow_csv.open_csv(stream, convert_options=options):
                is_category = pc.equal(batch.column("property"), _CATEGORY)
                yield pa.Table.from_batches([batch.filter(is_category)])
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path}: not the item properties of RetailRocket: {' '.join(str(error).split())}") from error


def _paths(tree: Path) -> dict[str, str]:
    """Path from the root to every category of the tree."""
    try:
        with pa.input_stream(tree) as stream:
            types = {"categoryid": pa.string(), "parentid": pa.string()}
            rows = arrow_csv.read_csv(stream, convert_options=arrow_csv.ConvertOptions(column_types=types))
            parents = dict(zip(rows["categoryid"].to_pylist(), rows["parentid"].to_pylist(), strict=True))
    except (pa.ArrowException, OSError, KeyError) as error:
        raise DataError(f"{tree}: not the category tree of RetailRocket: {' '.join(str(error).split())}") from error
    return {category: " > ".join(reversed(_ancestry(tree, category, parents))) for category in parents}


def _ancestry(tree: Path, category: str, parents: dict[str, str]) -> list[str]:
    """A category, its parent, and so on up to the root."""
    line = [category]
    while parent := parents.get(line[-1]):
        if parent in line:
            raise DataError(f"{tree}: category {category} is its own ancestor")
        line.append(parent)
    return line


RETAILROCKET = Dataset(
    name="retailrocket",
    title="RetailRocket: four and a half months of a shop's views, carts and transactions, 2015",
    files=(
        PublishedFile(("events.csv",), "events"),
        PublishedFile((_PROPERTIES[0],), "properties of the items"),
        PublishedFile((_PROPERTIES[1],), "more properties of the items"),
        PublishedFile((_TREE,), "categories"),
    ),
    where="https://www.kaggle.com/datasets/retailrocket/ecommerce-dataset",
    licence="CC BY-NC-SA 4.0",
    configure=_retailrocket,
)
