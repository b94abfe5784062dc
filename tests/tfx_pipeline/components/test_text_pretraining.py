"""The component on the items of a small catalogue; its training is tested with the trainer."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from tfx.types import standard_artifacts
from tfx.utils import path_utils

from tests.trainer.text_training.pretraining_shop import shop_encoder, titles
from tfx_pipeline.components import text_pretraining
from tfx_pipeline.components.text_pretraining import HISTORY_FILE, TextPretraining, title_pairs
from trainer.catalogue import Catalogue
from trainer.shop_encoder import ENCODER_FOLDER
from trainer.text_encoder import TextEncoder
from trainer.text_training.pretraining_history import PretrainingHistory

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


def test_the_artifact_holds_the_encoder_and_its_history(
    catalogue: Catalogue, make_artifact: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = shop_encoder()
    start.save_folder(tmp_path / "checkpoint")
    examples, graph = (make_artifact(kind) for kind in (standard_artifacts.Examples, standard_artifacts.TransformGraph))
    asked: list[tuple[list[str], str]] = []

    def read(files: list[str], transform: Any) -> Catalogue:
        asked.append((files, transform.transform_savedmodel_dir))
        return catalogue

    monkeypatch.setattr(text_pretraining, "read_catalogue", read)
    trained = make_artifact(standard_artifacts.Model)
    settings = {"maximum_steps": 12, "batch_tokens": 512, "learning_rate": 0.01, "held_out_share": 0.2}
    TextPretraining.test_call(
        examples=examples,
        transform_graph=graph,
        checkpoint=str(tmp_path / "checkpoint"),
        max_tokens=24,
        settings=json.dumps(settings),
        version="1",
        encoder=trained,
    )
    assert asked == [([f"{examples.uri}/Split-catalogue/*"], f"{graph.uri}/transform_fn")]
    folder = Path(path_utils.serving_model_dir(trained.uri))
    history = PretrainingHistory.load(folder / HISTORY_FILE)
    assert history.texts + history.held_out == len(TITLES)
    assert history.best.step == history.evaluations[-1].step == 12
    loaded = TextEncoder.load(folder / ENCODER_FOLDER, 24)
    changed = np.abs(np.asarray(loaded(tf.constant(TITLES[:3]))) - np.asarray(start(tf.constant(TITLES[:3]))))
    assert changed.max() > 1e-4
