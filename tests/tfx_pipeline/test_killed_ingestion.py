"""A kill -9 in the middle, then a rerun: the same tables and examples, byte for byte, as an undisturbed run."""

import gzip
import io
import json
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tfx_pipeline.sources.tfrecord_frames import records_of

REPOSITORY = Path(__file__).parents[2]
SCRIPT = Path(__file__).with_name("killable_process.py")
Run = Callable[..., tuple[int, str]]
Contents = dict[str, Any]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A shop whose events lie in four files: some twice, some returned, some that nobody can read."""
    folder = tmp_path_factory.mktemp("shop")
    draw = random.Random(7)
    for file in range(4):
        lines = ["user_id,item_id,event_type,timestamp,price,quantity"]
        for row in range(100):
            time = 1_500_000_000 + draw.randrange(400) if row % 40 else "soon"
            quantity = -1 if row % 25 == 7 else 1
            lines.append(
                f"user {draw.randrange(30)},i{draw.randrange(12)},buy,{time},{draw.randrange(9) / 4},{quantity}"
            )
        (folder / f"events-{file}.csv").write_text("\n".join([*lines, lines[-1], ""]))
    items = "".join(f"i{item},Item {item}\n" for item in range(12))
    (folder / "items.csv").write_text("item_id,title\n" + items)
    return {
        "events": {"path": str(folder / "events-*.csv")},
        "items": {"path": str(folder / "items.csv")},
        "max_bad_share": 0.1,
    }


@pytest.fixture(scope="module")
def run(data: dict[str, Any]) -> Iterator[Run]:
    """Run both steps into two folders, and be killed at a point if one is given; exit status and message."""
    # Not PIPE for the errors: nobody would read them, and a full pipe stops the process.
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", str(SCRIPT)],
        cwd=REPOSITORY, env={"PYTHONPATH": str(REPOSITORY), "PATH": "", "TF_CPP_MIN_LOG_LEVEL": "3"},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as process:  # fmt: skip
        assert process.stdin is not None and process.stdout is not None
        answers, jobs = process.stdout, process.stdin

        def in_a_process(tables: Path, examples: Path, **job: Any) -> tuple[int, str]:
            for folder in (tables, examples):
                folder.mkdir(parents=True, exist_ok=True)
            jobs.write(json.dumps({"data": data, "tables": str(tables), "examples": str(examples), **job}) + "\n")
            jobs.flush()
            status, message = json.loads(answers.readline())
            return status, message

        yield in_a_process


def contents(folder: Path) -> Contents:
    """What lies under a final name in a folder, by its path."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    names = {path: path.relative_to(folder) for path in paths}
    return {
        name.as_posix(): catalogue(path) if name.parent.name == "Split-catalogue" else path.read_bytes()
        for path, name in names.items()
        if not any(part.startswith(".") for part in name.parts)
    }


def catalogue(path: Path) -> list[dict[str, Any]]:
    """Examples of items, which tfx_bsl writes with their features in any order."""
    from tfx_bsl.coders.example_coder import ExampleToNumpyDict

    stream = io.BytesIO(gzip.decompress(path.read_bytes()))
    examples = [ExampleToNumpyDict(record) for record in records_of(stream, str(path))]
    return [{name: values.tolist() for name, values in example.items()} for example in examples]


@pytest.fixture(scope="module")
def undisturbed(run: Run, tmp_path_factory: pytest.TempPathFactory) -> tuple[Contents, Contents]:
    """Tables and examples of a run that nothing disturbs."""
    folder = tmp_path_factory.mktemp("undisturbed")
    assert run(folder / "tables", folder / "examples", has_tables=False) == (0, "")
    return contents(folder / "tables"), contents(folder / "examples")


def test_the_shop_takes_several_files_of_everything(undisturbed: tuple[Contents, Contents]) -> None:
    tables, examples = undisturbed
    assert sum(name.startswith("events/") for name in tables) >= 5
    assert {name.split("/")[0] for name in tables} == {"events", "ingest.json", "items.parquet", "quarantine"}
    report = json.loads(tables["ingest.json"])
    assert report["returned"] > 0 and report["events"]["dropped"]["duplicate event"] == 4
    assert report["events"]["quarantined"] == {"unreadable timestamp": 12}
    splits = ["catalogue", "eval", "ranker", "train", "users"]
    assert sorted({name.split("/")[0] for name in examples}) == [f"Split-{split}" for split in splits]
    assert len(examples["Split-catalogue/data_tfrecord-00000-of-00001.gz"]) == 12


@pytest.mark.parametrize(
    ("place", "count"),
    [
        ("sift", 1),
        ("sift", 4),
        ("halfway", 1),
        ("replace", 1),
        ("halfway", 4),
        ("replace", 7),
        ("rename", 1),
        ("rename", 3),
    ],
)
def test_a_kill_during_ingestion(
    run: Run, undisturbed: tuple[Contents, Contents], tmp_path: Path, place: str, count: int
) -> None:
    tables, examples = undisturbed
    killed = tmp_path / "killed"
    status, _ = run(killed, tmp_path / "examples", has_tables=False, stage="ingest", place=place, count=count)
    assert status == -9
    left = contents(killed)
    assert left.items() <= tables.items()
    assert (len(left) > 0) == (place == "rename"), "nothing appears before everything is there"
    assert "ingest.json" not in left, "the last to appear"
    assert run(killed, tmp_path / "examples", has_tables=False) == (
        0,
        f"{killed}: the destination is not an empty directory",
    )
    assert contents(killed) == left
    # TFX gives a rerun a folder of its own.
    assert run(tmp_path / "again", tmp_path / "examples", has_tables=False) == (0, "")
    assert contents(tmp_path / "again") == tables
    assert contents(tmp_path / "examples") == examples


@pytest.fixture(scope="module")
def tables(run: Run, undisturbed: tuple[Contents, Contents], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tables that a run had finished."""
    folder = tmp_path_factory.mktemp("finished")
    assert run(folder / "tables", folder / "examples", has_tables=False) == (0, "")
    return folder / "tables"


@pytest.mark.parametrize(("place", "count"), [("halfway", 1), ("replace", 1), ("halfway", 7), ("replace", 14)])
def test_a_kill_while_examples_are_built(
    run: Run, undisturbed: tuple[Contents, Contents], tables: Path, tmp_path: Path, place: str, count: int
) -> None:
    _, examples = undisturbed
    killed = tmp_path / "killed"
    status, _ = run(tables, killed, has_tables=True, stage="examples", place=place, count=count)
    assert status == -9
    left = contents(killed)
    assert left.items() <= examples.items()
    assert len(left) == (count if place == "replace" else count - 1)
    for folder in (tmp_path / "again", killed):
        assert run(tables, folder, has_tables=True) == (0, "")
        assert contents(folder) == examples
