"""Files of the request log are whole, whatever happens while they are written."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from serving.feedback.tf_record import read_records
from serving.model_server.request_log_file import RequestLogFile, adopt_leftovers
from tests.serving.model_server.full_disk import largest_file

ROOT = Path(__file__).resolve().parents[3]


def files(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_has_its_name_once_it_is_whole(tmp_path):
    file = RequestLogFile(tmp_path / "new" / "log")
    for record in (b"one", b"", b"x" * 100_000):
        file.write(record, "shoprank")
    assert all(name.startswith(".log-") for name in files(tmp_path / "new"))
    file.finish()
    (path,) = (tmp_path / "new").iterdir()
    assert path.name.startswith("log-") and path.suffix == ".tfrecord"
    assert list(read_records(path)) == [b"one", b"", b"x" * 100_000]
    assert file.size == path.stat().st_size
    assert file.records == {"shoprank": 3}


def test_a_full_disk_costs_the_records_that_do_not_fit(tmp_path):
    file = RequestLogFile(tmp_path / "log")
    with largest_file(1_000_000):
        for _ in range(3):
            file.write(b"a" * 300_000, "m")
        for _ in range(2):
            with pytest.raises(OSError):
                file.write(b"b" * 300_000, "m")
        file.write(b"c" * 1000, "m")
    file.write(b"d" * 300_000, "m")
    with largest_file(file.size + 10), pytest.raises(OSError):
        file.write(b"e" * 1000, "m")
    file.finish()
    (path,) = tmp_path.iterdir()
    assert [record[:1] for record in read_records(path)] == [b"a", b"a", b"a", b"c", b"d"]


def test_a_file_whose_folder_is_gone_cannot_be_finished(tmp_path):
    file = RequestLogFile(tmp_path / "folder" / "log")
    file.write(b"one", "m")
    for path in (tmp_path / "folder").iterdir():
        path.unlink()
    (tmp_path / "folder").rmdir()
    with pytest.raises(FileNotFoundError):
        file.finish()


def test_files_in_work_are_left_alone_and_other_prefixes_too(tmp_path):
    working = RequestLogFile(tmp_path / "log")
    working.write(b"one", "m")
    other = tmp_path / ".other-1.tfrecord"
    other.write_bytes(b"torn")
    before = files(tmp_path)
    adopt_leftovers(tmp_path / "log")
    assert files(tmp_path) == before
    working.finish()


def test_a_leftover_is_cut_wherever_it_was_torn(tmp_path):
    file = RequestLogFile(tmp_path / "log")
    for record in (b"first", b"second record"):
        file.write(record, "m")
    file.finish()
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    path.unlink()
    end_of_first = 16 + len(b"first")
    for size in range(len(whole) + 1):
        leftover = tmp_path / ".log-1.tfrecord"
        leftover.write_bytes(whole[:size])
        adopt_leftovers(tmp_path / "log")
        expected = [b"first"] * (size >= end_of_first) + [b"second record"] * (size == len(whole))
        found = [list(read_records(path)) for path in tmp_path.iterdir()]
        assert found == ([expected] if expected else []), size
        for path in tmp_path.iterdir():
            path.unlink()


def test_a_record_that_was_written_over_is_not_taken_for_whole(tmp_path):
    file = RequestLogFile(tmp_path / "log")
    for record in (b"first", b"second", b"third"):
        file.write(record, "m")
    (aside,) = tmp_path.iterdir()
    damaged = bytearray(aside.read_bytes())
    damaged[16 + len(b"first") + 12] ^= 1
    (tmp_path / ".log-0.tfrecord").write_bytes(damaged)
    adopt_leftovers(tmp_path / "log")
    assert list(read_records(tmp_path / "log-0.tfrecord")) == [b"first"]
    file.finish()


WRITER = """
import sys
from pathlib import Path
from serving.model_server.request_log_file import RequestLogFile

assert "tensorflow" not in sys.modules
file = RequestLogFile(Path(sys.argv[1]))
for number in range(10**9):
    file.write(b"%d " % number * 20_000, "m")
    if number == 50:
        print("writing", flush=True)
"""


def test_a_process_that_is_killed_while_it_writes_leaves_whole_records(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", WRITER, tmp_path / "log"], cwd=ROOT, stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"writing\n"
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    adopt_leftovers(tmp_path / "log")
    (path,) = tmp_path.iterdir()
    records = list(read_records(path))
    assert len(records) > 50
    assert records == [b"%d " % number * 20_000 for number in range(len(records))]
