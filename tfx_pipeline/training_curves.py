"""What the trainers wrote of their epochs: curves for the report, and event files for TensorBoard."""

import csv
import math
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from tfx_pipeline.run_details import TrainingCurve
from tfx_pipeline.write_aside import write_aside

if TYPE_CHECKING:
    from tfx_pipeline.run_records import StageRecord

TRAINERS = {"TowerTrainer": "towers", "RankerTrainer": "ranker"}
"""Id of the TFX node -> name of the model that it trains, see `trainer.training_log`."""
_OUTPUT, _EVENT_FILES = "model_run", "events.out.tfevents.*"


def read_training_curves(records: "Mapping[str, StageRecord]") -> tuple[TrainingCurve, ...]:
    """The curves of a run's models, in the order of training; a model whose log is not there is left out.

    Args:
        records: The finished stages of a run.
    """
    curves = []
    for model, folder in _folders(records).items():
        metrics = _read(folder / f"{model}.csv")
        if metrics:
            curves.append(TrainingCurve(model, metrics))
    return tuple(curves)


def publish_tensorboard(records: "Mapping[str, StageRecord]", run_dir: Path) -> Path:
    """Copy the event files of a run's trainers to where `tensorboard --logdir` finds them under the models' names.

    What an earlier run published there is replaced.

    Args:
        records: The finished stages of a run.
        run_dir: Directory of the run.

    Returns:
        `<run_dir>/logs/tensorboard`, with a folder for each model that has event files.
    """
    board = run_dir / "logs" / "tensorboard"
    with write_aside(board) as aside:
        aside.mkdir()
        for model, folder in _folders(records).items():
            for file in folder.rglob(_EVENT_FILES):
                target = aside / model / file.relative_to(folder)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(file, target)
        if board.exists():
            shutil.rmtree(board)
    return board


def _folders(records: "Mapping[str, StageRecord]") -> dict[str, Path]:
    """Model -> folder that its trainer wrote to."""
    return {model: records[node].outputs[_OUTPUT] for node, model in TRAINERS.items() if node in records}


def _read(path: Path) -> dict[str, tuple[float, ...]]:
    """The metrics of a Keras CSVLogger; those that are not a finite number after every epoch are left out."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    except FileNotFoundError:
        return {}
    names = [name for name in (rows[0] if rows else {}) if name != "epoch"]
    metrics = {name: tuple(_number(row[name]) for row in rows) for name in names}
    return {name: values for name, values in metrics.items() if all(map(math.isfinite, values))}


def _number(text: str) -> float:
    """The value of a cell; Keras writes NA for what an epoch did not measure."""
    return math.nan if text == "NA" else float(text)
