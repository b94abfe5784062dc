"""Forgetting a user of a whole run: who is gone, who stays, and what the report says."""

import csv
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.tfx_pipeline.feedback import log_makers as makers
from tfx_pipeline.config import ConfigError
from tfx_pipeline.forgetting import forget_user
from tfx_pipeline.forgetting.user import REDACTED
from tfx_pipeline.run_summary import load_run_summary
from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.sources.forgotten_users import FORGOTTEN_USERS_FILE, hash_of
from tfx_pipeline.sources.user_hash import hash_user_id
from tfx_pipeline.table_config import PrivacyConfig

forget = forget_user.forget_user
Examples = Callable[[Path], list[dict[str, list[Any]]]]

REWRITTEN = {
    "feedback/outcomes/1.tfrecord": (1, "outcomes"),
    "feedback/outcomes/2.parquet": (1, "outcomes"),
    "feedback/shown/1.parquet": (1, "slates"),
    "logs/run.log": (1, "lines"),
    "metrics.json": (2, "files"),
    "quarantine/events.csv": (2, "rows"),
    "tfx/CandidateMiner/rows/5/Split-eval/candidates.gz": (1, "examples"),
    "tfx/ExampleBuilder/examples/2/Split-eval/data_tfrecord-0.gz": (1, "examples"),
    "tfx/ExampleBuilder/examples/2/Split-train/data_tfrecord-0.gz": (1, "examples"),
    "tfx/Ingest/tables/1/events/part-00001-of-00002.parquet": (3, "rows"),
    "tfx/Ingest/tables/1/quarantine/events.csv": (2, "rows"),
    "tfx/Ingest/tables/1/users.parquet": (1, "rows"),
    "tfx/StatisticsGen/statistics/3/Split-train/FeatureStats.pb": (2, "values"),
    "tfx/Transform/transform_graph/4/transform_fn/assets/user_id": (1, "lines"),
    "tfx/Transform/transformed_examples/4/Split-eval/transformed_examples-0.gz": (1, "examples"),
    "tfx/Transform/transformed_examples/4/Split-train/transformed_examples-0.gz": (1, "examples"),
}


def users_in(run_dir: Path, read_examples: Examples) -> Iterator[tuple[str, Any]]:
    """(file, user) of every user id that is stored outside of trained models, decoded."""
    words = (run_dir / "tfx/Transform/transform_graph/4/transform_fn/assets/user_id").read_text().splitlines()
    yield from (("vocabulary", word) for word in words)
    for path in run_dir.rglob("*.parquet"):
        table = pq.read_table(path)
        if "user_id" in table.column_names:
            yield from ((path.name, user) for user in table["user_id"].to_pylist())
    for path in run_dir.glob("tfx/*/*/*/Split-*/*"):
        for features in [] if path.suffix == ".pb" else read_examples(path):
            yield from ((path.name, [*words, "unknown"][user] if isinstance(user, int) else user.decode())
                        for user in features.get("user_id", []))  # fmt: skip
    for path in run_dir.glob("feedback/shown/*.tfrecord"):
        yield from ((path.name, features["user_id"][0].decode()) for features in read_examples(path))
    for path in run_dir.rglob("quarantine/*.csv"):
        rows = list(csv.DictReader(path.open(newline="")))
        yield from ((path.name, row["value"].split(",")[0]) for row in rows if row["column"] != "product_id")


def contents(run_dir: Path) -> dict[str, bytes]:
    return {str(path.relative_to(run_dir)): path.read_bytes() for path in run_dir.rglob("*") if path.is_file()}


def test_nothing_stored_names_the_user_any_more(run_dir: Path, read_examples: Examples) -> None:
    before = sorted(users_in(run_dir, read_examples))
    assert len({name for name, user in before if user == "12"}) == 8
    forget(run_dir, "12")
    after = sorted(users_in(run_dir, read_examples))
    gone = f"forgotten-{hash_of('12')}"
    assert [each for each in before if each[1] != "12"] == [each for each in after if each[1] != gone]
    assert [each for each in after if each[1] == gone] == [("vocabulary", gone)]


