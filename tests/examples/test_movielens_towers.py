"""The example of research with the towers, on films that follow each other in a ring."""

import csv
import gzip
import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "examples" / "movielens_towers.py"
FILMS, USERS, RATINGS = 30, 40, 12


def write(path: Path, rows: list[dict[str, int]]) -> None:
    with gzip.open(path, "wt", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Every user rates one film after the other, from another start; the log is not in the order of time."""
    first = np.random.default_rng(0).integers(0, FILMS, USERS)
    events = [
        {"user_id": user, "item_id": 100 + int(first[user] + step) % FILMS, "timestamp": 1000 + step}
        for step in reversed(range(RATINGS))
        for user in range(USERS)
    ]
    write(tmp_path / "events.csv.gz", events)
    write(tmp_path / "items.csv.gz", [{"item_id": 100 + film} for film in range(FILMS)])
    return tmp_path


def example() -> Any:
    spec = importlib.util.spec_from_file_location("movielens_towers", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_films_are_read_in_the_order_of_time(folder: Path) -> None:
    sequences, films = example().read_films(folder)
    assert (len(sequences), films) == (USERS, FILMS)
    for sequence in sequences:
        assert sequence.tolist() == [(sequence[0] + step) % FILMS for step in range(RATINGS)]


@pytest.mark.slow
def test_the_table_shows_that_towers_find_what_popularity_cannot(folder: Path, capsys: pytest.CaptureFixture) -> None:
    example().main(folder, epochs=15)
    heading, *lines = capsys.readouterr().out.splitlines()[-5:]
    assert heading.split() == ["HR@10", "NDCG@10"]
    rows = {match[1]: float(match[3]) for line in lines if (match := re.match(r"(.+?)  +([\d.]+) +([\d.]+)$", line))}
    assert list(rows) == ["most popular", "transitions", "towers", "towers and transitions"]
    assert rows["most popular"] < 0.6 < rows["towers"]
    assert rows["towers and transitions"] > 0.9


def test_it_imports_no_tfx() -> None:
    program = f"import runpy, sys; runpy.run_path({str(SCRIPT)!r}); assert 'tfx' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True, cwd=SCRIPT.parents[1])
