"""The command line from outside: start-up, exact lines of errors, and answers of a server that `serve` started."""

import inspect
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from tfx_pipeline.cli import app
from tfx_pipeline.config import Config
from tfx_pipeline.run_directory import serving_dir
from tfx_pipeline.run_summary import Gate, RunSummary
from tfx_pipeline.sources.errors import DataError

ROOT = Path(__file__).parents[2]
VERSION = 1767323040
HEAVY = ("tensorflow", "tfx", "apache_beam", "pandas", "pyarrow", "numpy", "pydantic", "grpc", "tfx_pipeline.config")
CONFIG = """
run_dir: out
data: {events: {path: events.csv}}
objectives: {purchase: {event_types: [purchase]}}
"""


def shoprank(*words: str | Path, width: int = 100) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words], env={"COLUMNS": str(width)})


def error_line(result: Result) -> str:
    assert result.exit_code == 1
    assert result.stderr.startswith("shoprank: ")
    assert result.stderr.count("\n") == 1
    return result.stderr.removeprefix("shoprank: ").rstrip("\n")


def test_import_takes_nothing_heavy_along() -> None:
    program = f"import sys, tfx_pipeline.cli; print([name for name in {HEAVY} if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True)
    assert run.stdout == "[]\n"


def test_help_names_every_verb() -> None:
    command = [sys.executable, "-m", "tfx_pipeline.cli", "--help"]
    run = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    assert run.stderr == ""
    for verb in ("demo", "run", "report", "serve", "recommend", "search", "similar", "explain"):
        assert f"│ {verb} " in run.stdout


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch, run_summary: RunSummary) -> SimpleNamespace:
    """In the place of the modules that run pipelines: notes how it was called, and returns or raises its outcome."""
    stand = SimpleNamespace(called_with=None, outcome=run_summary)

    def call(argument: object, title: str = "") -> RunSummary:
        stand.called_with = argument
        if isinstance(stand.outcome, Exception):
            raise stand.outcome
        outcome: RunSummary = stand.outcome
        return outcome

    monkeypatch.setitem(sys.modules, "tfx_pipeline.run", SimpleNamespace(run=call))
    monkeypatch.setitem(sys.modules, "tfx_pipeline.demo", SimpleNamespace(demo=call))
    return stand


def test_demo_runs_and_prints_the_summary(stand_in: SimpleNamespace) -> None:
    result = shoprank("demo")
    assert (result.exit_code, result.stderr) == (0, "")
    assert stand_in.called_with == Path("runs/demo")
    assert "Corner <shop>" in result.stdout
    assert "lift over most popular" in result.stdout


def test_run_reads_the_configuration(stand_in: SimpleNamespace, tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text(CONFIG)
    assert shoprank("run", "--config", tmp_path / "shop.yaml").exit_code == 0
    assert isinstance(stand_in.called_with, Config)
    assert stand_in.called_with.run_dir == tmp_path / "out"
    assert stand_in.called_with.data.events.path == str(tmp_path / "events.csv")


def test_run_dir_takes_the_place_of_that_in_the_file(
    stand_in: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop.yaml").write_text(CONFIG)
    assert shoprank("run", "--config", "shop.yaml", "--run-dir", "other").exit_code == 0
    assert stand_in.called_with.run_dir == tmp_path / "other"


@pytest.mark.parametrize(
    ("gates", "reason"),
    [
        (
            (Gate("AUC", False, "0.55 is below 0.6"), Gate("lift", True, "ok"), Gate("users", False, "1 is too few")),
            "AUC (0.55 is below 0.6); users (1 is too few)",
        ),
        ((), "the run reached no gate"),
    ],
)
def test_a_model_that_is_not_blessed_is_an_error_after_the_summary(
    stand_in: SimpleNamespace, run_summary: RunSummary, gates: tuple[Gate, ...], reason: str
) -> None:
    stand_in.outcome = replace(run_summary, gates=gates, model_version=None, model_path=None)
    result = shoprank("demo")
    assert error_line(result) == f"the model is not blessed and was not pushed: {reason}"
    assert "Corner <shop>" in result.stdout


def test_an_error_of_the_run_is_one_line_and_its_trace_is_for_the_asking(stand_in: SimpleNamespace) -> None:
    stand_in.outcome = RuntimeError("a worker failed")
    stand_in.outcome.__cause__ = DataError("events.csv: no column item_id")
    assert error_line(shoprank("demo")) == "events.csv: no column item_id"
    for words in (("--verbose", "demo"), ("demo", "--verbose")):
        result = shoprank(*words)
        assert "\nTraceback (most recent call last):\n" in result.stderr
        assert result.stderr.endswith("\nRuntimeError: a worker failed\nshoprank: events.csv: no column item_id\n")
        assert result.exit_code == 1


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (None, "shop.yaml: No such file or directory"),
        ("- a", "shop.yaml: a configuration is a mapping of sections, this is list"),
        ("run_dir: x\nobjectives: {}", "shop.yaml: data: Field required"),
    ],
)
def test_a_bad_configuration_runs_nothing(
    stand_in: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None, line: str
) -> None:
    monkeypatch.chdir(tmp_path)
    if content is not None:
        Path("shop.yaml").write_text(content)
    assert error_line(shoprank("run", "--config", "shop.yaml")) == line
    assert stand_in.called_with is None


