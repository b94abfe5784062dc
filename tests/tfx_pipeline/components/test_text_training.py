"""The component on a shop that has judgments; what it learns from is tested with `tfx_pipeline.search_pairs`."""

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tensorflow as tf
from tfx.types import standard_artifacts
from tfx.utils import path_utils

from tests.trainer.text_training.pretraining_shop import shop_encoder
from tests.trainer.warm_start.pushed_encoder import push_encoder
from tfx_pipeline.components import text_training
from tfx_pipeline.components.artifacts import ShopTables
from tfx_pipeline.components.text_training import HISTORY_FILE, TextTraining
from tfx_pipeline.config import SplitConfig
from tfx_pipeline.sources.event_files import shard_path
from tfx_pipeline.text_config import SearchTrainingConfig, TextConfig
from tfx_pipeline.text_networks import training_settings
from trainer.catalogue import Catalogue
from trainer.item_texts import FUSION_FILE
from trainer.search_fusion import SearchFusion
from trainer.shop_encoder import CROSS_ENCODER_FOLDER, ENCODER_FOLDER
from trainer.text_encoder import TextEncoder
from trainer.text_lora import adapters_of
from trainer.text_modes import Mode
from trainer.text_training.adapter_file import ADAPTERS_FILE, restore_adapters
from trainer.text_training.cross_encoder import CrossEncoder
from trainer.text_training.encoder_origin import EncoderOrigin
from trainer.warm_start.text_start import fine_tuned_origin

ITEMS = 70
TITLES = [f"whole milk no {row}" for row in range(ITEMS)]
CONFIG = SearchTrainingConfig(epochs=1, batch_pairs=16, maximum_steps=2, learning_rate=0.01)
MakeArtifact = Callable[..., Any]


def catalogue() -> Catalogue:
    texts = np.array(TITLES, dtype=object)
    return Catalogue(
        item_ids=np.array([f"i{row}" for row in range(ITEMS)], dtype=object),
        titles=texts,
        texts=texts,
        categories=np.zeros((ITEMS + 1, 3), np.int32),
        brands=np.zeros(ITEMS + 1, np.int32),
        prices=np.zeros(ITEMS + 1, np.float32),
        price_known=np.zeros(ITEMS + 1, np.float32),
        category_sizes=(1, 1, 1),
        brand_size=1,
    )


