"""The verb from outside."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from tfx_pipeline.cli_evaluate import add_evaluate_verbs
from tfx_pipeline.evaluation.baselines import BASELINES, BUY_AGAIN, MOST_POPULAR


def shoprank(*words: str | Path) -> Result:
    app = typer.Typer(pretty_exceptions_enable=False)
    app.callback()(lambda: None)
    add_evaluate_verbs(app)
    return CliRunner().invoke(app, [str(word) for word in words], env={"COLUMNS": "120"})


def test_figures_are_printed_and_written(run_dir: Path, tmp_path: Path) -> None:
    files = {name: tmp_path / f"{name}.csv" for name in ("predictions", "new-predictions", "targets", "history")}
    words = [word for name, path in files.items() for word in (f"--{name}", path)]
    result = shoprank(
        "evaluate", "--model", BUY_AGAIN, "--model", MOST_POPULAR, "--data", run_dir, "--k", "3", "--k", "7",
        "--no-baselines", "--rounds", "20", "--seed", "5", "--slice", "country", "--window", "eval",
        "--json", tmp_path / "figures.json", *words,
    )  # fmt: skip
    assert (result.exit_code, result.stderr) == (0, "")
    assert "HR@3" in result.stdout and "NDCG@7" in result.stdout and "eval window" in result.stdout
    document = json.loads((tmp_path / "figures.json").read_text())
    assert document["settings"] == {"cutoffs": [3, 7], "rounds": 20, "seed": 5}
    written = [line.removeprefix("written: ") for line in result.stdout.splitlines() if line.startswith("written: ")]
    assert written == [str(path) for path in [*files.values(), tmp_path / "figures.json"]]
    assert all(Path(path).is_file() for path in written)


def test_columns_are_mapped(tmp_path: Path) -> None:
    (tmp_path / "cases.csv").write_text("who,before,after\nu,a b,c\n")
    (tmp_path / "theirs.csv").write_text("user_id,item_id,rank\nu,c,1\n")
    result = shoprank(
        "evaluate", "--model", tmp_path / "theirs.csv", "--data", tmp_path / "cases.csv", "--protocol", "cases",
        "--columns", "case_id=who, history=before", "--columns", "targets=after", "--json", tmp_path / "figures.json",
    )  # fmt: skip
    assert (result.exit_code, result.stderr) == (0, "")
    [first, _] = json.loads((tmp_path / "figures.json").read_text())["results"]
    assert (first["model"], first["metrics"]["HR@10"]) == ("theirs", 1.0)


def test_rows_are_chosen(tmp_path: Path) -> None:
    (tmp_path / "items.csv").write_text("item_id,title\na,green tea\nb,black tea\nc,mug\n")
    rows = "q1,green,a,test,x=1\nq2,mug,c,test,x=1\nq3,black,c,test,y\nq4,tea,c,dev,x=1\n"
    (tmp_path / "queries.csv").write_text("query_id,query,relevant_item_id,split,kind\n" + rows)
    result = shoprank(
        "evaluate", "--model", "bm25", "--data", tmp_path / "queries.csv", "--items", tmp_path / "items.csv",
        "--protocol", "search", "--where", "split=test", "--where", "kind=x=1", "--where", "kind=z", "--k", "1",
        "--json", tmp_path / "figures.json", "--targets", tmp_path / "targets.csv",
    )  # fmt: skip
    assert (result.exit_code, result.stderr) == (0, "")
    assert "all items, 2 queries" in result.stdout and "over queries" in result.stdout
    assert "users" not in result.stdout and "new items" not in result.stdout
    document = json.loads((tmp_path / "figures.json").read_text())
    assert document["results"][0]["metrics"]["HR@1"] == 1.0
    assert (tmp_path / "targets.csv").read_text().replace('"', "") == "user_id,item_id\nq1,a\nq2,c\n"


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--model", "FISM"], f"--model FISM: no folder, file or host:port, and no baseline; "
                              f"the baselines are {', '.join(BASELINES)}"),
        (["--model", "127.0.0.1:1"], "127.0.0.1:1: UNAVAILABLE: no model server can be reached there"),
        (["--model", MOST_POPULAR, "--predictions", "lists.txt"],
         "lists.txt: tables are written as .csv, .csv.gz or .parquet"),
        (["--model", MOST_POPULAR, "--protocol", "cases"],
         "{run}: protocol cases needs a table of cases, this is a shop's data"),
    ],
)  # fmt: skip
def test_an_error_is_one_line(run_dir: Path, words: list[str], line: str) -> None:
    result = shoprank("evaluate", "--data", run_dir, *words)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"shoprank: {line.format(run=run_dir)}\n"


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--data", "x"], "Missing option '--model'"),
        (["--model", "x"], "Missing option '--data'"),
        (["--model", "x", "--data", "x", "--k", "0"], "Invalid value for '--k'"),
        (["--model", "x", "--data", "x", "--protocol", "random"], "Invalid value for '--protocol'"),
        (["--model", "x", "--data", "x", "--columns", "history"], "'history' is not OURS=THEIRS"),
        (["--model", "x", "--data", "x", "--where", "kind"], "'kind' is not COLUMN=VALUE"),
        (["--model", "x", "--data", "x", "--where", "=short"], "'=short' is not COLUMN=VALUE"),
        (["--model", "x", "--data", "x", "--rounds", "-1"], "Invalid value for '--rounds'"),
    ],
)
def test_wrong_usage(words: list[str], reason: str) -> None:
    result = shoprank("evaluate", *words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert reason in " ".join(result.stderr.replace("│", " ").split())
