"""Promote, canary and rollback on servers that keep TensorFlow Serving's rules, and on none."""

import fcntl
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from serving.connection import ServingError
from tfx_pipeline.errors import PipelineError
from tfx_pipeline.operations import rollout
from tfx_pipeline.operations.changes import canary, promote, rollback
from tfx_pipeline.operations.history import read_history
from tfx_pipeline.operations.models_config import config_path, pins_of, read_config
from tfx_pipeline.operations.pins import Pins

Start = Callable[..., Any]


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollout, "_POLL_SECONDS", 0.001)
    monkeypatch.setattr(rollout, "_STALE_SECONDS", 0.05)


@pytest.fixture
def nowhere() -> str:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"localhost:{taken.getsockname()[1]}"


def pins(run_dir: Path) -> Pins | None:
    return pins_of(read_config(run_dir))


def test_a_version_is_loaded_then_labelled_then_the_old_one_dropped(run_dir: Path, start: Start) -> None:
    server = start(in_service=7)
    done = promote(run_dir, 8, [server.target])
    both = {"stable": 8, "canary": 8}
    assert server.configs == [([7, 8], {}), ([7, 8], both), ([8], both)]
    assert (server.available, server.labels) == ({8}, both)
    assert pins(run_dir) == Pins(8)
    assert (done.change.stable, done.change.before, done.servers, done.unreachable) == (8, 7, (server.target,), ())


def test_the_way_of_a_version_through_a_canary(run_dir: Path, start: Start) -> None:
    server = start(in_service=8)
    promote(run_dir, 7, [server.target])
    server.configs.clear()

    done = canary(run_dir, 8, 0.1, [server.target])
    assert server.configs == [([7, 8], {"stable": 7, "canary": 7}), ([7, 8], {"stable": 7, "canary": 8})]
    assert (server.available, pins(run_dir), done.change.share) == ({7, 8}, Pins(7, 8), 0.1)

    server.configs.clear()
    done = promote(run_dir, 8, [server.target])
    assert server.configs[-1] == ([8], {"stable": 8, "canary": 8})
    assert (server.available, pins(run_dir), done.ended_canary) == ({8}, Pins(8), 8)

    server.configs.clear()
    done = rollback(run_dir, [server.target])
    assert (done.change.stable, done.change.before) == (7, 8)
    assert [versions for versions, _ in server.configs] == [[7, 8], [7, 8], [7]]
    assert server.labels == {"stable": 7, "canary": 7}


def test_a_rollback_ends_the_canary_first(run_dir: Path, start: Start) -> None:
    server = start(in_service=6)
    for version in (6, 7):
        promote(run_dir, version, [server.target])
    canary(run_dir, 8, 0.5, [server.target])
    done = rollback(run_dir, [server.target])
    assert (done.change.stable, done.ended_canary, server.available) == (7, 8, {7})
    assert rollback(run_dir, [server.target]).change.stable == 6
    message = rf"^{run_dir}/serving/shoprank: no version before 6 to return to$"
    with pytest.raises(PipelineError, match=message):
        rollback(run_dir, [server.target])


def test_a_rollback_passes_over_versions_that_are_gone(run_dir: Path, nowhere: str) -> None:
    for version in (6, 8, 7):
        promote(run_dir, version, [nowhere])
    (run_dir / "serving" / "shoprank" / "8").rename(run_dir / "gone")
    assert rollback(run_dir, [nowhere]).change.stable == 6


def test_a_rollback_where_nothing_is_pinned_takes_the_version_below(run_dir: Path, start: Start) -> None:
    server = start(in_service=8)
    assert rollback(run_dir, [server.target]).change.stable == 7
    assert server.available == {7}


def test_without_a_server_the_file_is_written(run_dir: Path, nowhere: str) -> None:
    assert promote(run_dir, 7, [nowhere]).unreachable == (nowhere,)
    assert pins(run_dir) == Pins(7)
    assert canary(run_dir, 8, 0.25, [nowhere]).change.before == 7
    assert pins(run_dir) == Pins(7, 8)
    assert rollback(run_dir, [nowhere]).ended_canary == 8
    # Before the first promotion the highest version was served.
    assert rollback(run_dir, []).change.stable == 8
    assert [change.verb for change in read_history(run_dir)] == ["promote", "canary", "rollback", "rollback"]