def test_the_report_lists_the_files_that_changed_and_no_others(run_dir: Path) -> None:
    before = contents(run_dir)
    report = forget(run_dir, "12")
    after = contents(run_dir)
    rewritten = {str(each.path.relative_to(run_dir)): (each.removed, each.what) for each in report.rewritten}
    assert rewritten == REWRITTEN
    changed = {name for name in before if before[name] != after.get(name)}
    # A part of the log that has nothing of anybody else.
    assert before.keys() - after.keys() == {"feedback/outcomes/2.parquet"}
    assert changed == {*REWRITTEN, "report.html"}
    assert after.keys() - before.keys() == {FORGOTTEN_USERS_FILE}
    assert report.unreadable == ()


def test_the_report_names_the_models_trained_with_the_user(run_dir: Path) -> None:
    for _ in range(2):  # What has been rewritten does not hide them.
        report = forget(run_dir, "12")
        assert report.versions == (run_dir / "serving/shoprank/100",)
        assert report.models == (run_dir / "tfx/RankerTrainer/model/7", run_dir / "tfx/TowerTrainer/model/6")
        assert report.anonymous == (run_dir / "tfx/CandidateMiner/candidates/5",)
    assert report.rewritten == ()


def test_items_texts_and_other_users_stay(run_dir: Path) -> None:
    forget(run_dir, "12")
    assert (run_dir / "logs/run.log").read_text().splitlines() == [
        "at 12:12,12 rows",
        f"line 3, household_id: bad: '{REDACTED}'",
        "12 items, user 121",
    ]
    assert (run_dir / "quarantine/events.csv").read_text().splitlines()[1:] == [
        "e.csv,2,product_id,item not in the items table,12",
        'e.csv,5,,wrong number of fields,"121,i1"',
    ]
    assert [each.question for each in load_run_summary(run_dir / "metrics.json").answers] == [
        "What is like Twelve (12)?"
    ]
    page = (run_dir / "report.html").read_text()
    assert "What is like Twelve (12)?" in page and "household 12" not in page


def test_a_user_of_the_eval_window_alone(run_dir: Path, read_examples: Examples) -> None:
    report = forget(run_dir, "late")
    names = {each.path.name: each.removed for each in report.rewritten}
    assert names == {"transformed_examples-0.gz": 1, "data_tfrecord-0.gz": 1, "part-00000-of-00002.parquet": 2}
    transformed = run_dir / "tfx/Transform/transformed_examples/4/Split-eval/transformed_examples-0.gz"
    assert [features["user_id"] for features in read_examples(transformed)] == [[1]]
    assert report.versions == report.models == report.anonymous == ()


