from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from trainer.catalogue import Catalogue
from trainer.item_texts import ItemTexts
from trainer.text_encoder import TextEncoder


def test_items_have_the_reduced_vectors_of_their_texts(
    catalogue: Catalogue, item_texts: ItemTexts, text_encoder: TextEncoder
) -> None:
    assert item_texts.vectors.shape == (13, 5)
    assert item_texts.vectors.dtype == np.float32
    for row, text in enumerate(catalogue.texts[:11]):
        expected = item_texts.reducer.reduce(text_encoder(tf.constant([text]))).numpy()[0]
        np.testing.assert_allclose(item_texts.vectors[row], expected, atol=1e-4)


def test_items_without_text_and_the_unknown_one_have_zeros(item_texts: ItemTexts) -> None:
    lengths = np.linalg.norm(item_texts.vectors, axis=1)
    np.testing.assert_allclose(lengths, [1] * 11 + [0, 0], atol=1e-5)


def test_each_distinct_text_is_encoded_once(catalogue: Catalogue, text_encoder: TextEncoder) -> None:
    texts = np.array(["whole milk", "rye bread"] * 6, dtype=object)
    steps: list[tuple[int, int]] = []
    encoded = ItemTexts.encode(
        replace(catalogue, texts=texts), text_encoder, 5, progress=lambda *step: steps.append(step)
    )
    assert steps[-1] == (2, 2)
    np.testing.assert_array_equal(encoded.vectors[:-1], np.tile(encoded.vectors[:2], (6, 1)))


def test_a_cache_gives_the_same_vectors(
    catalogue: Catalogue, text_encoder: TextEncoder, item_texts: ItemTexts, tmp_path: Path
) -> None:
    steps: list[tuple[int, int]] = []
    first = ItemTexts.encode(catalogue, text_encoder, 5, tmp_path)
    again = ItemTexts.encode(catalogue, text_encoder, 5, tmp_path, progress=lambda *step: steps.append(step))
    assert steps == []
    np.testing.assert_array_equal(again.vectors, first.vectors)
    np.testing.assert_allclose(first.vectors @ first.vectors.T, item_texts.vectors @ item_texts.vectors.T, atol=1e-4)


def test_a_catalogue_without_any_text(catalogue: Catalogue, text_encoder: TextEncoder) -> None:
    silent = replace(catalogue, texts=np.full(12, "", dtype=object))
    encoded = ItemTexts.encode(silent, text_encoder, 5)
    assert encoded.vectors.shape == (13, 5)
    assert not encoded.vectors.any()


@pytest.mark.parametrize("folder", ["there", "new/and/deep"])
def test_round_trip(item_texts: ItemTexts, tmp_path: Path, folder: str) -> None:
    item_texts.save(tmp_path / folder)
    loaded = ItemTexts.load(tmp_path / folder)
    np.testing.assert_array_equal(loaded.vectors, item_texts.vectors)
    np.testing.assert_array_equal(loaded.reducer.components, item_texts.reducer.components)
