from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import load_file

from tests.trainer.text_training.pretraining_shop import encoder_of, shop_encoder, titles
from trainer.text_checkpoint import read_checkpoint
from trainer.text_encoder import TextEncoder
from trainer.text_training import pretraining_loop
from trainer.text_training.pretraining import pretrain
from trainer.text_training.pretraining_history import PretrainingEvaluation, PretrainingHistory
from trainer.text_training.pretraining_settings import PretrainingSettings

ITEMS = Path(__file__).resolve().parents[4] / "shared" / "data" / "amazon_industrial" / "items_industrial.csv.gz"
needs_items = pytest.mark.skipif(not ITEMS.exists(), reason=f"{ITEMS} is not here")
SETTINGS = PretrainingSettings(
    maximum_steps=60, batch_tokens=512, learning_rate=0.01, evaluate_every=20, held_out_share=0.1, seed=3
)


def real_titles(count: int) -> list[str]:
    return pd.read_csv(ITEMS).title.dropna().head(count).tolist()


def vectors(encoder: TextEncoder) -> np.ndarray:
    return np.asarray(encoder(titles(5)))


def weights(encoder: TextEncoder) -> list[np.ndarray]:
    return encoder.backbone.get_weights()


def same(one: list[np.ndarray], other: list[np.ndarray]) -> bool:
    return all(np.array_equal(left, right) for left, right in zip(one, other, strict=True))


class Run(NamedTuple):
    """A pretraining of the shop's encoder."""

    encoder: TextEncoder
    before: np.ndarray
    history: PretrainingHistory
    steps: list[tuple[int, int]]


@pytest.fixture(scope="module")
def run() -> Run:
    encoder, steps = shop_encoder(), []
    before = vectors(encoder)
    history = pretrain(encoder, titles(200), [], SETTINGS, lambda done, total: steps.append((done, total)))
    return Run(encoder, before, history, steps)


def test_the_perplexity_falls_and_the_encoder_changes(run: Run) -> None:
    history = run.history
    assert run.steps == [(step, 60) for step in range(1, 61)]
    assert [each.step for each in history.evaluations] == [0, 20, 40, 60]
    assert (history.texts, history.held_out, history.heads) == (180, 20, ())
    assert 20 < history.perplexity_before < 60
    assert history.best.perplexity < 0.5 * history.perplexity_before
    losses = [each.training_loss for each in history.evaluations[1:]]
    assert losses == sorted(losses, reverse=True)
    assert np.abs(vectors(run.encoder) - run.before).max() > 0.01


def test_a_folder_keeps_what_was_learned(run: Run, tmp_path: Path) -> None:
    run.encoder.save_folder(tmp_path / "encoder")
    loaded = TextEncoder.load(tmp_path / "encoder", run.encoder.max_tokens, mode="full")
    np.testing.assert_allclose(vectors(loaded), vectors(run.encoder), atol=1e-5)
    assert same(weights(loaded), weights(run.encoder))


@needs_items
def test_the_perplexity_falls_on_real_titles() -> None:
    real = real_titles(300)
    words = pd.Series(" ".join(real).lower().split()).value_counts().index[:400]
    encoder = encoder_of([word for word in words if word.isalnum() and word.isascii()])
    # Of many words there are few texts, so that a small part may happen to be hard.
    history = pretrain(encoder, real, [], replace(SETTINGS, held_out_share=0.3))
    assert history.best.perplexity < 0.7 * history.perplexity_before
    assert history.best.step > 0


@pytest.mark.slow
def test_a_seed_decides_the_weights() -> None:
    settings = PretrainingSettings(maximum_steps=4, batch_tokens=256, learning_rate=0.01, seed=3)
    (first, one), (second, other) = (
        (pretrain(encoder, titles(60), [], settings), weights(encoder)) for encoder in (shop_encoder(), shop_encoder())
    )
    assert first == second
    assert same(one, other)


def test_pairs_train_the_pooler() -> None:
    encoder = shop_encoder()
    pooler = encoder.backbone.pooled_dense.kernel.numpy()
    pairs = [(title, f"no {number}") for number, title in enumerate(titles(100))]
    settings = replace(SETTINGS, maximum_steps=10, next_sentence_weight=1.0)
    history = pretrain(encoder, [" ".join(pairs[0]), *titles(20, seed=1)], pairs, settings)
    # A text that is a pair counts once.
    assert history.texts + history.held_out == len({*titles(20, seed=1)} | {" ".join(pair) for pair in pairs})
    assert history.best.step == 10
    assert history.best.sentence_accuracy is not None
    assert np.abs(encoder.backbone.pooled_dense.kernel.numpy() - pooler).max() > 0.001


