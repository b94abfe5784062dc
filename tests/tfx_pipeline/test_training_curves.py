from pathlib import Path

import pytest

from tfx_pipeline.run_records import StageRecord
from tfx_pipeline.training_curves import publish_tensorboard, read_training_curves

TOWERS = "epoch,loss,val_loss\n0,8.5,NA\n1,7.25,NA\n"
RANKER = "epoch,loss,val_loss\n0,0.5,0.75\n1,0.25,0.5\n2,0.125,0.625\n"


@pytest.fixture
def records(tmp_path: Path) -> dict[str, StageRecord]:
    """Two trainers and another stage, without any file."""
    folders = {node: tmp_path / node / "model_run" / "7" for node in ("RankerTrainer", "Transform", "TowerTrainer")}
    for folder in folders.values():
        folder.mkdir(parents=True)
    return {node: StageRecord(node, 1.0, False, {"model_run": folder}, {}) for node, folder in folders.items()}


def folder_of(records: dict[str, StageRecord], node: str) -> Path:
    return records[node].outputs["model_run"]


def test_curves_in_the_order_of_training(records: dict[str, StageRecord]) -> None:
    (folder_of(records, "RankerTrainer") / "ranker.csv").write_text(RANKER)
    (folder_of(records, "TowerTrainer") / "towers.csv").write_text(TOWERS)
    towers, ranker = read_training_curves(records)
    assert (towers.model, towers.metrics) == ("towers", {"loss": (8.5, 7.25)})
    assert (ranker.model, ranker.metrics) == ("ranker", {"loss": (0.5, 0.25, 0.125), "val_loss": (0.75, 0.5, 0.625)})


def test_what_is_not_there_is_left_out(records: dict[str, StageRecord]) -> None:
    assert read_training_curves({}) == read_training_curves(records) == ()
    (folder_of(records, "RankerTrainer") / "ranker.csv").write_text(RANKER)
    assert [curve.model for curve in read_training_curves(records)] == ["ranker"]
    del records["RankerTrainer"]
    assert read_training_curves(records) == ()


@pytest.mark.parametrize("text", ["", "epoch,loss\n", "epoch,loss\n0,nan\n1,NA\n", "epoch,loss\n0,1.5\n1,inf\n"])
def test_a_metric_without_a_number_each_epoch_is_left_out(records: dict[str, StageRecord], text: str) -> None:
    (folder_of(records, "TowerTrainer") / "towers.csv").write_text(text)
    assert read_training_curves(records) == ()


def test_what_the_callbacks_of_the_trainers_write_is_found(records: dict[str, StageRecord], tmp_path: Path) -> None:
    import keras

    from trainer.training_log import training_callbacks

    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    ones = keras.ops.ones((8, 1))
    callbacks = training_callbacks("towers", folder_of(records, "TowerTrainer"))
    history = model.fit(ones, ones, epochs=2, verbose=0, callbacks=callbacks, validation_data=(ones, ones)).history
    (curve,) = read_training_curves(records)
    assert curve.model == "towers"
    assert curve.metrics == {name: pytest.approx(values) for name, values in history.items()}
    assert list(curve.metrics) == ["loss", "val_loss"]
    board = publish_tensorboard(records, tmp_path / "run")
    found = {str(path.parent.relative_to(board)) for path in board.rglob("events*")}
    assert found == {"towers/train", "towers/validation"}


def test_event_files_are_published_under_the_names_of_the_models(
    records: dict[str, StageRecord], tmp_path: Path
) -> None:
    for node, part in (("TowerTrainer", "train"), ("RankerTrainer", "train"), ("RankerTrainer", "validation")):
        folder = folder_of(records, node) / part
        folder.mkdir()
        (folder / "events.out.tfevents.1.host").write_text(f"{node} {part}")
    (folder_of(records, "TowerTrainer") / "towers.csv").write_text(TOWERS)
    board = publish_tensorboard(records, tmp_path / "run")
    assert board == tmp_path / "run" / "logs" / "tensorboard"
    published = {str(path.relative_to(board)): path.read_text() for path in board.rglob("*") if path.is_file()}
    assert published == {
        "towers/train/events.out.tfevents.1.host": "TowerTrainer train",
        "ranker/train/events.out.tfevents.1.host": "RankerTrainer train",
        "ranker/validation/events.out.tfevents.1.host": "RankerTrainer validation",
    }


def test_the_next_run_replaces_what_was_published(records: dict[str, StageRecord], tmp_path: Path) -> None:
    event_file = folder_of(records, "TowerTrainer") / "train" / "events.out.tfevents.1.host"
    event_file.parent.mkdir()
    event_file.write_text("first")
    publish_tensorboard(records, tmp_path / "run")
    event_file.rename(event_file.with_name("events.out.tfevents.2.host"))
    board = publish_tensorboard(records, tmp_path / "run")
    assert [path.name for path in board.rglob("events*")] == ["events.out.tfevents.2.host"]
    assert list(publish_tensorboard({}, tmp_path / "run").iterdir()) == []
    assert [path.name for path in board.parent.iterdir()] == ["tensorboard"]