def test_a_user_who_is_nowhere_is_recorded_all_the_same(run_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = contents(run_dir)
    forget_user.forget_user_verb(run_dir, "nobody", as_json=False)
    record = run_dir / FORGOTTEN_USERS_FILE
    assert capsys.readouterr().out.splitlines() == [
        f"Recorded in {record}: later runs leave the user's rows out.",
        "No stored file and no model has this user.",
    ]
    assert record.read_text() == f"{hash_of('nobody')}\n"
    assert contents(run_dir) == {**before, FORGOTTEN_USERS_FILE: record.read_bytes()}


def test_json_output(run_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    forget_user.forget_user_verb(run_dir, "12", as_json=True)
    document = json.loads(capsys.readouterr().out)
    assert document["versions"] == [str(run_dir / "serving/shoprank/100")]
    assert {Path(each["path"]).relative_to(run_dir).as_posix() for each in document["rewritten"]} == set(REWRITTEN)


@pytest.mark.parametrize("files", [1, 3, 10])
def test_running_again_completes_an_interrupted_call(
    run_dir: Path, read_examples: Examples, monkeypatch: pytest.MonkeyPatch, files: int
) -> None:
    replace, left = os.replace, iter(range(files))

    def replace_some(source: Path, destination: Path) -> None:
        if next(left, None) is None:
            raise KeyboardInterrupt
        replace(source, destination)

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(os, "replace", replace_some)
        forget(run_dir, "12")
    assert (run_dir / FORGOTTEN_USERS_FILE).read_text() == f"{hash_of('12')}\n"
    assert "12" in {user for _, user in users_in(run_dir, read_examples)}
    report = forget(run_dir, "12")
    assert 0 < len(report.rewritten) < len(REWRITTEN) or files == 1
    assert "12" not in {user for _, user in users_in(run_dir, read_examples)}
    assert report.versions == (run_dir / "serving/shoprank/100",)


def test_hashed_ids_are_found_by_the_id_of_the_shop(run_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOPRANK_USER_KEY", "a key of the shop")
    stored = hash_user_id("12", PrivacyConfig(hash_user_ids=True))
    config = run_dir / "config.yaml"
    config.write_text(config.read_text().replace("data:", "data:\n  privacy: {hash_user_ids: true}", 1))
    makers.write_rows(
        run_dir / "feedback/shown/3.parquet", [makers.shown_row(each, user_id=each) for each in (stored, "7")]
    )
    report = forget(run_dir, "12")
    assert pq.read_table(run_dir / "feedback/shown/3.parquet")["user_id"].to_pylist() == ["7"]
    assert (run_dir / FORGOTTEN_USERS_FILE).read_text() == f"{hash_of(stored)}\n"
    # What an earlier run without hashing left goes as well.
    assert run_dir / "tfx/Ingest/tables/1/users.parquet" in {each.path for each in report.rewritten}
    monkeypatch.delenv("SHOPRANK_USER_KEY")
    with pytest.raises(DataError, match="SHOPRANK_USER_KEY, which is not set$"):
        forget(run_dir, "12")


def test_a_log_elsewhere_is_told_if_it_is_gone(run_dir: Path, tmp_path: Path) -> None:
    config = run_dir / "config.yaml"
    config.write_text(config.read_text().replace("data:", "data:\n  feedback: ../log", 1))
    log = tmp_path / "log"
    report = forget(run_dir, "12")
    assert report.absent == (log,)
    assert list(report.lines())[-1] == f"There is no feedback log where the configuration says: {log}"
    makers.write_rows(log / "shown/1.parquet", [makers.shown_row(user_id="12"), makers.shown_row("o", user_id="7")])
    report = forget(run_dir, "12")
    assert (report.absent, [each.path for each in report.rewritten]) == ((), [log / "shown/1.parquet"])
    assert pq.read_table(log / "shown/1.parquet")["request_id"].to_pylist() == ["o"]


def test_files_that_are_not_sound_are_told_and_left(run_dir: Path) -> None:
    broken = [
        run_dir / "tfx/ExampleBuilder/examples/2/Split-train/half.gz",
        run_dir / "tfx/Ingest/tables/1/half.parquet",
        run_dir / "tfx/StatisticsGen/statistics/3/Split-eval/FeatureStats.pb",
        run_dir / "tfx/CandidateMiner/candidates/5/Split-train/half",
        run_dir / "tfx/half.json",
        run_dir / "feedback/shown/half.tfrecord",
        run_dir / "feedback/outcomes/half.parquet",
    ]
    for path in broken:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"\x1f\x8bhalf")
    report = forget(run_dir, "12")
    assert sorted(report.unreadable) == sorted(broken)
    assert len(report.rewritten) == len(REWRITTEN)
    assert any(line.endswith(f"delete it by hand: {broken[0]}") for line in report.lines())


def test_examples_whose_vocabulary_is_gone_are_told(run_dir: Path) -> None:
    (run_dir / "tfx/Transform/transform_graph/4/transform_fn/assets/user_id").unlink()
    report = forget(run_dir, "12")
    names = {path.relative_to(run_dir / "tfx").parts[1] for path in report.unreadable}
    assert names == {"transformed_examples", "candidates", "rows"}
    assert report.models == (run_dir / "tfx/RankerTrainer/model/7",)


def test_invalid_calls(run_dir: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="^the id of the user to forget is empty$"):
        forget(run_dir, "")
    with pytest.raises(ConfigError) as error:
        forget(tmp_path, "12")
    assert str(error.value) == f"{tmp_path}/config.yaml: No such file or directory"
    assert not (run_dir / FORGOTTEN_USERS_FILE).exists() and not (tmp_path / FORGOTTEN_USERS_FILE).exists()
