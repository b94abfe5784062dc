"""A SavedModel, and the same one behind a model server."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

from serving.connection import ServingError
from tfx_pipeline.evaluate.evaluation_data import EvaluationData
from tfx_pipeline.evaluate.load_models import load_models
from tfx_pipeline.evaluate.loaded_model import LoadedModel
from tfx_pipeline.evaluate.model_source import ModelSource
from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.ragged import Ragged
from tfx_pipeline.evaluation.sampled import CandidateLists
from tfx_pipeline.sources.errors import DataError

ITEM_IDS = np.array([f"i{row}" for row in range(25)], dtype=object)
USERS = [f"u{user}" for user in range(70)]
# The SavedModel moves its first item to the end for a history with i4; only the last two events are sent.
HISTORIES = [[4, 1, 2] if user % 3 == 0 else [3, 4] if user % 3 == 1 else [] for user in range(70)]
CASES = EvaluationCases.from_lists(USERS, HISTORIES, [[0]] * 70, 25)
SLATE, MOVED = [3, 1, 0, 7, 2], [1, 0, 7, 2, 12]


def data_of(cases: EvaluationCases, candidates: CandidateLists | None = None) -> EvaluationData:
    names = np.array([], dtype=object)
    return EvaluationData("data", "cases", ITEM_IDS, cases, names, history_length=2, candidates=candidates)


def load(kind: str, place: str, data: EvaluationData, stack: ExitStack) -> LoadedModel:
    [model] = load_models([ModelSource(place, kind, place, "served")], data, {}, stack)  # type: ignore[arg-type]
    return model


@pytest.fixture(scope="module")
def target(saved_model: Path, serve_model: Callable[[Path], str]) -> str:
    """host:port of a server in this process."""
    return serve_model(saved_model)


@pytest.fixture(params=["saved model", "model server"])
def served(request: pytest.FixtureRequest, saved_model: Path, target: str) -> Iterator[LoadedModel]:
    place = str(saved_model) if request.param == "saved model" else target
    with ExitStack() as stack:
        yield load(request.param, place, data_of(CASES), stack)


def test_the_latest_events_are_sent_and_strange_items_leave(served: LoadedModel) -> None:
    ranked = served.rank(CASES, 5, False)
    # The third place is an item of no catalogue, so that one less comes back.
    expected = [[*(MOVED if user % 3 == 1 else SLATE)[:4], -1] for user in range(70)]
    np.testing.assert_array_equal(ranked.items, expected)
    assert ranked.scores is not None
    np.testing.assert_array_equal(np.isneginf(ranked.scores), ranked.items == -1)
    assert (np.diff(ranked.scores[:, :4], axis=1) < 0).all()


def test_the_whole_history_is_excluded(served: LoadedModel) -> None:
    ranked = served.rank(CASES.take(np.arange(3)), 6, True)
    np.testing.assert_array_equal(ranked.items[0], [3, 0, 7, 12, 24, -1])
    np.testing.assert_array_equal(ranked.items[1], [1, 0, 7, 2, 12, -1])


def test_event_types_go_along(served: LoadedModel) -> None:
    kinds = Ragged(np.zeros(len(CASES.history.values), np.int32), CASES.history.offsets)
    typed = EvaluationCases(CASES.user_ids, CASES.history, CASES.targets, 25, kinds)
    data = data_of(typed)
    with ExitStack() as stack:
        names = np.array(["view"], dtype=object)
        model = load(served.source.kind, served.source.place, EvaluationData(
            data.source, data.protocol, data.item_ids, typed, names, history_length=2), stack)  # fmt: skip
        np.testing.assert_array_equal(model.rank(typed, 5, False).items, served.rank(CASES, 5, False).items)


def test_given_items_are_scored(served: LoadedModel) -> None:
    candidates = Ragged.from_lists([[5, 9, 2] if user % 2 else [7] for user in range(70)])
    scores = served.score(CASES, candidates)
    np.testing.assert_array_equal(scores.offsets, candidates.offsets)
    np.testing.assert_array_equal(scores.values, candidates.values.astype(np.float32))


def test_a_server_counts_strange_items(target: str) -> None:
    with ExitStack() as stack:
        model = load("model server", target, data_of(CASES), stack)
        assert model.notes() == []
        model.rank(CASES.take(np.arange(3)), 5, False)
        assert model.notes() == [f"{target}: 3 recommended items are not in the catalogue and left their lists"]


def test_no_server() -> None:
    with ExitStack() as stack, pytest.raises(ServingError) as error:
        load("model server", "127.0.0.1:1", data_of(CASES), stack)
    assert str(error.value) == "127.0.0.1:1: UNAVAILABLE: no model server can be reached there"


def test_a_saved_model_of_another_kind(tmp_path: Path) -> None:
    import tensorflow as tf

    tf.saved_model.save(tf.Module(), str(tmp_path / "other"))
    with ExitStack() as stack, pytest.raises(DataError) as error:
        load("saved model", str(tmp_path / "other"), data_of(CASES), stack)
    assert str(error.value) == f"{tmp_path / 'other'}: the SavedModel has no signature recommend and no rank"
    (tmp_path / "other" / "saved_model.pb").write_bytes(b"\x0fnonsense")
    with ExitStack() as stack, pytest.raises(DataError) as error:
        load("saved model", str(tmp_path / "other"), data_of(CASES), stack)
    assert str(error.value) == f"{tmp_path / 'other' / 'saved_model.pb'}: not a SavedModel"