@pytest.fixture
def train(make_artifact: MakeArtifact, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """A function that runs the component; it gives the folder that it wrote, its record and the encoder before."""
    monkeypatch.setattr(text_training, "read_catalogue", lambda files, transform: catalogue())
    start = shop_encoder()
    start.save_folder(tmp_path / "checkpoint")

    def run(
        judgments: int,
        base: bool = False,
        reranked: int = 0,
        query: str = "no {} milk",
        mode: Mode = "full",
        continuation: str = "",
    ) -> tuple[Path, dict[str, Any], TextEncoder]:
        tables, examples, graph, model, pretrained = (
            make_artifact(kind)
            for kind in (
                ShopTables,
                standard_artifacts.Examples,
                standard_artifacts.TransformGraph,
                standard_artifacts.Model,
                standard_artifacts.Model,
            )
        )
        events = shard_path(Path(tables.uri), 0, 1)
        events.parent.mkdir()
        users = {"user_id": ["u"] * 8, "item_id": ["i1"] * 8, "event_type": ["buy"] * 8, "timestamp": range(8)}
        pq.write_table(pa.table(users), events)
        rows = [
            {"query": query.format(row), "item_id": f"i{row}", "relevance": 1.0, "split": "train"}
            for row in range(judgments)
        ]
        if rows:
            pq.write_table(pa.Table.from_pylist(rows), Path(tables.uri) / "judgments.parquet")
        start.save_folder(Path(path_utils.serving_model_dir(pretrained.uri)) / ENCODER_FOLDER)
        TextTraining.test_call(
            tables=tables,
            examples=examples,
            transform_graph=graph,
            text=TextConfig(
                checkpoint=None if base else tmp_path / "checkpoint",
                max_tokens=16,
                dimension=8,
                terms=["words", "stems"],
                reranked=reranked,
                training=CONFIG.model_copy(update={"mode": mode}),
            ).model_dump_json(),
            split=SplitConfig(shares=(0.25, 0.5, 0.75)).model_dump_json(),
            event_types=json.dumps(["buy"]),
            seed=1,
            version="1",
            encoder=model,
            continuation=continuation,
            base=pretrained if base else None,
        )
        folder = Path(path_utils.serving_model_dir(model.uri))
        return folder, json.loads((folder / HISTORY_FILE).read_text()), start

    return run


def test_the_artifact_holds_the_encoder_and_what_training_did(train: Callable[..., Any]) -> None:
    folder, record, start = train(judgments=ITEMS, base=True)
    assert (record["pairs"], record["number_of_pairs"]) == ("judgments", ITEMS)
    # About a tenth: the digest of a query decides.
    assert 1 <= record["history"]["held_out"] <= 14
    assert sum(epoch["steps"] for epoch in record["history"]["epochs"]) == 2
    mrr = record["held_out_mrr"]
    assert set(mrr) == {"bm25", "before", "after"}
    assert mrr["after"] >= mrr["before"]
    assert record["trained"] == (mrr["after"] > mrr["before"])
    after = TextEncoder.load(folder / ENCODER_FOLDER, 16)
    vectors, before = (each(tf.constant(TITLES[:4])).numpy() for each in (after, start))
    assert record["trained"] == (np.abs(vectors - before).max() > 1e-4)


def test_a_shop_without_pairs_keeps_its_encoder_and_says_so(
    train: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        folder, record, _ = train(judgments=5)
    assert record == {"pairs": "none", "number_of_pairs": 0, "trained": False}
    # The configured checkpoint goes on.
    assert not (folder / ENCODER_FOLDER).exists()
    assert SearchFusion.load(folder / FUSION_FILE) == SearchFusion.equal("words", "stems", "dense")
    assert caplog.messages.count("text encoder: not fine-tuned, the shop has no 64 queries with an item each") == 1


def test_a_pretrained_encoder_goes_on_without_pairs(train: Callable[..., Any]) -> None:
    folder, _, start = train(judgments=5, base=True)
    vectors = TextEncoder.load(folder / ENCODER_FOLDER, 16)(tf.constant(TITLES[:4]))
    np.testing.assert_allclose(vectors, start(tf.constant(TITLES[:4])), atol=1e-5)


def test_a_cross_encoder_is_trained_where_one_is_wanted(train: Callable[..., Any]) -> None:
    # BM25 knows none of these words, so that nothing can be worse.
    folder, record, _ = train(judgments=ITEMS, reranked=5, query="dairy{}dairy")
    assert record["cross_encoder"]["kept"] and record["cross_encoder"]["history"]["start_mrr"] < 0.1
    scores = CrossEncoder.load(folder / CROSS_ENCODER_FOLDER).scores(
        np.array(["no 3 milk"], dtype=object), np.array([TITLES[:4]], dtype=object)
    )
    assert scores.shape == (1, 4) and np.isfinite(scores).all()


def moved_encoder() -> TextEncoder:
    """An encoder in mode `lora` whose adapters say something."""
    encoder, random = shop_encoder("lora"), np.random.default_rng(0)
    for adapter in adapters_of(encoder.backbone):
        adapter.up.assign(random.normal(0, 0.3, adapter.up.shape))
    return encoder


@pytest.mark.slow
def test_adapters_of_an_earlier_model_go_on(train: Callable[..., Any], tmp_path: Path) -> None:
    before, origin = moved_encoder(), fine_tuned_origin(tmp_path / "checkpoint", False, "lora")
    how = push_encoder(tmp_path, before, origin, learning_rate_share=0.5)
    folder, record, checkpoint = train(judgments=ITEMS, mode="lora", continuation=how.to_json())
    assert record["continued_from"] == "17"
    assert sum(epoch["steps"] for epoch in record["history"]["epochs"]) == 2
    assert EncoderOrigin.load(folder / ENCODER_FOLDER) == origin
    after = TextEncoder.load(folder / ENCODER_FOLDER, 16, mode="lora")
    vectors, theirs, start = (each(tf.constant(TITLES[:4])).numpy() for each in (after, before, checkpoint))
    # Two steps have led somewhere or not; from the adapters of the earlier model in any case.
    assert record["trained"] == (np.abs(vectors - theirs).max() > 1e-4)
    assert np.abs(vectors - theirs).max() < np.abs(vectors - start).max()
    restore_adapters(after, folder / ENCODER_FOLDER)
    kernels = [[adapter.base.kernel.numpy() for adapter in adapters_of(each.backbone)] for each in (after, before)]
    np.testing.assert_allclose(*kernels, atol=1e-6)


def test_an_earlier_encoder_goes_on_as_it_is_without_pairs(train: Callable[..., Any], tmp_path: Path) -> None:
    before, origin = moved_encoder(), fine_tuned_origin(tmp_path / "checkpoint", False, "lora")
    how = push_encoder(tmp_path, before, origin)
    folder, record, _ = train(judgments=5, mode="lora", continuation=how.to_json())
    assert not record["trained"]
    assert EncoderOrigin.load(folder / ENCODER_FOLDER) == origin
    vectors = TextEncoder.load(folder / ENCODER_FOLDER, 16)(tf.constant(TITLES[:4]))
    np.testing.assert_allclose(vectors, before(tf.constant(TITLES[:4])), atol=1e-5)
    assert (folder / ENCODER_FOLDER / ADAPTERS_FILE).exists()


@pytest.mark.slow
def test_a_cross_encoder_worse_than_bm25_is_left_out(train: Callable[..., Any]) -> None:
    # Two steps of a network of random weights, where words alone are right.
    folder, record, _ = train(judgments=ITEMS, reranked=5)
    history = record["cross_encoder"]["history"]
    assert history["best_mrr"] < history["start_mrr"]
    assert not record["cross_encoder"]["kept"] and not (folder / CROSS_ENCODER_FOLDER).exists()


def test_settings_of_a_configuration() -> None:
    settings = training_settings(SearchTrainingConfig(compiled=True, epochs=7, maximum_steps=5), 48, 3)
    assert (settings.jit_compile, settings.epochs, settings.maximum_steps, settings.seed) == (True, 7, 5, 3)
    assert settings.document_lengths == (16, 32, 48)
    assert settings.query_lengths == (16, 32)
    assert training_settings(SearchTrainingConfig(), 12, 3).query_lengths == (12,)
