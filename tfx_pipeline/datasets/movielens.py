"""MovieLens: ratings of films by users of a recommendation site, in three layouts.

Every rating is an event, whatever its number of stars, which the column `rating` keeps. The genres of a film, in the
order of the file, stand as its category path.
"""

import csv
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from tfx_pipeline.config import Config
from tfx_pipeline.datasets.definition import Dataset, Download, PublishedFile
from tfx_pipeline.datasets.objectives import RATING, ratings
from tfx_pipeline.datasets.prepared import prepare
from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.table_config import CsvConfig, DataConfig, TableConfig

_LICENCE = "GroupLens terms: research use, no redistribution and no commercial use without permission"
_GENRES = (
    "unknown",
    "Action",
    "Adventure",
    "Animation",
    "Children's",
    "Comedy",
    "Crime",
    "Documentary",
    "Drama",
    "Fantasy",
    "Film-Noir",
    "Horror",
    "Musical",
    "Mystery",
    "Romance",
    "Sci-Fi",
    "Thriller",
    "War",
    "Western",
)
_FLAG_COLUMNS_START = 5
_RATING_COLUMNS = ["user_id", "item_id", "rating", "timestamp"]


def _events(path: Path, dialect: CsvConfig, columns: dict[str, str | list[str]] | None = None) -> TableConfig:
    return TableConfig(
        path=path,
        format="csv",
        csv=dialect,
        columns=columns or {},
        constants={"event_type": RATING},
        own_columns={"rating": "number"},
        time_unit="s",
    )


def _movielens_100k(download: Download) -> Config:
    films = download.path("u.item")
    schema = pa.schema([("item_id", pa.string()), ("title", pa.string()), ("category", pa.string())])
    items = prepare(download.prepared("items"), [films], schema, _flagged_films(films, schema))
    users = TableConfig(
        path=download.path("u.user"),
        format="csv",
        csv=CsvConfig(delimiter="|", header=["user_id", "age", "gender", "occupation", "zip_code"], quoting=False),
        own_columns={"age": "number", "gender": "text", "occupation": "text"},
        drop=["zip_code"],
    )
    dialect = CsvConfig(delimiter="\t", header=_RATING_COLUMNS, quoting=False)
    data = DataConfig(events=_events(download.path("u.data"), dialect), items=TableConfig(path=items), users=users)
    return Config(run_dir=download.run_dir, data=data, objectives=ratings())


def _flagged_films(path: Path, schema: pa.Schema) -> Iterator[pa.Table]:
    """Films whose genres are a column of 0 and 1 each, one table of all."""
    with path.open(encoding="latin-1", newline="") as lines:
        records = list(csv.reader(lines, delimiter="|", quoting=csv.QUOTE_NONE))
    films = []
    for line, record in enumerate(records, start=1):
        flags = record[_FLAG_COLUMNS_START:]
        if not record:
            continue
        if len(flags) != len(_GENRES):
            raise DataError(f"{path}: line {line} has {len(flags)} genre columns, MovieLens 100K has {len(_GENRES)}")
        genres = [genre for genre, flag in zip(_GENRES[1:], flags[1:], strict=True) if flag == "1"]
        films.append({"item_id": record[0], "title": record[1], "category": " > ".join(genres)})
    yield pa.Table.from_pylist(films, schema)


def _movielens_1m(download: Download) -> Config:
    def dialect(*header: str) -> CsvConfig:
        return CsvConfig(delimiter="::", encoding="latin-1", header=list(header), quoting=False)

    items = TableConfig(
        path=download.path("movies.dat"),
        format="csv",
        csv=dialect("item_id", "title", "category"),
        category_separator="|",
    )
    users = TableConfig(
        path=download.path("users.dat"),
        format="csv",
        csv=dialect("user_id", "gender", "age", "occupation", "zip_code"),
        own_columns={"gender": "text", "age": "number", "occupation": "text"},
        drop=["zip_code"],
    )
    events = _events(download.path("ratings.dat"), dialect(*_RATING_COLUMNS))
    data = DataConfig(events=events, items=items, users=users)
    return Config(run_dir=download.run_dir, data=data, objectives=ratings())


def _movielens_20m(download: Download) -> Config:
    items = TableConfig(
        path=download.path("movies.csv"),
        columns={"item_id": "movieId", "category": "genres"},
        values={"category": {"(no genres listed)": ""}},
        category_separator="|",
    )
    columns: dict[str, str | list[str]] = {"user_id": "userId", "item_id": "movieId"}
    events = _events(download.path("ratings.csv"), CsvConfig(), columns)
    data = DataConfig(events=events, items=items)
    return Config(run_dir=download.run_dir, data=data, objectives=ratings())


MOVIELENS_100K = Dataset(
    name="movielens-100k",
    title="MovieLens 100K: ratings of films, 1997-1998",
    files=(
        PublishedFile(("u.data",), "ratings"),
        PublishedFile(("u.item",), "titles and genres"),
        PublishedFile(("u.user",), "users"),
    ),
    where="https://grouplens.org/datasets/movielens/100k/ (ml-100k.zip)",
    licence=_LICENCE,
    configure=_movielens_100k,
    folders=("ml-100k",),
)
MOVIELENS_1M = Dataset(
    name="movielens-1m",
    title="MovieLens 1M: ratings of films, 2000-2003",
    files=(
        PublishedFile(("ratings.dat",), "ratings"),
        PublishedFile(("movies.dat",), "titles and genres"),
        PublishedFile(("users.dat",), "users"),
    ),
    where="https://grouplens.org/datasets/movielens/1m/ (ml-1m.zip)",
    licence=_LICENCE,
    configure=_movielens_1m,
    folders=("ml-1m",),
)
MOVIELENS_20M = Dataset(
    name="movielens-20m",
    title="MovieLens 20M, and others of its layout (25M, 32M, latest-small): ratings of films since 1995",
    files=(
        PublishedFile(("ratings.csv",), "ratings"),
        PublishedFile(("movies.csv",), "titles and genres"),
    ),
    where="https://grouplens.org/datasets/movielens/20m/ (ml-20m.zip)",
    licence=_LICENCE,
    configure=_movielens_20m,
    folders=("ml-20m", "ml-25m", "ml-32m", "ml-latest", "ml-latest-small"),
)