def test_training_ends_without_gain_and_the_best_weights_are_back(monkeypatch: pytest.MonkeyPatch) -> None:
    perplexities = iter([9.0, 8.0, 5.0, 6.0, 7.0, 1.0])
    seen: list[list[np.ndarray]] = []

    def measured(model: object, batches: object, step: int, *rest: object) -> PretrainingEvaluation:
        seen.append(model.backbone.get_weights())  # type: ignore[attr-defined]
        return PretrainingEvaluation(step, next(perplexities))

    monkeypatch.setattr(pretraining_loop, "_evaluate", measured)
    settings = PretrainingSettings(maximum_steps=50, batch_tokens=256, evaluate_every=2, patience=2)
    encoder = shop_encoder()
    history = pretrain(encoder, titles(40), [], settings)
    assert [each.perplexity for each in history.evaluations] == [9.0, 8.0, 5.0, 6.0, 7.0]
    assert history.best.step == 4
    assert same(weights(encoder), seen[2])
    assert not same(weights(encoder), seen[4])


@pytest.mark.slow
def test_heads_go_on_where_they_were(tmp_path: Path) -> None:
    encoder, path = shop_encoder(), tmp_path / "heads.safetensors"
    first = pretrain(encoder, titles(60), [], replace(SETTINGS, maximum_steps=10), heads_file=path)
    heads = load_file(path)
    # The other head was not trained.
    assert {name.split(".")[1] for name in heads} == {"predictions"}
    again = pretrain(encoder, titles(60), [], replace(SETTINGS, maximum_steps=0), head_weights=heads)
    assert set(again.heads) == set(heads)
    assert again.perplexity_before == pytest.approx(first.best.perplexity, rel=1e-5)
    pairs = [(title, f"no {number}") for number, title in enumerate(titles(40))]
    pretrain(shop_encoder(), [], pairs, replace(SETTINGS, maximum_steps=2, next_sentence_weight=1.0), heads_file=path)
    assert {name.split(".")[1] for name in load_file(path)} == {"predictions", "seq_relationship"}


def test_off_leaves_the_encoder_as_it_is() -> None:
    encoder = shop_encoder()
    before = weights(encoder)
    history = pretrain(encoder, titles(20), [], PretrainingSettings())
    assert same(weights(encoder), before)
    assert [each.step for each in history.evaluations] == [0]


def test_epochs_bound_the_steps_and_pairs_wait_for_their_objective() -> None:
    settings = PretrainingSettings(epochs=2, maximum_steps=1000, batch_tokens=256, held_out_share=0.2)
    history = pretrain(shop_encoder(), titles(50), [("milk", "soap")] * 5, settings)
    # Eight rows of 32 tokens a batch.
    assert history.evaluations[-1].step == 2 * 5
    assert history.texts + history.held_out == 50
    assert history.best.sentence_accuracy is None


@pytest.mark.parametrize("mode", ["frozen", "head", "lora"])
def test_only_a_full_encoder_is_pretrained(mode: str) -> None:
    with pytest.raises(ValueError) as caught:
        pretrain(shop_encoder(mode), titles(20), [], SETTINGS)
    assert str(caught.value) == f"encoder: mode is {mode!r}, pretraining changes all weights and needs 'full'"


def test_texts_without_a_known_word() -> None:
    with pytest.raises(ValueError) as caught:
        pretrain(shop_encoder(), ["🧀", "🥛", "🧼"], [], SETTINGS)
    assert str(caught.value) == "texts: none with a word that the vocabulary knows to train on"


@pytest.mark.slow
@needs_items
def test_minilm_learns_the_language_of_a_shop() -> None:
    encoder = TextEncoder.load(None, 32, mode="full")
    settings = PretrainingSettings(
        maximum_steps=30,
        batch_tokens=1024,
        evaluate_every=10,
        maximum_held_out=50,
        precision="mixed_bfloat16",
        jit_compile=True,
    )
    history = pretrain(encoder, real_titles(1000), [], settings, head_weights=read_checkpoint(None).weights)
    assert history.heads == ()
    assert history.best.perplexity < 0.2 * history.perplexity_before
    assert isinstance(history, PretrainingHistory)
