"""MovieLens in its three layouts."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tfx_pipeline.datasets.dataset import load_dataset
from tfx_pipeline.sources.errors import DataError

Save = Callable[[str, str | bytes], Path]
Ingest = Callable[..., Any]

FLAGS = 19


def film(item_id: str, title: str, *genres: int) -> str:
    flags = "|".join("1" if number in genres else "0" for number in range(FLAGS))
    return f"{item_id}|{title}|01-Jan-1995||http://us.imdb.com/{item_id}|{flags}\n"


@pytest.fixture
def movielens_100k(save: Save) -> Save:
    save("u.data", "196\t242\t3\t881250949\n186\t302\t1\t891717742\n196\t302\t5\t881250950\n")
    save("u.item", (film("242", "Kolya (1996)", 5) + film("302", 'La "Cité" (1995)', 1, 3, 18)).encode("latin-1"))
    save("u.user", "186|39|F|executive|00000\n196|49|M|writer|55105\n")
    return save


def test_100k(movielens_100k: Save, data_dir: Path, run_dir: Path, ingested: Ingest) -> None:
    result = ingested(load_dataset("movielens-100k", data_dir, run_dir))
    assert result.events("user_id", "item_id", "event_type", "timestamp", "rating") == [
        ("186", "302", "rating", 891717742, 1.0),
        ("196", "242", "rating", 881250949, 3.0),
        ("196", "302", "rating", 881250950, 5.0),
    ]
    assert result.items("item_id", "title", "category") == [
        ("242", "Kolya (1996)", "Comedy"),
        ("302", 'La "Cité" (1995)', "Action > Animation > Western"),
    ]
    assert result.users("user_id", "age", "gender", "occupation") == [
        ("186", 39.0, "F", "executive"),
        ("196", 49.0, "M", "writer"),
    ]


def test_100k_with_other_genre_columns(movielens_100k: Save, data_dir: Path, run_dir: Path) -> None:
    movielens_100k("u.item", "242|Kolya (1996)|24-Jan-1997||http://us.imdb.com/|0|1\n")
    with pytest.raises(DataError, match=r"u\.item: line 1 has 2 genre columns, MovieLens 100K has 19$"):
        load_dataset("movielens-100k", data_dir, run_dir)
    assert not list(run_dir.rglob("*.parquet"))


def test_1m(save: Save, data_dir: Path, run_dir: Path, ingested: Ingest) -> None:
    save("ml-1m/ratings.dat", "1::1193::5::978300760\n1::661::3::978302109\n2::1193::4::978298413\n")
    films = "661::James and the Giant Peach (1996)::Animation|Children's|Musical\n1193::Les Misérables (1995)::Drama\n"
    save("ml-1m/movies.dat", films.encode("latin-1"))
    save("ml-1m/users.dat", "1::F::1::10::48067\n2::M::56::16::70072\n")
    result = ingested(load_dataset("movielens-1m", data_dir, run_dir))
    assert result.events("user_id", "item_id", "timestamp", "rating") == [
        ("1", "1193", 978300760, 5.0),
        ("1", "661", 978302109, 3.0),
        ("2", "1193", 978298413, 4.0),
    ]
    assert result.items("item_id", "title", "category") == [
        ("661", "James and the Giant Peach (1996)", "Animation > Children's > Musical"),
        ("1193", "Les Misérables (1995)", "Drama"),
    ]
    assert result.users("user_id", "gender", "age", "occupation") == [("1", "F", 1.0, "10"), ("2", "M", 56.0, "16")]
    assert not run_dir.exists()


@pytest.mark.parametrize(("folder", "ending"), [("", ""), ("ml-20m/", ""), ("ml-25m/", ".gz")])
def test_20m(save: Save, data_dir: Path, run_dir: Path, ingested: Ingest, folder: str, ending: str) -> None:
    save(f"{folder}ratings.csv{ending}", "userId,movieId,rating,timestamp\n1,2,3.5,1112486027\n1,29,4.0,1112484676\n")
    films = 'movieId,title,genres\n2,"Jumanji, or so (1995)",Adventure|Children\n29,Title (1995),(no genres listed)\n'
    save(f"{folder}movies.csv{ending}", films)
    result = ingested(load_dataset("movielens-20m", data_dir, run_dir))
    assert result.events("item_id", "timestamp", "rating") == [("29", 1112484676, 4.0), ("2", 1112486027, 3.5)]
    assert result.items("item_id", "title", "category") == [
        ("2", "Jumanji, or so (1995)", "Adventure > Children"),
        ("29", "Title (1995)", ""),
    ]
