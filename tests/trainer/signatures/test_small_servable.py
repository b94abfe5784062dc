"""A servable in int8 with four signatures, made by a refresh with one new item."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from tfx_pipeline.feedback.ledger import Ledger
from tfx_pipeline.feedback.posterior_version import write_posterior_version
from trainer.bandit.posterior import LinearPosterior
from trainer.hyperparameters import Hyperparameters
from trainer.item_records import ItemRecord
from trainer.model_files import WARMUP_FILE
from trainer.model_parts import ModelParts
from trainer.refreshed_model import RefreshedModel
from trainer.saved_variables import read_variable
from trainer.signature_inputs import INPUTS

pytestmark = pytest.mark.slow

SIGNATURES = {"recommend", "rank", "serving_default", "embed_query"}
Ask = Callable[..., dict[str, np.ndarray]]
USER = {"user_id": ["anna"], "query": ["whole milk"]}


@pytest.fixture(scope="module")
def small(write_parts: Callable[..., ModelParts], settings: Hyperparameters, tmp_path_factory: Any) -> Path:
    """The folder of the SavedModel."""
    folder = tmp_path_factory.mktemp("run")
    export = {"item_vectors": "int8", "text_encoder": "int8", "signatures": sorted(SIGNATURES)}
    parts = write_parts(folder, replace(settings, export=export))
    model = RefreshedModel(parts, folder / "posterior.npz", "7")
    model.refresh([], [ItemRecord("brush-1", "soft brush")])
    model.export(folder / "7")
    parts.save(folder / "7")
    return folder / "7"


def loaded(saved_model: Path) -> Ask:
    """A function from a signature and some of its inputs to its answers; what is left out is empty."""
    model = tf.saved_model.load(str(saved_model))

    def answer(signature: str, **given: list[Any]) -> dict[str, np.ndarray]:
        inputs = {}
        for name, spec in INPUTS[signature].items():
            empty = "" if spec.dtype == tf.string else float("nan") if name.endswith("price") else 0
            inputs[name] = tf.constant(given.get(name, [[empty]] if spec.shape.rank == 2 else [empty]), spec.dtype)
        return {name: value.numpy() for name, value in model.signatures[signature](**inputs).items()}

    return answer


@pytest.fixture(scope="module")
def ask_small(small: Path) -> Ask:
    return loaded(small)


def variables_of(saved_model: Path) -> dict[str, tuple[list[int], tf.DType]]:
    reader = tf.train.load_checkpoint(str(saved_model / "variables" / "variables"))
    kinds = reader.get_variable_to_dtype_map()
    return {name: (shape, kinds[name]) for name, shape in reader.get_variable_to_shape_map().items()}


def test_other_signatures_are_absent_and_not_warmed_up(small: Path) -> None:
    assert set(tf.saved_model.load(str(small)).signatures) == SIGNATURES
    logs = tf.data.TFRecordDataset(str(small / WARMUP_FILE)).as_numpy_iterator()
    requests = [prediction_log_pb2.PredictionLog.FromString(log).predict_log.request for log in logs]
    assert {request.model_spec.signature_name for request in requests} == SIGNATURES


def test_answers_are_near_those_in_float32(ask_small: Ask, ask: Ask) -> None:
    ours, theirs = (answer("embed_query", **USER)["vectors"] for answer in (ask_small, ask))
    assert (ours * theirs).sum() > 0.99
    candidates = [["milk-1", "soap-1", "text-1"]]
    ours, theirs = (answer("rank", user_id=["anna"], candidate_item_ids=candidates) for answer in (ask_small, ask))
    for name, values in theirs.items():
        np.testing.assert_allclose(ours[name], values, atol=0.05)


def test_a_new_item_of_the_refresh_is_found(ask_small: Ask) -> None:
    assert b"brush-1" in ask_small("recommend", query=["soft brush"], k=[5])["item_ids"][0]


def test_no_vector_of_an_item_is_saved_in_float32_and_nothing_twice(small: Path, settings: Hyperparameters) -> None:
    widths = {settings.text["dimension"], settings.retrieval["dimension"]}
    # The posterior has a row for each item as well.
    found = {name: kept for name, kept in variables_of(small).items() if not name.startswith("exploration")}
    rows = 5
    of_items = [kind for shape, kind in found.values() if shape and shape[0] == rows and set(shape[1:]) & widths]
    assert of_items.count(tf.int8) == 3
    assert tf.float32 not in of_items
    embeddings = [kind for shape, kind in found.values() if len(shape) == 2 and shape[0] == 40]
    assert embeddings == [tf.int8]


def test_another_posterior_is_written_into_it(small: Path, ask_small: Ask, settings: Hyperparameters) -> None:
    posterior = LinearPosterior.prior(settings.ranker["hidden"][-1] + 1, 1.0, 1.0)
    learned = posterior.update(np.ones((50, len(posterior.mean))), np.full(50, 3.0))
    version = write_posterior_version(small, learned, Ledger.load(small))
    np.testing.assert_allclose(read_variable(version, "exploration/mean"), learned.mean, rtol=1e-6)
    before, after = (
        ask("recommend", user_id=["anna"], policy=["thompson"], k=[3]) for ask in (ask_small, loaded(version))
    )
    assert np.abs(before["scores"] - after["scores"]).max() > 0.1
