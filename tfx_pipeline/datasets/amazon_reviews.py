"""Amazon Reviews of 2014, 2018 and 2023: reviews as events, products as items, one pair of files a category.

All categories in the folder are read together. Every review is an event, whatever its number of stars, which the
column `rating` keeps. Times of 2014 and 2018 are days. In 2023 the item is the product, not its size or colour. Reviews
of products without metadata are kept.
"""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tfx_pipeline.config import Config
from tfx_pipeline.datasets.amazon_products import PRODUCT_SCHEMA, ProductFields, products
from tfx_pipeline.datasets.definition import Dataset, Download, PublishedFile
from tfx_pipeline.datasets.objectives import RATING, ratings
from tfx_pipeline.datasets.prepared import prepare
from tfx_pipeline.table_config import DataConfig, RulesConfig, TableConfig

_LICENCE = "none stated by the publisher (UCSD McAuley lab); research use, cite the papers that its page names"
_META = "meta_"


@dataclass(frozen=True)
class _Layout:
    """How an edition names its files and columns.

    Attributes:
        reviews: Patterns of the names of review files.
        prefix: What stands before the category in such a name.
        suffix: What stands after it.
        columns: Contract column, or `rating`, -> column of the reviews.
        time_unit: Unit of the times.
        product: Columns of the metadata.
    """

    reviews: str
    prefix: str
    suffix: str
    columns: dict[str, str | list[str]]
    time_unit: str
    product: ProductFields

    def category(self, reviews: Path) -> str:
        """The category that a review file is about; the 5-core selection of one is about the same."""
        name = reviews.name.removesuffix(".gz").removesuffix(self.suffix).removeprefix(self.prefix)
        return name.removesuffix("_5")


def _amazon(download: Download, layout: _Layout) -> Config:
    reviews = _review_files(download, layout)
    items = []
    for category in reviews:
        source = download.path(f"{_META}{category}{layout.suffix}")
        rows = products(source, layout.product)
        items.append(str(prepare(download.prepared(f"items_{category}"), [source], PRODUCT_SCHEMA, rows)))
    events = TableConfig.model_validate(
        {
            "path": list(reviews.values()),
            "format": "jsonl",
            "columns": layout.columns,
            "constants": {"event_type": RATING},
            "own_columns": {"rating": "number"},
            "time_unit": layout.time_unit,
        }
    )
    rules = RulesConfig(unlisted_items="keep", duplicate_items="drop")
    data = DataConfig(events=events, items=TableConfig(path=items), rules=rules)
    return Config(run_dir=download.run_dir, data=data, objectives=ratings())


def _review_files(download: Download, layout: _Layout) -> dict[str, Path]:
    """One review file for each category: all reviews where they are there, else the 5-core selection."""
    files = [path for path in download.paths(layout.reviews) if not path.name.startswith(_META)]
    if not files:
        raise download.error(f"missing {layout.reviews} (reviews)")
    by_category: dict[str, Path] = {}
    for path in sorted(files, key=lambda path: (layout.category(path), len(path.name))):
        by_category.setdefault(layout.category(path), path)
    return by_category


_OLD_COLUMNS: dict[str, str | list[str]] = {
    "user_id": "reviewerID",
    "item_id": "asin",
    "timestamp": "unixReviewTime",
    "rating": "overall",
}
_2014 = _Layout(
    reviews="reviews_*.json",
    prefix="reviews_",
    suffix=".json",
    columns=_OLD_COLUMNS,
    time_unit="s",
    product=ProductFields("asin", category="categories", brand="brand"),
)
_2018 = _Layout(
    reviews="*.json",
    prefix="",
    suffix=".json",
    columns=_OLD_COLUMNS,
    time_unit="s",
    product=ProductFields("asin", category="category", brand="brand"),
)
_2023 = _Layout(
    reviews="*.jsonl",
    prefix="",
    suffix=".jsonl",
    columns={"user_id": "user_id", "item_id": "parent_asin", "timestamp": "timestamp"},
    time_unit="ms",
    product=ProductFields("parent_asin", category="categories", brand="store"),
)

AMAZON_2014 = Dataset(
    name="amazon-reviews-2014",
    title="Amazon Reviews 1996-2014, by category",
    files=(
        PublishedFile(("reviews_*.json",), "reviews of a category, all or 5-core"),
        PublishedFile(("meta_*.json",), "products of the same category"),
    ),
    where="https://cseweb.ucsd.edu/~jmcauley/datasets/amazon/links.html (reviews_X.json.gz or reviews_X_5.json.gz, "
    "with meta_X.json.gz)",
    licence=_LICENCE,
    configure=partial(_amazon, layout=_2014),
)
AMAZON_2018 = Dataset(
    name="amazon-reviews-2018",
    title="Amazon Reviews 1996-2018, by category",
    files=(
        PublishedFile(("[!m]*.json",), "reviews of a category, all or 5-core"),
        PublishedFile(("meta_*.json",), "products of the same category"),
    ),
    where="https://nijianmo.github.io/amazon/ (X.json.gz or X_5.json.gz, with meta_X.json.gz)",
    licence=_LICENCE,
    configure=partial(_amazon, layout=_2018),
)
AMAZON_2023 = Dataset(
    name="amazon-reviews-2023",
    title="Amazon Reviews 1996-2023, by category",
    files=(
        PublishedFile(("[!m]*.jsonl",), "reviews of a category"),
        PublishedFile(("meta_*.jsonl",), "products of the same category"),
    ),
    where="https://amazon-reviews-2023.github.io/ (X.jsonl.gz, with meta_X.jsonl.gz)",
    licence=_LICENCE,
    configure=partial(_amazon, layout=_2023),
)