def test_report(run_summary: RunSummary, tmp_path: Path) -> None:
    (tmp_path / "metrics.json").write_text(run_summary.to_json())
    result = shoprank("report", "--run-dir", tmp_path)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "Corner <shop>" in result.stdout
    assert result.stdout.endswith(f"\n{tmp_path / 'report.html'}\n")


def test_report_of_no_run(tmp_path: Path) -> None:
    line = error_line(shoprank("report", "--run-dir", tmp_path))
    assert line == f"{tmp_path / 'metrics.json'}: No such file or directory"


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["nonsense"], "No such command 'nonsense'"),
        (["run"], "give either --config FILE or --dataset NAME"),
        (["run", "--config", "a.yaml", "--dataset", "wands"], "give either --config FILE or --dataset NAME"),
        (["run", "--config", "a.yaml", "--data-dir", "x"], "--data-dir goes with --dataset"),
        (["recommend"], "Missing option '--user'"),
        (["recommend", "--user", "u", "--policy", "best"], "Invalid value for '--policy'"),
        (["recommend", "--user", "u", "--k", "0"], "Invalid value for '--k'"),
        (["search", "tea", "--lowest-price", "x"], "Invalid value for '--lowest-price'"),
        (
            ["search", "tea", "--lowest-price", "3", "--highest-price", "2.5"],
            "--lowest-price 3 is above --highest-price 2.5",
        ),
        (["recommend", "--user", "u", "--server", "localhost"], "'localhost' is not host:port"),
        (["recommend", "--user", "u", "--server", "localhost:70000"], "'localhost:70000' is not host:port"),
        (["search", " "], "the text to search for is empty"),
        (["similar"], "give an ITEM or a --title"),
        (["explain", "--user", "u"], "Missing argument 'ITEM...'"),
        (["serve", "--port", "70000"], "Invalid value for '--port'"),
    ],
)
def test_wrong_usage(words: list[str], reason: str) -> None:
    result = shoprank(*words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert reason in " ".join(result.stderr.replace("│", " ").split())


def save_echo(folder: Path) -> None:
    """Save a servable whose answers are its inputs."""
    import tensorflow as tf

    def without_padding(values: "tf.Tensor") -> "tf.Tensor":
        """A list without the empty column that the client puts in front."""
        return values[:, tf.minimum(1, tf.shape(values)[1] - 1) :]

    def recommend(  # type: ignore[no-untyped-def]
        user_id, query, policy, history_item_ids, history_event_types, history_ages, exclude_item_ids, k, seed,
        allow_item_ids, category, lowest_price, highest_price,
    ):  # fmt: skip
        texts = tf.stack([user_id, query, policy], axis=1)
        bounds = tf.strings.as_string(tf.stack([lowest_price, highest_price], axis=1), precision=1)
        given = tf.where(bounds == "nan", "", bounds)
        filters = tf.concat([without_padding(allow_item_ids), category[:, tf.newaxis], given], axis=1)
        lists = [without_padding(values) for values in (history_item_ids, exclude_item_ids)]
        item_ids = tf.concat([*lists, texts, filters], axis=1)[:, : k[0]]
        scores = tf.cast(tf.strings.length(item_ids), tf.float32)
        return {
            "item_ids": item_ids,
            "scores": scores,
            "propensities": 0 * scores + 1 / (1 + tf.cast(seed, tf.float32)[:, tf.newaxis]),
            "inclusion_probabilities": tf.ones_like(scores),
            "predicted_utilities": scores,
            "exploration_features": tf.ones_like(scores)[:, :, tf.newaxis],
            "sources": tf.fill(tf.shape(item_ids), "popular"),
            "policy": policy,
            "request_id": tf.strings.join(["request of ", user_id]),
            "model_version": tf.fill(tf.shape(user_id), "tag"),
        }

    def explain(  # type: ignore[no-untyped-def]
        user_id, query, history_item_ids, history_event_types, history_ages, candidate_item_ids
    ):
        history_item_ids = without_padding(history_item_ids)
        lengths = tf.cast(tf.strings.length(candidate_item_ids), tf.float32)
        chosen = tf.reduce_any(candidate_item_ids[:, :, tf.newaxis] == history_item_ids[:, tf.newaxis, :], axis=2)
        return {
            "sources": tf.where(chosen, "history", ""),
            "utility": lengths,
            "feature_names": tf.fill(tf.shape(lengths[:, :, tf.newaxis]), "log_week_share"),
            "feature_values": lengths[:, :, tf.newaxis],
            "feature_contributions": lengths[:, :, tf.newaxis] / 8,
            "similar_history_item_ids": tf.repeat(history_item_ids[:, tf.newaxis, :1], tf.shape(lengths)[1], axis=1),
            "similar_history_scores": lengths[:, :, tf.newaxis],
            "matching_words": tf.repeat(query[:, tf.newaxis], tf.shape(lengths)[1], axis=1),
            "times_chosen": tf.cast(chosen, tf.int32),
            "days_since_chosen": 0 * lengths,
        }

    def similar_items(  # type: ignore[no-untyped-def]
        item_id, title, description, k, exclude_item_ids, allow_item_ids, category, lowest_price, highest_price
    ):
        item_ids = tf.stack([item_id, title], axis=1)[:, : k[0]]
        return {"item_ids": item_ids, "scores": tf.cast(tf.strings.length(item_ids), tf.float32)}

    def spec(name: str) -> Any:
        shape = [None, None] if name.endswith(("_ids", "_types", "_ages")) else [None]
        kinds = {"k": tf.int32, "seed": tf.int64}
        kinds |= dict.fromkeys(("history_ages", "lowest_price", "highest_price"), tf.float32)
        return tf.TensorSpec(shape, kinds.get(name, tf.string), name)

    signatures = {}
    for function in (recommend, explain, similar_items):
        names = inspect.signature(function).parameters
        signatures[function.__name__] = tf.function(function).get_concrete_function(*map(spec, names))
    tf.saved_model.save(tf.Module(), str(folder), signatures=signatures)


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with one pushed version and its titles."""
    run_dir = tmp_path_factory.mktemp("run")
    version = serving_dir(run_dir) / str(VERSION)
    save_echo(version)
    (version / "assets.extra").mkdir()
    (version / "assets.extra" / "titles.csv").write_text("item_id,title\ni1,Käse\ni2,Tea\n", encoding="utf-8")
    return run_dir


@pytest.fixture(scope="module")
def target(run_dir: Path) -> Iterator[str]:
    """host:port of a server that `serve` runs; at the end it is stopped as Ctrl-C does."""
    command = [sys.executable, "-m", "tfx_pipeline.cli", "serve", "--run-dir", str(run_dir), "--port", "0"]
    # As in a terminal: this process has set TensorFlow's level of logging for itself.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT, env=environment
    ) as process:
        assert process.stdout is not None
        words = process.stdout.readline().split()
        assert words[:4] == ["serving", "version", str(VERSION), "on"], process.communicate()[1]
        yield words[4].rstrip(";")
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=20)
    assert (process.returncode, output, errors) == (0, "", "")


@pytest.fixture
def ask(target: str, run_dir: Path) -> Callable[..., Result]:
    def ask_server(*words: str) -> Result:
        result = shoprank(*words, "--server", target, "--run-dir", run_dir)
        assert (result.exit_code, result.stderr) == (0, "")
        return result

    return ask_server


def rows(result: Result) -> list[list[str]]:
    lines = [line for line in result.stdout.splitlines() if line.startswith("│")]
    return [[cell.strip() for cell in line.strip("│").split("│")] for line in lines]


def test_recommend(ask: Callable[..., Result]) -> None:
    words = ["recommend", "--user", "u", "--query", "milk", "--policy", "thompson", "--seed", "3"]
    result = ask(*words, "--history", "i1, i3", "--history", "i2", "--exclude", "x", "--k", "20")
    assert 'Recommended to u, query "milk"' in result.stdout
    assert rows(result) == [
        ["1", "i1", "Käse", "2.0000", "0.2500", "popular"],
        ["2", "i3", "–", "2.0000", "0.2500", "popular"],
        ["3", "i2", "Tea", "2.0000", "0.2500", "popular"],
        ["4", "x", "–", "1.0000", "0.2500", "popular"],
        ["5", "u", "–", "1.0000", "0.2500", "popular"],
        ["6", "milk", "–", "4.0000", "0.2500", "popular"],
        ["7", "thompson", "–", "8.0000", "0.2500", "popular"],
    ]


@pytest.mark.parametrize("words", [["recommend", "--user", "u"], ["search", "tea"]])
def test_filters_reach_the_server(ask: Callable[..., Result], words: list[str]) -> None:
    filters = ["--only", "i1, i2", "--only", "i3", "--category", "food > tea", "--lowest-price", "0.5"]
    result = ask(*words, *filters, "--highest-price", "9", "--k", "20")
    assert [row[1] for row in rows(result)][-6:] == ["i1", "i2", "i3", "food > tea", "0.5", "9.0"]


def test_recommend_as_json(ask: Callable[..., Result]) -> None:
    result = ask("recommend", "--user", "u", "--history", "i1", "--k", "1", "--seed", "0", "--json")
    assert json.loads(result.stdout) == {
        "question": "Recommended to u",
        "model_version": VERSION,
        "request_id": "request of u",
        "answers": [{"item_id": "i1", "title": "Käse", "score": 2.0, "propensity": 1.0, "source": "popular"}],
    }


def test_search(ask: Callable[..., Result]) -> None:
    answer = json.loads(ask("search", "green tea", "--user", "i2", "--json").stdout)
    assert answer["question"] == 'Search "green tea" by i2'
    assert [item["item_id"] for item in answer["answers"] if item["item_id"]] == ["i2", "green tea"]


def test_similar(ask: Callable[..., Result]) -> None:
    result = ask("similar", "i1", "--title", "blue cheese")
    assert 'Similar to i1 "blue cheese"' in result.stdout
    assert rows(result) == [
        ["1", "i1", "Käse", "2.0000", "–", "ann"],
        ["2", "blue cheese", "–", "11.0000", "–", "ann"],
    ]
    answer = json.loads(ask("similar", "i1", "--json").stdout)
    assert answer["question"] == 'Similar to i1 "Käse"'
    assert answer["request_id"] is None
    assert [item["propensity"] for item in answer["answers"]] == [None]


def test_explain(ask: Callable[..., Result]) -> None:
    result = ask("explain", "i2", "new", "--user", "u", "--query", "oak table", "--history", "i1,i2")
    assert 'Why to u, query "oak table"?' in result.stdout
    table = rows(result)
    assert [row[:4] for row in table if row[0]] == [["i2", "Tea", "history", "2.0000"], ["new", "–", "–", "3.0000"]]
    assert [row[4] for row in table] == [
        *("chosen before (today)", "words: oak, table", "near to: Käse", "+0.2500 popularity of the week"),
        *("words: oak, table", "near to: Käse", "not among the candidates", "+0.3750 popularity of the week"),
    ]


def test_explain_as_json(ask: Callable[..., Result]) -> None:
    assert json.loads(ask("explain", "i1", "--json").stdout) == {
        "question": "Why?",
        "model_version": VERSION,
        "explanations": [
            {
                "item_id": "i1",
                "source": "",
                "utility": 2.0,
                "features": [{"name": "log_week_share", "value": 2.0, "contribution": 0.25}],
                "similar_history": [],
                "matching_words": [],
                "times_chosen": 0,
                "days_since_chosen": None,
                "title": "Käse",
                "why": ["not among the candidates", "+0.2500 popularity of the week"],
            }
        ],
    }


def test_recommend_and_search_say_why(ask: Callable[..., Result]) -> None:
    answers = json.loads(ask("search", "tea", "--user", "i1", "--k", "4", "--why", "--json").stdout)["answers"]
    assert [answer["why"][0] for answer in answers if answer["item_id"]] == ["words: tea"] * 2
    result = ask("recommend", "--user", "u", "--history", "i1", "--k", "1", "--why")
    assert [row[-1] for row in rows(result)] == [
        "chosen before (today)",
        "near to: Käse",
        "+0.2500 popularity of the week",
    ]


def test_a_run_without_titles_is_answered(target: str, tmp_path: Path) -> None:
    result = shoprank("similar", "i1", "--server", target, "--run-dir", tmp_path)
    assert rows(result) == [["1", "i1", "–", "2.0000", "–", "ann"]]


def test_a_port_that_is_taken(target: str, run_dir: Path) -> None:
    port = target.rpartition(":")[2]
    result = shoprank("serve", "--run-dir", run_dir, "--port", port)
    assert error_line(result) == f"cannot listen on 127.0.0.1:{port}: the port is taken or the host is not ours"


@pytest.mark.parametrize(
    "words", [["recommend", "--user", "u"], ["search", "tea"], ["similar", "i1"], ["explain", "i1"]]
)
def test_no_server(words: list[str]) -> None:
    line = error_line(shoprank(*words, "--server", "127.0.0.1:1", "--run-dir", "my runs"))
    reason = "127.0.0.1:1: UNAVAILABLE: no model server can be reached there"
    assert line == f"{reason}; start one with: shoprank serve --run-dir 'my runs' --port 1"


def test_serve_without_a_version(tmp_path: Path) -> None:
    (serving_dir(tmp_path) / "7").mkdir(parents=True)
    line = error_line(shoprank("serve", "--run-dir", tmp_path))
    assert line == f"{serving_dir(tmp_path)}: no version to serve; a run that is blessed pushes one"
