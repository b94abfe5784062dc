"""A shop whose searchers call everything by another name: what no encoder of random weights can know."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from trainer.text_encoder import TextEncoder
from trainer.text_training.padded_tokens import PaddedTokens
from trainer.text_training.search_batches import SearchBatches
from trainer.text_training.search_pairs import Answers, SearchPairs
from trainer.text_training.search_settings import SearchTrainingSettings
from trainer.text_training.search_step import SearchStep
from trainer.text_training.search_timing import plain_settings, search_steps
from trainer.text_training.search_training import train_search

NAMES = ["whole", "skimmed", "rye", "white", "old", "young"]
CALLED = ["green", "mild", "soft", "baby", "soap", "brush"]
THINGS = ["milk", "bread", "cheese"]
DOCUMENTS = [f"{name} {thing}" for name in NAMES for thing in THINGS]
QUERIES = [f"{called} {thing}" for called in CALLED for thing in THINGS]
PAIRS = SearchPairs.of(QUERIES, list(range(len(DOCUMENTS))))
SETTINGS = SearchTrainingSettings(
    epochs=12,
    batch_pairs=6,
    learning_rate=0.01,
    head_learning_rate=0.01,
    query_lengths=(4,),
    document_lengths=(4, 8),
    patience=12,
    length_pool=2,
    judged_by="cosine",
)
MakeEncoder = Callable[..., TextEncoder]


@pytest.fixture(scope="module")
def make_encoder(checkpoint_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> MakeEncoder:
    """Without dropout, so that losses can be compared."""
    folder = shutil.copytree(checkpoint_folder, tmp_path_factory.mktemp("bert") / "without_dropout")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "hidden_dropout_prob": 0.0}))

    def make(mode: str = "full", **options: Any) -> TextEncoder:
        # The adapters of LoRA start at random.
        keras.utils.set_random_seed(1)
        return TextEncoder.load(folder, 8, mode=mode, **options)

    return make


@pytest.mark.parametrize("mode", ["full", "lora"])
def test_the_encoder_learns_what_things_are_called(make_encoder: MakeEncoder, mode: str) -> None:
    encoder, told = make_encoder(mode), []
    settings = replace(SETTINGS, epochs=6, learning_rate=0.05 if mode == "lora" else 0.01)
    history = train_search(encoder, DOCUMENTS, PAIRS, settings, PAIRS, progress=lambda *each: told.append(each))
    assert history.start_mrr is not None and history.best_mrr is not None
    # Adapters of so small a network can change less.
    assert history.best_mrr > history.start_mrr + (0.15 if mode == "full" else 0.08)
    losses = [epoch.loss for epoch in history.epochs]
    assert np.mean(losses[-3:]) < 0.95 * losses[0]
    assert history.best_mrr == max(epoch.held_out_mrr or 0 for epoch in history.epochs)
    assert history.epochs[history.best_epoch - 1].held_out_mrr == history.best_mrr
    assert [each[:3] for each in told] == [("fine-tuning for search", step + 1, 18) for step in range(18)]


@pytest.mark.slow
def test_equal_seeds_give_equal_encoders(make_encoder: MakeEncoder) -> None:
    vectors = []
    for seed in (3, 3, 4):
        encoder = make_encoder()
        settings = replace(SETTINGS, epochs=1, seed=seed, both_directions=True, inverse_cloze_pairs=0)
        history = train_search(encoder, DOCUMENTS, PAIRS, settings, SearchPairs.of([], []))
        assert history.start_mrr is None and history.best_epoch == 1
        vectors.append(encoder(tf.constant(QUERIES)).numpy())
    np.testing.assert_allclose(vectors[0], vectors[1], atol=1e-6)
    assert np.abs(vectors[0] - vectors[2]).max() > 1e-4


@pytest.mark.slow
def test_a_training_that_only_harms_leaves_the_encoder_as_it_was(make_encoder: MakeEncoder) -> None:
    encoder = make_encoder()
    own = SearchPairs.of(DOCUMENTS, list(range(len(DOCUMENTS))))
    before = encoder(tf.constant(DOCUMENTS)).numpy()
    history = train_search(encoder, DOCUMENTS, PAIRS, replace(SETTINGS, learning_rate=0.5, patience=2), own)
    assert (history.start_mrr, history.best_mrr, history.best_epoch) == (1.0, 1.0, 0)
    assert len(history.epochs) == 2
    np.testing.assert_array_equal(encoder(tf.constant(DOCUMENTS)).numpy(), before)


def test_steps_and_pairs_are_bounded(make_encoder: MakeEncoder) -> None:
    settings = replace(SETTINGS, maximum_pairs=12, maximum_steps=3, validation_share=0.2, inverse_cloze_pairs=4)
    history = train_search(make_encoder(), [f"{each} for baby soap" for each in DOCUMENTS], PAIRS, settings)
    assert (history.pairs, history.held_out) == (10, 2)
    assert sum(epoch.steps for epoch in history.epochs) == 3


@pytest.mark.slow
@pytest.mark.parametrize("loss", ["kl", "margin_mse"])
def test_the_teacher_is_asked_about_a_query_and_its_own_negatives(make_encoder: MakeEncoder, loss: Any) -> None:
    asked = []

    def teacher(queries: np.ndarray, documents: np.ndarray) -> np.ndarray:
        asked.append((queries, documents))
        wanted = np.array([QUERIES.index(query) for query in queries])
        return 20.0 * (np.vectorize(DOCUMENTS.index)(documents) == wanted[:, np.newaxis])

    settings = replace(SETTINGS, epochs=2, distillation_weight=1.0, distillation_loss=loss)
    history = train_search(make_encoder(), DOCUMENTS, PAIRS, settings, SearchPairs.of([], []), teacher)
    assert len(asked) == 6
    for queries, documents in asked:
        assert documents.shape == (6, 3)
        assert [QUERIES.index(query) for query in queries] == [DOCUMENTS.index(text) for text in documents[:, 0]]
    assert history.epochs[-1].loss < history.epochs[0].loss


def test_frozen_layers_and_settings_of_a_step(make_encoder: MakeEncoder) -> None:
    encoder = make_encoder("head")
    batches = SearchBatches(
        PAIRS,
        Answers(PAIRS, DOCUMENTS),
        PaddedTokens.of(encoder, QUERIES, (4,)),
        PaddedTokens.of(encoder, DOCUMENTS, (4, 8)),
        SETTINGS,
    )
    batch = batches.batch(np.arange(6), np.zeros((6, 0), np.int64))
    before = [variable.numpy() for variable in encoder.backbone.weights]
    step = SearchStep(encoder, replace(SETTINGS, accumulation_steps=2), 40)
    losses = [step(batch) for _ in range(40)]
    assert losses[0] == losses[1] != losses[2]
    assert losses[-1] < losses[0]
    for variable, old in zip(encoder.backbone.weights, before, strict=True):
        np.testing.assert_array_equal(variable.numpy(), old)


@pytest.mark.slow
def test_bfloat16_and_xla_lose_what_float32_loses(make_encoder: MakeEncoder) -> None:
    losses = []
    for precision, xla in (("float32", False), ("mixed_bfloat16", False), ("float32", True)):
        settings = replace(SETTINGS, jit_compile=xla, document_lengths=(8,), temperature=0.5)
        step = search_steps(make_encoder(precision=precision), DOCUMENTS, PAIRS, settings)
        losses.append([step() for _ in range(3)])
    np.testing.assert_allclose(losses[1], losses[0], rtol=0.05)
    np.testing.assert_allclose(losses[2], losses[0], rtol=1e-3)


def test_a_memory_makes_every_document_a_wrong_answer_and_words_help(make_encoder: MakeEncoder) -> None:
    """The first loss beside NumPy."""
    encoder = make_encoder()
    settings = replace(SETTINGS, memory=True, lexical_share=0.25, temperature=0.2)
    batches = SearchBatches(
        PAIRS,
        Answers(PAIRS, DOCUMENTS),
        PaddedTokens.of(encoder, QUERIES, (8,)),
        PaddedTokens.of(encoder, DOCUMENTS, (8,)),
        settings,
    )
    step = SearchStep(encoder, settings, 9, len(DOCUMENTS))
    queries, documents = (encoder(tf.constant(texts)).numpy() for texts in (QUERIES[4:8], DOCUMENTS))
    lexical = np.random.default_rng(0).random((4, len(DOCUMENTS))).astype(np.float32)
    cosines = queries @ documents.T
    step.remember(documents)
    # Every document is a candidate once: those of the batch as they are now, the others from the memory.
    loss = step(batches.batch(np.arange(4, 8), np.array([[0], [1], [2], [3]])), lexical=lexical)
    expected = 0.0
    for share, logits in ((0.75, cosines / 0.2), (0.25, 0.6 * cosines / 0.2 + 0.7 * lexical)):
        own = logits[np.arange(4), np.arange(4, 8)]
        expected += share * np.mean(np.log(np.exp(logits).sum(axis=1)) - own)
    assert loss == pytest.approx(expected, rel=1e-3)
    settings = replace(settings, epochs=2, train_embeddings=False, judged_by="with_bm25")
    history = train_search(encoder, DOCUMENTS, PAIRS, settings, PAIRS)
    assert history.epochs[1].loss < history.epochs[0].loss
    # BM25 alone knows what kind of thing is looked for.
    assert history.start_mrr is not None
    assert history.start_mrr > 0.3


def test_batches_of_neighbours_have_a_pair_of_each_document(make_encoder: MakeEncoder) -> None:
    """Two queries a document: an epoch has half as many steps."""
    twice = SearchPairs.of([*QUERIES, *DOCUMENTS], [*range(len(DOCUMENTS)), *range(len(DOCUMENTS))])
    settings = replace(SETTINGS, epochs=6, neighbour_group=3, lexical_negatives=0, encoder_negatives=0)
    told: list[tuple[Any, ...]] = []
    history = train_search(make_encoder(), DOCUMENTS, twice, settings, PAIRS, progress=lambda *each: told.append(each))
    assert [epoch.steps for epoch in history.epochs] == [3] * 6 and told[-1][1:3] == (18, 18)
    assert history.best_mrr is not None and history.start_mrr is not None
    assert history.best_mrr > history.start_mrr


@pytest.mark.slow
def test_padding_does_not_change_the_loss(make_encoder: MakeEncoder) -> None:
    settings = replace(SETTINGS, length_pool=1)
    steps = [search_steps(make_encoder(), DOCUMENTS, PAIRS, each) for each in (settings, plain_settings(settings, 8))]
    np.testing.assert_allclose([steps[0]() for _ in range(4)], [steps[1]() for _ in range(4)], rtol=1e-3)


def test_what_cannot_be_trained(make_encoder: MakeEncoder) -> None:
    with pytest.raises(ValueError, match="^the text encoder is frozen and has nothing to train$"):
        train_search(make_encoder("frozen"), DOCUMENTS, PAIRS, SETTINGS)
    with pytest.raises(ValueError, match="^no pairs of query and document to fine-tune on$"):
        train_search(make_encoder(), DOCUMENTS, SearchPairs.of([], []), SETTINGS)
    with pytest.raises(ValueError, match="^5 pairs do not fill a batch of 6$"):
        search_steps(make_encoder(), DOCUMENTS, PAIRS.take(np.arange(5)), SETTINGS)


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({"epochs": 0}, "epochs is 0, must be at least 1"),
        ({"lexical_negatives": -1}, "lexical_negatives is -1, must be 0 or more"),
        ({"temperature": 0.0}, "temperature is 0.0, must be above 0"),
        ({"warmup_share": 1.5}, "warmup_share is 1.5, must be 0 to 1"),
        ({"decay": "steps"}, "decay is 'steps', must be one of linear, cosine, constant"),
        ({"query_lengths": [32, 16]}, "query_lengths is [32, 16], must be rising lengths from 3 on"),
        ({"neighbour_group": 0}, "neighbour_group is 0, must be at least 1"),
        (
            {"neighbour_group": 6, "inverse_cloze_pairs": 4},
            "neighbour_group is 6, must be 1 with inverse_cloze_pairs above 0",
        ),
        ({"rate": 1}, "rate: no such setting of the fine-tuning"),
    ],
)
def test_settings_that_cannot_be(values: dict[str, Any], line: str) -> None:
    with pytest.raises(ValueError) as error:
        SearchTrainingSettings.from_dict(values)
    assert str(error.value) == line
    assert SearchTrainingSettings.from_dict(SETTINGS.as_dict()) == SETTINGS
