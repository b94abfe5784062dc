import fcntl
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tfx_pipeline.run_log import is_written, log_to
from trainer.progress import report_progress

ROOT = Path(__file__).parents[2]


def test_everything_lands_in_the_file_and_stages_on_the_console(tmp_path: Path, capfd) -> None:
    log = tmp_path / "logs" / "run.log"
    with log_to(log) as console:
        print("from print")
        os.write(2, b"from C++\n")
        logging.getLogger("absl").info("Component Transform is running.")
        report_progress("encoding texts", 10, 20)
        logging.info("chatter")
        logging.getLogger("absl").info("Component Transform is finished.")
        console.print("told")
    print("after")
    written = log.read_text()
    for words in ("from print", "from C++", "Component Transform is running.", "encoding texts, 10 of 20", "chatter"):
        assert words in written
    out, err = capfd.readouterr()
    stage, *others = out.splitlines()
    assert stage.split() == ["Transform", "0.0", "s"]
    assert others == ["told", "after"]
    assert err == "" and "\x1b" not in out


def test_the_chatter_of_tensorflow_stays_in_the_file(tmp_path: Path) -> None:
    program = f"""
import logging, os
from pathlib import Path
from tfx_pipeline.run_log import log_to
with log_to(Path({str(tmp_path / "run.log")!r})):
    import tensorflow as tf
    tf.print("printed by an op")
    list(tf.data.Dataset.range(9).cache().take(2))
    logging.getLogger("absl").info("Component Transform is running.")
    logging.getLogger("apache_beam").warning("from Beam")
    logging.getLogger("absl").info("Component Transform is finished.")
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "0"}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["Transform"]
    log = (tmp_path / "run.log").read_text()
    for words in ("printed by an op", "did not fully read the dataset being cached", "from Beam"):
        assert words in log


def test_the_file_gets_a_tenth_of_the_progress(tmp_path: Path) -> None:
    with log_to(tmp_path / "run.log"):
        for _ in range(2):
            for done in range(1, 1001):
                report_progress("encoding texts", done, 1000)
        for done in range(5):
            report_progress("mining", done, None)
    lines = [line.split(" shoprank.progress ")[1] for line in (tmp_path / "run.log").read_text().splitlines()]
    once = ["1", *(f"{100 * tenth:,}" for tenth in range(1, 11))]
    assert lines == [*(f"encoding texts, {done} of 1,000" for done in once * 2), "mining, 0"]


def test_streams_and_handlers_are_given_back_after_an_error(tmp_path: Path, capfd) -> None:
    handlers = logging.getLogger().handlers[:]
    with pytest.raises(ValueError), log_to(tmp_path / "run.log"):
        raise ValueError("broken")
    assert logging.getLogger().handlers == handlers
    print("out")
    print("err", file=sys.stderr)
    assert capfd.readouterr() == ("out\n", "err\n")


def test_the_stage_of_an_error_is_named(tmp_path: Path, capfd) -> None:
    with pytest.raises(ValueError), log_to(tmp_path / "run.log"):
        logging.getLogger("absl").info("Component Transform is running.")
        raise ValueError("broken")
    assert capfd.readouterr().out.split() == ["Transform", "0.0", "s", "failed"]


def test_a_log_is_being_written_as_long_as_its_process_lives(tmp_path: Path) -> None:
    log = tmp_path / "run.log"
    program = f"""
import os, signal
from pathlib import Path
from tfx_pipeline.run_log import log_to
with log_to(Path({str(log)!r})) as console:
    console.print("ready")
    signal.pause()
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, env=environment) as run:
        assert run.stdout is not None and run.stdout.readline() == "ready\n"
        assert is_written(log)
        run.kill()
    assert not is_written(log)
    with log_to(log):
        assert is_written(log)
    assert not is_written(log)


def test_a_file_system_without_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError("no locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with log_to(tmp_path / "run.log"):
        print("all the same")
        assert not is_written(tmp_path / "run.log")
    assert (tmp_path / "run.log").read_text() == "all the same\n"
