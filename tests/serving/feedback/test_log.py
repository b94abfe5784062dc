"""The log as a shop uses it."""

import logging
import math
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from serving.feedback import FeedbackLog, FeedbackLogError
from serving.feedback.schema import OUTCOMES, SHOWN
from serving.feedback.shown_rows import shown_rows
from serving.feedback.tf_example import decode
from serving.feedback.tf_record import read_records

ROOT = Path(__file__).resolve().parents[3]
ASKED = {"user_ids": ["u", "v"], "queries": ["red", ""], "k": 2, "seeds": [1, 2]}


def read(folder: Path, table: str) -> list[dict[str, object]]:
    columns = SHOWN if table == "shown" else OUTCOMES
    rows = []
    for path in sorted((folder / table).iterdir()):
        if path.suffix == ".parquet":
            rows += pq.read_table(path).to_pylist()
        else:
            rows += [decode(columns, record) for record in read_records(path)]
    return rows


@pytest.mark.parametrize("log_format", ["parquet", "tfrecord"])
def test_what_is_logged_is_in_the_files(tmp_path: Path, slate, log_format: str) -> None:
    slates = [slate("r1"), slate("r2", ())]
    with FeedbackLog(tmp_path, log_format) as log:
        log.shown(slates, ASKED, now=100.9)
        log.outcome("r1", "a", "click", 101.5)
        log.outcome("r1", "a", "purchase", 102, value=2.5)
    np.testing.assert_equal(read(tmp_path, "shown"), shown_rows(slates, ASKED, 100, store_context=True))
    click, purchase = read(tmp_path, "outcomes")
    assert math.isnan(click.pop("value"))
    assert click == {"request_id": "r1", "item_id": "a", "event_type": "click", "timestamp": 101}
    assert (purchase["timestamp"], purchase["value"]) == (102, 2.5)
    assert {path.suffix for path in tmp_path.glob("*/*")} == {f".{log_format}"}


def test_tensorflow_reads_the_slates(tmp_path: Path, slate) -> None:
    import tensorflow as tf

    with FeedbackLog(tmp_path, "tfrecord") as log:
        log.shown([slate("r1"), slate("r2", ("c",))], ASKED, now=5)
    kinds = {"string": tf.string, "int64": tf.int64, "float": tf.float32, "double": tf.float32}
    features = {
        column.name: tf.io.RaggedFeature(kinds[column.kind])
        if column.is_list
        else tf.io.FixedLenFeature([], kinds[column.kind])
        for column in SHOWN
    }
    files = [str(path) for path in (tmp_path / "shown").iterdir()]
    (batch,) = tf.data.TFRecordDataset(files).batch(10).map(lambda rows: tf.io.parse_example(rows, features))
    assert batch["request_id"].numpy().tolist() == [b"r1", b"r2"]
    assert batch["item_ids"].to_list() == [[b"a", b"b"], [b"c"]]
    assert batch["history_item_ids"].to_list() == [[], []]
    assert batch["propensities"].to_list() == [[0.5, 0.5], [0.5]]


def test_without_contexts_no_user_is_in_the_files(tmp_path: Path, slate) -> None:
    with FeedbackLog(tmp_path, store_context=False) as log:
        log.shown([slate()], {"user_ids": ["someone"]}, now=5)
    (row,) = read(tmp_path, "shown")
    assert (row["user_id"], row["seed"], len(row["context_digest"])) == ("", -1, 32)


def test_one_bad_slate_and_none_is_logged(tmp_path: Path, slate) -> None:
    with FeedbackLog(tmp_path) as log:
        with pytest.raises(ValueError, match="^slate 'r2': propensities: 0.0 for 'a' is not above 0"):
            log.shown([slate("r1"), slate("r2", propensity=0.0)], ASKED, now=5)
        with pytest.raises(ValueError, match="^event_type: a text of valid Unicode is needed, got None$"):
            log.outcome("r1", "a", None, 5)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"format": "csv"}, "format: must be one of parquet, tfrecord, is 'csv'"),
        ({"rows": 0}, "rows: must be at least 1, is 0"),
        ({"seconds": 0}, "seconds: must be above 0, is 0"),
        ({"seconds": math.inf}, "seconds: must be above 0, is inf"),
    ],
)
def test_arguments_are_checked(tmp_path: Path, arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        FeedbackLog(tmp_path, **arguments)


def test_a_closed_log_takes_nothing(tmp_path: Path, slate) -> None:
    log = FeedbackLog(tmp_path)
    log.close()
    for call in (lambda: log.shown([slate()], {"user_ids": ["u"]}), lambda: log.outcome("r", "a", "click", 1)):
        with pytest.raises(ValueError, match="^the feedback log is closed$"):
            call()


@pytest.mark.parametrize("log_format", ["parquet", "tfrecord"])
def test_a_full_disk_holds_up_no_shop(tmp_path: Path, slate, log_format: str, caplog) -> None:
    log = FeedbackLog(tmp_path, log_format, rows=2)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    # Files end after 100 bytes: a part is begun and cannot be written to its end.
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        with caplog.at_level(logging.WARNING, "serving.feedback"):
            for number in range(30):
                log.shown([slate(f"r{number}")], {"user_ids": ["u"]}, now=5)
                log.outcome(f"r{number}", "a", "click", number)
        with pytest.raises(FeedbackLogError, match="/shown: cannot write 20 rows .*: .*File too large"):
            log.close()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert log.lost == 20
    (warning,) = caplog.messages
    assert "/shown: cannot write 2 rows of the feedback log: " in warning
    assert warning.endswith("; 0 rows lost so far")
    # There is room again: what waited is written, and the loss is told.
    with pytest.raises(FeedbackLogError, match=f"^{tmp_path}: 20 rows of the feedback log were lost$"):
        log.close()
    log.close()
    assert [row["request_id"] for row in read(tmp_path, "shown")] == [f"r{number}" for number in range(20)]
    assert [row["timestamp"] for row in read(tmp_path, "outcomes")] == list(range(20))
    assert not list(tmp_path.glob("*/.*"))


PROCESS = """
import sys
from serving.feedback import FeedbackLog, FeedbackLogError

assert not {"tensorflow", "tensorflow_serving", "pyarrow", "trainer", "tfx_pipeline"} & set(sys.modules)
log = FeedbackLog(sys.argv[1], "tfrecord", rows=10)
for number in range(25):
    log.outcome(sys.argv[2], str(number), "click", number)
assert not {"tensorflow", "tensorflow_serving", "pyarrow", "trainer", "tfx_pipeline"} & set(sys.modules)
print("ready", flush=True)
sys.stdin.read()
"""


def test_processes_share_a_folder_need_no_tensorflow_and_a_killed_one_loses_its_buffer_alone(tmp_path: Path) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PROCESS, tmp_path, name],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in ("ends", "killed")
    ]
    for process in processes:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
    os.kill(processes[1].pid, signal.SIGKILL)
    for process in processes:
        process.communicate()
    assert processes[0].returncode == 0
    rows = read(tmp_path, "outcomes")
    assert sum(row["request_id"] == "ends" for row in rows) == 25
    assert sum(row["request_id"] == "killed" for row in rows) == 20
