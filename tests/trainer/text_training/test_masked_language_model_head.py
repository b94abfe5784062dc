import keras
import numpy as np
from scipy.special import erf

from trainer.text_training.masked_language_model_head import MaskedLanguageModelHead

WIDTH, VOCABULARY = 6, 11


def filled_head() -> MaskedLanguageModelHead:
    head = MaskedLanguageModelHead(VOCABULARY)
    head.build((None, WIDTH))
    random = np.random.default_rng(0)
    for weight in head.weights:
        weight.assign(random.normal(size=weight.shape))
    return head


def test_scores_equal_those_of_berts_head_in_numpy() -> None:
    head, random = filled_head(), np.random.default_rng(1)
    hidden, table = random.normal(size=(4, WIDTH)), random.normal(size=(VOCABULARY, WIDTH))
    dense = hidden @ head.dense.kernel.numpy() + head.dense.bias.numpy()
    gelu = dense * 0.5 * (1 + erf(dense / np.sqrt(2)))
    normal = (gelu - gelu.mean(axis=1, keepdims=True)) / np.sqrt(gelu.var(axis=1, keepdims=True) + 1e-12)
    normal = normal * head.norm.gamma.numpy() + head.norm.beta.numpy()
    expected = normal @ table.T + head.bias.numpy()
    scores = head(hidden.astype("float32"), table.astype("float32"))
    np.testing.assert_allclose(scores, expected, atol=1e-4)


def test_the_table_of_the_embeddings_is_no_weight_of_the_head() -> None:
    head = filled_head()
    shapes = sorted(tuple(weight.shape) for weight in head.weights)
    assert shapes == [(WIDTH,)] * 3 + [(WIDTH, WIDTH), (VOCABULARY,)]


def test_scores_are_float32_in_mixed_precision() -> None:
    head = MaskedLanguageModelHead(VOCABULARY, dtype="mixed_bfloat16")
    scores = head(np.ones((2, WIDTH), np.float32), np.ones((VOCABULARY, WIDTH), np.float32))
    assert keras.backend.standardize_dtype(scores.dtype) == "float32"
    assert {weight.dtype for weight in head.weights} == {"float32"}


def test_the_config_rebuilds_the_head() -> None:
    head = MaskedLanguageModelHead.from_config(filled_head().get_config())
    assert head.vocabulary_size == VOCABULARY
