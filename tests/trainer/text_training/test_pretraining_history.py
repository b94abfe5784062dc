import json
from pathlib import Path

from trainer.text_training.pretraining_history import PretrainingEvaluation, PretrainingHistory

EVALUATIONS = (
    PretrainingEvaluation(0, 900.0),
    PretrainingEvaluation(10, 30.0, 4.5, 0.75),
    PretrainingEvaluation(20, 40.0, 3.5, 0.5),
)
HISTORY = PretrainingHistory(50, 5, ("cls.predictions.bias",), EVALUATIONS)


def test_the_best_is_the_lowest_and_a_broken_one_never_is() -> None:
    assert HISTORY.perplexity_before == 900.0
    assert HISTORY.best == EVALUATIONS[1]
    broken = PretrainingHistory(50, 5, (), (PretrainingEvaluation(0, 9.0), PretrainingEvaluation(1, float("nan"))))
    assert broken.best.step == 0


def test_a_file_holds_it_all(tmp_path: Path) -> None:
    HISTORY.save(tmp_path / "pretraining.json")
    assert PretrainingHistory.load(tmp_path / "pretraining.json") == HISTORY
    document = json.loads((tmp_path / "pretraining.json").read_text())
    assert document["perplexity_before"] == 900.0
    assert document["best"]["step"] == 10
