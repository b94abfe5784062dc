"""The server as a child process: answers, ends with its parent, and says in one line why it did not start."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from serving.client import ServingError, ShopRankClient
from serving.model_server.process import start_server

ROOT = Path(__file__).parents[3]


@pytest.fixture
def base_path(saved_models, push, tmp_path):
    (tmp_path / "shoprank").mkdir()
    push(saved_models[1], tmp_path / "shoprank", 1)
    return tmp_path / "shoprank"


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A child that nobody has waited for is dead, but still listed.
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


def wait_until_gone(pid):
    deadline = time.monotonic() + 30
    while is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not is_alive(pid)


def test_it_answers_and_ends_when_its_parent_is_killed(base_path, tmp_path):
    program = (
        "import sys, time; from pathlib import Path; from serving.model_server.process import start_server;"
        "server = start_server(Path(sys.argv[1]), log_file=Path(sys.argv[2]));"
        "print(server.pid, server.target, flush=True);"
        "time.sleep(300)"
    )
    log = tmp_path / "logs" / "server.log"
    command = [sys.executable, "-c", program, str(base_path), str(log)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as parent:
        assert parent.stdout is not None
        pid, target = parent.stdout.readline().split()
        with ShopRankClient(target) as client:
            assert client.embed_query(["abc"]) == [[3.0, 0.0, 0.0]]
        assert is_alive(int(pid))
        parent.send_signal(signal.SIGKILL)
    assert wait_until_gone(int(pid))
    assert f"model server: listening on {target}\n" in log.read_text()
    assert "model server: version 1 of shoprank is in service\n" in log.read_text()


@pytest.mark.slow
def test_it_ends_in_order_with_the_block(base_path, tmp_path):
    with start_server(base_path, log_file=tmp_path / "server.log", flags=["--drain_seconds=2.5"]) as server:
        assert server.is_running()
    assert server.exit_code == 0
    assert "ending: requests under way have 2.5 s" in (tmp_path / "server.log").read_text()
    server.stop()


def test_a_broken_model_is_one_clear_line(start, tmp_path, monkeypatch):
    server = start()
    (server.base_path / "7").mkdir()
    (server.base_path / "7" / "saved_model.pb").write_bytes(b"not a SavedModel")
    log = tmp_path / "server.log"

    # The server of this test process answers in the child's place: a child would take seconds to import TensorFlow.
    def spawn(*_):
        log.write_text(f"model server: listening on {server.target}\n")
        return subprocess.Popen(["sleep", "60"], stdin=subprocess.PIPE)

    monkeypatch.setattr("serving.model_server.process._spawn", spawn)
    with pytest.raises(ServingError) as error:
        start_server(server.base_path, log_file=log)
    message = str(error.value)
    assert message.startswith("no version can be loaded: version 7: ")
    assert message.endswith(f"; log: {log}")
    assert "\n" not in message


def test_no_version_is_one_clear_line_and_starts_nothing(tmp_path):
    with pytest.raises(ServingError) as error:
        start_server(tmp_path, log_file=tmp_path / "server.log")
    assert str(error.value) == f"{tmp_path}: no numbered version directory with a saved_model.pb"
    assert not (tmp_path / "server.log").exists()


def test_a_server_that_dies_is_one_clear_line(base_path, tmp_path, monkeypatch):
    monkeypatch.setattr("serving.model_server.process.LISTEN_PORT", 70000)
    log = tmp_path / "server.log"
    with pytest.raises(ServingError) as error:
        start_server(base_path, log_file=log)
    reason = "--port: must be between 0 and 65535, is 70000"
    assert str(error.value) == (f"the model server ended at once: serving.model_server: error: {reason}; log: {log}")


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--model_base_path=/no/such/place"], "error: /no/such/place: no such file or directory"),
        (["--model_config_file=/no/such/file"], "error: /no/such/file: no such file or directory"),
        (["--model_base_path=.", "--prot=1"], "serving.model_server: error: unrecognized arguments: --prot=1"),
    ],
)
def test_wrong_flags_are_one_clear_line(flags, message):
    command = [sys.executable, "-m", "serving.model_server", *flags]
    run = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert run.returncode != 0
    assert run.stderr == f"{message}\n"
