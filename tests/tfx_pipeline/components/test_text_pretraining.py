"""The component on the items of a small catalogue; its training is tested with the trainer."""

import json
import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from safetensors.numpy import load_file
from tfx.types import standard_artifacts
from tfx.utils import path_utils

from tests.trainer.text_training.pretraining_shop import shop_encoder, titles
from tests.trainer.warm_start.pushed_encoder import push_encoder
from tfx_pipeline.components import text_pretraining
from tfx_pipeline.components.text_pretraining import HEADS_FILE, HISTORY_FILE, TextPretraining, title_pairs
from trainer.catalogue import Catalogue
from trainer.shop_encoder import ENCODER_FOLDER
from trainer.text_encoder import TextEncoder
from trainer.text_training.encoder_origin import EncoderOrigin
from trainer.text_training.pretraining_history import PretrainingHistory
from trainer.warm_start.text_start import fine_tuned_origin

TITLES = ["whole milk", "rye bread", "green soap", "", *titles(60)]
DESCRIPTIONS = ["no 1 for milks", "no 2 for breads", "", "no 5", *(f"for no {number}" for number in range(60))]


@pytest.fixture
def catalogue() -> Catalogue:
    """Items, one of them without a description and one without a title."""
    count = len(TITLES)
    texts = [f"{title} {description}".strip() for title, description in zip(TITLES, DESCRIPTIONS, strict=True)]
    return Catalogue(
        item_ids=np.array([f"item-{row}" for row in range(count)], dtype=object),
        titles=np.array(TITLES, dtype=object),
        texts=np.array(texts, dtype=object),
        categories=np.zeros((count + 1, 3), np.int32),
        brands=np.zeros(count + 1, np.int32),
        prices=np.zeros(count + 1, np.float32),
        price_known=np.zeros(count + 1, np.float32),
        category_sizes=(1, 1, 1),
        brand_size=1,
    )


def test_an_item_with_title_and_description_is_a_pair(catalogue: Catalogue) -> None:
    expected = [(TITLES[row], DESCRIPTIONS[row]) for row in (0, 1, *range(4, len(TITLES)))]
    assert title_pairs(catalogue) == expected


SETTINGS = {"maximum_steps": 12, "batch_tokens": 512, "learning_rate": 0.01, "held_out_share": 0.2}


@pytest.fixture
def start(tmp_path: Path) -> TextEncoder:
    """The encoder of the checkpoint."""
    encoder = shop_encoder()
    encoder.save_folder(tmp_path / "checkpoint")
    return encoder


@pytest.fixture
def run(
    catalogue: Catalogue,
    start: TextEncoder,
    make_artifact: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., Path]:
    """A function that runs the component; it gives the folder that it wrote."""
    examples, graph = (make_artifact(kind) for kind in (standard_artifacts.Examples, standard_artifacts.TransformGraph))

    def read(files: list[str], transform: Any) -> Catalogue:
        assert files == [f"{examples.uri}/Split-catalogue/*"]
        assert transform.transform_savedmodel_dir == f"{graph.uri}/transform_fn"
        return catalogue

    monkeypatch.setattr(text_pretraining, "read_catalogue", read)

    def call(**further: str) -> Path:
        trained = make_artifact(standard_artifacts.Model)
        TextPretraining.test_call(
            examples=examples,
            transform_graph=graph,
            checkpoint=str(tmp_path / "checkpoint"),
            max_tokens=24,
            settings=json.dumps(SETTINGS),
            version="1",
            encoder=trained,
            **further,
        )
        return Path(path_utils.serving_model_dir(trained.uri))

    return call


def change(folder: Path, start: TextEncoder) -> float:
    """How far the encoder of an artifact is from another one."""
    loaded = TextEncoder.load(folder / ENCODER_FOLDER, 24)
    vectors = [np.asarray(encoder(tf.constant(TITLES[:3]))) for encoder in (loaded, start)]
    return float(np.abs(vectors[0] - vectors[1]).max())


def test_the_artifact_holds_the_encoder_and_its_history(
    run: Callable[..., Path], start: TextEncoder, tmp_path: Path
) -> None:
    folder = run()
    history = PretrainingHistory.load(folder / HISTORY_FILE)
    assert history.texts + history.held_out == len(TITLES)
    assert history.best.step == history.evaluations[-1].step == 12
    assert change(folder, start) > 1e-4
    # The next span goes on with encoder and head, for an epoch and not ten.
    how = push_encoder(tmp_path, None, None)
    shutil.copytree(folder / ENCODER_FOLDER, how.artifacts / "package" / ENCODER_FOLDER)
    further = PretrainingHistory.load(run(continuation=how.to_json(), fine_tuning="full") / HISTORY_FILE)
    assert further.perplexity_before == pytest.approx(history.best.perplexity, rel=1e-4)
    assert set(further.heads) == set(load_file(folder / ENCODER_FOLDER / HEADS_FILE))
    assert further.evaluations[-1].step == 1


def test_an_encoder_that_was_fine_tuned_since_is_handed_on(
    run: Callable[..., Path], start: TextEncoder, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    origin = fine_tuned_origin(tmp_path / "checkpoint", True, "full")
    tuned = shop_encoder()
    tuned.backbone.token_embedding.embeddings.assign(2 * tuned.backbone.token_embedding.embeddings)
    how = push_encoder(tmp_path, tuned, origin).to_json()
    with caplog.at_level(logging.INFO):
        folder = run(continuation=how, fine_tuning="full")
    assert change(folder, tuned) < 1e-5 < 1e-4 < change(folder, start)
    assert EncoderOrigin.load(folder / ENCODER_FOLDER) == origin
    assert caplog.messages.count("text encoder: not pretrained again, it was fine-tuned after its pretraining") == 1
