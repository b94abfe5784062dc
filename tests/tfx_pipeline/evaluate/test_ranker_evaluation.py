"""The probabilities of a served ranker on the rows that its run kept."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from tfx_pipeline.evaluate.document import as_document
from tfx_pipeline.evaluate.evaluate import evaluate
from tfx_pipeline.evaluate.printing import print_result
from tfx_pipeline.evaluate.request import EvaluateRequest
from tfx_pipeline.evaluate.results import EvaluationResult
from tfx_pipeline.evaluation.baselines import MOST_POPULAR
from tfx_pipeline.evaluation.probabilities import PROBABILITY_METRICS, score_probabilities

ROUNDS, SEED = 30, 7
NOTE = "the ranker's rows are of the eval window: --window eval scores its probabilities"


def labelled_pairs() -> Iterator[tuple[str, int, float]]:
    """User, number of the item and label; the larger the number, the more often the label is 1."""
    random = np.random.default_rng(5)
    for user in range(40):
        for item in random.choice(25, 5, replace=False):
            yield f"u{user}", int(item), float(random.random() < item / 25)


@pytest.fixture(scope="module")
def mined(run_dir: Path, record_run: Callable[..., None], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run, with labelled rows as well."""
    import tensorflow as tf

    folder = tmp_path_factory.mktemp("mined") / "run"
    shutil.copytree(run_dir / "tfx" / "Ingest", folder / "tfx" / "Ingest")
    shutil.copy(run_dir / "config.yaml", folder)
    rows = folder / "tfx" / "CandidateMiner" / "rows" / "2"
    (rows / "Split-eval").mkdir(parents=True)
    with tf.io.TFRecordWriter(str(rows / "Split-eval" / "candidates.gz"), "GZIP") as writer:
        for user, item, label in labelled_pairs():
            example = tf.train.Example()
            for name, value in (("user_id", user), ("item_id", f"i{item}")):
                example.features.feature[name].bytes_list.value.append(value.encode())
            for objective in ("purchase", "view"):
                example.features.feature[f"label_{objective}"].float_list.value.append(label)
            writer.write(example.SerializeToString())
    record_run(folder, {"Ingest": {"tables": folder / "tfx/Ingest/tables/1"}, "CandidateMiner": {"rows": rows}})
    return folder


@pytest.fixture(scope="module")
def asked(mined: Path, saved_model: Path) -> EvaluateRequest:
    models = (str(saved_model), MOST_POPULAR)
    return EvaluateRequest(models, mined, window="eval", cutoffs=(5,), baselines=False, rounds=ROUNDS, seed=SEED)


@pytest.fixture(scope="module")
def result(asked: EvaluateRequest) -> EvaluationResult:
    return evaluate(asked)


def test_scores_are_those_of_the_probabilities(result: EvaluationResult) -> None:
    # The SavedModel gives the number in the id divided by 128, and knows no other objective.
    users, items, labels = (np.array(column) for column in zip(*labelled_pairs(), strict=True))
    numbers = np.unique(users, return_inverse=True)[1]
    probabilities = (items / 128).astype(np.float32)
    [score] = result.ranker
    assert score.model == "servable"
    assert score.scores == score_probabilities("purchase", labels, probabilities, numbers, ROUNDS, SEED)
    auc, (low, high) = score.scores.metrics["AUC"], score.scores.intervals["AUC"]  # type: ignore[misc]
    assert auc is not None and 0.5 < low < auc < high < 1
    assert result.notes == ()


def test_the_document_has_every_figure(result: EvaluationResult) -> None:
    [entry] = as_document(result)["ranker"]
    assert list(entry) == ["model", "objective", "rows", "positives", "metrics", "intervals", "reliability"]
    assert list(entry["metrics"]) == list(entry["intervals"]) == list(PROBABILITY_METRICS)
    assert entry == {"model": "servable", **asdict(result.ranker[0].scores)}


def test_one_small_table(result: EvaluationResult) -> None:
    output = StringIO()
    print_result(result, Console(file=output, width=80))
    text = output.getvalue()
    assert "Ranker of servable, eval window" in text and "200" in text
    assert all(metric in text for metric in PROBABILITY_METRICS)
    assert f"{result.ranker[0].scores.metrics['Brier']:.4f}" in text


def test_the_test_window_has_no_rows(asked: EvaluateRequest) -> None:
    found = evaluate(replace(asked, window="test"))
    assert (found.ranker, found.notes) == ((), (NOTE,))
    baseline = evaluate(replace(asked, models=(MOST_POPULAR,), window="test"))
    assert (baseline.ranker, baseline.notes) == ((), ())


def test_absent_without_a_ranker_without_rows_and_under_another_split(
    asked: EvaluateRequest, run_dir: Path, shop: Path
) -> None:
    for change in ({"models": (MOST_POPULAR,)}, {"data": run_dir}, {"data": shop}):
        found = evaluate(replace(asked, **change))
        assert (found.ranker, found.notes) == ((), ())
    resplit = evaluate(replace(asked, protocol="leave-last-out"))
    assert resplit.ranker == () and NOTE not in resplit.notes


def test_a_model_whose_outputs_are_no_probabilities(
    asked: EvaluateRequest, saved_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tfx_pipeline.served_ranker import ServedRanker

    given = ServedRanker.probabilities
    monkeypatch.setattr(
        ServedRanker,
        "probabilities",
        lambda *arguments: {"purchase": given(*arguments)["purchase"] + 2},
    )
    found = evaluate(asked)
    assert found.ranker == ()
    [note] = found.notes
    assert note.startswith("servable: the probabilities of its ranker are not scored: row 0: probability 2.")
