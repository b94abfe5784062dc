from collections.abc import Callable
from pathlib import Path

import pytest

from tfx_pipeline.errors import PipelineError
from tfx_pipeline.evaluate.model_source import find_models
from tfx_pipeline.evaluate.shop_tables import run_output
from tfx_pipeline.run_directory import serving_dir
from tfx_pipeline.sources.errors import DataError

Record = Callable[[Path, dict[str, dict[str, Path]]], None]
BASELINES = ("most popular", "EASE")


def touch(*parts: Path | str) -> Path:
    path = Path(*parts)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path.parent


def test_every_kind_is_told_apart(tmp_path: Path) -> None:
    saved = touch(tmp_path, "saved", "saved_model.pb")
    towers = touch(tmp_path, "TowerTrainer", "model", "12", "Format-Serving", "towers.keras")
    predictions = touch(tmp_path, "theirs.csv.gz") / "theirs.csv.gz"
    words = [str(saved), str(towers), str(towers.parent), str(predictions), "ease", "localhost:8500", "[::1]:80"]
    found = find_models(words[:2] + words[3:], BASELINES)
    assert [(source.kind, source.place, source.name) for source in found] == [
        ("saved model", str(saved), "saved"),
        ("Keras towers", str(towers), "TowerTrainer/12"),
        ("predictions file", str(predictions), "theirs"),
        ("baseline", "EASE", "EASE"),
        ("model server", "localhost:8500", "localhost:8500"),
        ("model server", "[::1]:80", "[::1]:80"),
    ]
    assert find_models([words[2]], BASELINES)[0].place == str(towers)


def test_a_run_gives_its_newest_pushed_version(tmp_path: Path) -> None:
    run = touch(tmp_path, "shop", "config.yaml")
    touch(run, "tfx", "metadata.db")
    for version in ("9", "10"):
        touch(serving_dir(run), version, "saved_model.pb")
    (serving_dir(run) / "notes").mkdir()
    [source] = find_models([str(run)], BASELINES)
    assert (source.kind, source.name) == ("saved model", "shop")
    assert source.place == str(serving_dir(run) / "10")


def test_a_run_that_was_not_pushed_gives_what_it_exported(tmp_path: Path, record_run: Record) -> None:
    run = touch(tmp_path, "shop", "config.yaml")
    exported = touch(run, "tfx", "RankerTrainer", "model", "14", "Format-Serving", "saved_model.pb")
    record_run(run, {"RankerTrainer": {"model": exported.parent}})
    assert find_models([str(run)], BASELINES)[0].place == str(exported)


def test_a_moved_run_is_found_where_it_is(tmp_path: Path, record_run: Record) -> None:
    run = tmp_path / "moved"
    tables = touch(run, "tfx", "Ingest", "tables", "2", "ingest.json")
    record_run(run, {"Ingest": {"tables": tmp_path / "before" / "tfx" / "Ingest" / "tables" / "2"}})
    assert run_output(run, "Ingest", "tables") == tables


def test_a_run_without_the_output(tmp_path: Path, record_run: Record) -> None:
    with pytest.raises(PipelineError, match="no run is recorded there, tfx/metadata.db is missing$"):
        run_output(tmp_path, "Ingest", "tables")
    record_run(tmp_path, {"Ingest": {"tables": tmp_path / "gone"}})
    with pytest.raises(PipelineError) as error:
        run_output(tmp_path, "RankerTrainer", "model")
    assert str(error.value) == f"{tmp_path}: the last run has no output of its stage RankerTrainer"
    with pytest.raises(PipelineError) as error:
        run_output(tmp_path, "Ingest", "tables")
    assert str(error.value) == f"{tmp_path}: the output of the stage Ingest is gone: {tmp_path / 'gone'}"


def test_names_are_as_long_as_it_takes(tmp_path: Path) -> None:
    folders = [touch(tmp_path, *parts, "saved_model.pb") for parts in (("a", "x", "m"), ("b", "x", "m"), ("c", "n"))]
    names = [source.name for source in find_models([str(folder) for folder in folders], BASELINES)]
    assert names == ["a/x/m", "b/x/m", "n"]


def test_a_model_that_is_called_like_a_baseline_is_told_apart(tmp_path: Path) -> None:
    predictions = touch(tmp_path, "EASE.csv") / "EASE.csv"
    assert find_models([str(predictions)], BASELINES)[0].name == "EASE (predictions file)"
    both = find_models([str(predictions), "EASE"], BASELINES)
    assert both[1].name == "EASE" and both[0].name.endswith("/EASE")


def test_one_model_by_two_paths_has_two_names(tmp_path: Path) -> None:
    folder = touch(tmp_path, "m", "saved_model.pb")
    names = [source.name for source in find_models([str(folder), f"{folder}/."], BASELINES)]
    assert len(set(names)) == 2 and all(name.endswith(f"({number})") for number, name in enumerate(names, 1))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["EASE", "EASE"], "--model EASE is given twice"),
        (
            ["FISM"],
            "--model FISM: no folder, file or host:port, and no baseline; the baselines are most popular, EASE",
        ),
        (
            ["host:70000"],
            "--model host:70000: no folder, file or host:port, and no baseline; the baselines are most popular, EASE",
        ),
        (
            ["{tmp}"],
            "--model {tmp}: neither a run directory nor a model: it has no config.yaml with tfx/metadata.db, "
            "no saved_model.pb and no towers.keras",
        ),
    ],
)
def test_a_word_that_is_no_model(tmp_path: Path, words: list[str], message: str) -> None:
    with pytest.raises(DataError) as error:
        find_models([word.format(tmp=tmp_path) for word in words], BASELINES)
    assert str(error.value) == message.format(tmp=tmp_path)