def test_every_server_has_loaded_before_a_label_moves_on_any(
    run_dir: Path, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    servers = [start(in_service=7), start(in_service=7)]
    go, seen = rollout._go, []

    def note(*arguments: Any, **options: Any) -> None:
        go(*arguments, **options)
        seen.append([(sorted(server.available), server.labels.get("stable")) for server in servers])

    monkeypatch.setattr(rollout, "_go", note)
    promote(run_dir, 8, [server.target for server in servers])
    assert seen == [[([7, 8], None)] * 2, [([7, 8], 8)] * 2, [([8], 8)] * 2]


def test_a_version_that_does_not_load_changes_nothing(run_dir: Path, start: Start) -> None:
    server = start(in_service=7)
    promote(run_dir, 7, [server.target])
    before, history = config_path(run_dir).read_text(), read_history(run_dir)
    server.broken.add(8)
    line = rf"^{server.target}: version 8 cannot be loaded: no such graph; everything is as it was$"
    for attempt in (lambda: promote(run_dir, 8, [server.target]), lambda: canary(run_dir, 8, 0.1, [server.target])):
        with pytest.raises(PipelineError, match=line):
            attempt()
        assert (server.available, server.labels) == ({7}, {"stable": 7, "canary": 7})
        assert (config_path(run_dir).read_text(), read_history(run_dir)) == (before, history)
    server.broken.clear()
    assert promote(run_dir, 8, [server.target]).change.stable == 8


def test_a_version_that_takes_too_long_changes_nothing(run_dir: Path, start: Start) -> None:
    server = start(in_service=7)
    with pytest.raises(PipelineError, match=r"version 8 is not loaded after 0 s; everything is as it was$"):
        promote(run_dir, 8, [server.target], wait_seconds=0)
    assert not config_path(run_dir).exists()


def test_a_server_that_is_gone_when_the_old_version_is_dropped_takes_nothing_back(
    run_dir: Path, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = start(in_service=7)
    go, calls = rollout._go, []

    def fail_at_the_last(*arguments: Any, **options: Any) -> None:
        calls.append(arguments)
        if len(calls) == 3:
            server.stop()
        go(*arguments, **options)

    monkeypatch.setattr(rollout, "_go", fail_at_the_last)
    with pytest.raises(ServingError, match="UNAVAILABLE"):
        promote(run_dir, 8, [server.target])
    assert pins(run_dir) == Pins(8)
    assert [(change.stable, change.before) for change in read_history(run_dir)] == [(8, 7)]


def test_latest_pins_nothing(run_dir: Path, start: Start) -> None:
    server = start(in_service=7)
    promote(run_dir, 7, [server.target])
    assert promote(run_dir, None, [server.target]).change.stable is None
    assert server.configs[-1] == ([], {})
    assert pins(run_dir) is None
    assert promote(run_dir, 8, [server.target]).change.before == 7


def test_what_else_the_file_says_stays(run_dir: Path, nowhere: str) -> None:
    config_path(run_dir).write_text(
        'model_config_list { config { name: "other" base_path: "/o" model_platform: "tensorflow" } '
        'config { name: "shoprank" base_path: "/models/shoprank" model_platform: "tensorflow" '
        'logging_config { log_collector_config { type: "file" filename_prefix: "/log" } '
        "sampling_config { sampling_rate: 0.5 } } } }"
    )
    promote(run_dir, 8, [nowhere])
    other, model = read_config(run_dir).model_config_list.config
    assert (other.name, other.base_path, model.base_path) == ("other", "/o", "/models/shoprank")
    assert model.logging_config.log_collector_config.filename_prefix == "/log"
    assert model.logging_config.sampling_config.sampling_rate == 0.5
    assert dict(model.version_labels) == {"stable": 8, "canary": 8}


@pytest.mark.parametrize(
    ("attempt", "message"),
    [
        (lambda run_dir: promote(run_dir, 9, []), "{versions}: no version 9; there is: 6, 7, 8"),
        (lambda run_dir: canary(run_dir, 9, 0.1, []), "{versions}: no version 9; there is: 6, 7, 8"),
        (lambda run_dir: canary(run_dir, 8, 0.1, []), "no version is stable yet; first: shoprank promote VERSION"),
        (
            lambda run_dir: promote(run_dir, 8, []) and canary(run_dir, 8, 0.1, []),
            "version 8 is the stable one; a canary is another version",
        ),
        (
            lambda run_dir: rollback(run_dir / "none", []),
            "{run_dir}/none/serving/shoprank: no version to serve; a run that is blessed pushes one",
        ),
    ],
)
def test_what_cannot_be_done(run_dir: Path, attempt: Callable[[Path], object], message: str) -> None:
    with pytest.raises(PipelineError) as error:
        attempt(run_dir)
    assert str(error.value) == message.format(run_dir=run_dir, versions=run_dir / "serving" / "shoprank")


def test_one_operator_at_a_time(run_dir: Path) -> None:
    lock = run_dir / "serving" / "promotions.lock"
    with lock.open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(PipelineError, match=rf"^{lock}: another command is changing what is served; try again"):
            promote(run_dir, 8, [])
    assert promote(run_dir, 8, []).change.stable == 8


def test_an_error_of_the_server_is_told(run_dir: Path, start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    server = start(in_service=7)
    monkeypatch.setattr(server, "states", None)
    with pytest.raises(ServingError, match="UNKNOWN"):
        promote(run_dir, 8, [server.target])
    assert not config_path(run_dir).exists()
