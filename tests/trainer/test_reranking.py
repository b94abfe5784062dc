from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from trainer.reranking import Reranker

DOCUMENTS = ["oak", "oak table", "table", "red oak table", ""]


class CountsLetters:
    """Scores a document by its length: the longer, the better."""

    class encoder:
        tokenize = None

    def __init__(self) -> None:
        self.asked: list[str] = []

    def tf_variables(self) -> list[tf.Variable]:
        return []

    def score(self, queries: tf.Tensor, documents: tf.Tensor) -> tf.Tensor:
        tf.debugging.assert_equal(tf.shape(queries)[0], tf.shape(documents)[0])
        self.asked += [query.decode() for query in queries.numpy()]
        return tf.cast(tf.strings.length(documents), tf.float32)


def utilities(
    queries: Sequence[str], utility: Sequence[Sequence[float]], top: int, valid: Any = None
) -> tuple[list[list[float]], list[str]]:
    model = CountsLetters()
    reranker = Reranker(model, DOCUMENTS, top)  # type: ignore[arg-type]
    rows = tf.constant([[0, 1, 2, 3]] * len(queries), tf.int32)
    found = reranker.utility(
        tf.constant(list(queries)),
        rows,
        tf.constant(utility),
        tf.fill(tf.shape(rows), True) if valid is None else tf.constant(valid),
    )
    return np.round(found.numpy(), 6).tolist(), model.asked


def test_the_first_candidates_swap_their_utilities() -> None:
    # The three best are rows 0, 1 and 2; by length row 1 is first, then 2, then 0.
    (found,), _ = utilities(["oak"], [[0.9, 0.5, 0.4, 0.1]], top=3)
    assert found == pytest.approx([0.4, 0.9, 0.5, 0.1])


def test_all_candidates_where_fewer_are_there_than_are_read() -> None:
    (found,), _ = utilities(["oak"], [[0.9, 0.5, 0.4, 0.1]], top=30)
    assert found == pytest.approx([0.1, 0.5, 0.4, 0.9])


def test_without_a_query_nothing_is_read() -> None:
    utility = [[0.9, 0.5, 0.4, 0.1], [0.1, 0.2, 0.3, 0.4]]
    found, asked = utilities(["", " "], utility, top=3)
    assert found == pytest.approx(np.array(utility)) and asked == []
    (plain, searched), asked = utilities(["", "oak"], utility, top=2)
    assert asked == ["oak"]
    assert plain == pytest.approx(utility[0]) and searched == pytest.approx([0.1, 0.2, 0.3, 0.4])


def test_candidates_that_do_not_count_keep_out() -> None:
    (found,), _ = utilities(["oak"], [[0.9, 0.5, 0.4, 0.95]], top=2, valid=[[True, True, False, False]])
    assert found == pytest.approx([0.5, 0.9, 0.4, 0.95])


def test_a_real_cross_encoder_in_a_saved_model(text_encoder: Any, tmp_path: Any) -> None:
    from trainer.text_training.cross_encoder import CrossEncoder

    model = CrossEncoder(text_encoder, query_tokens=3)
    reranker = Reranker(model, DOCUMENTS, 3)
    inputs = (
        tf.constant(["rye bread", ""]),
        tf.constant([[3, 2, 1], [0, 1, 2]]),
        tf.constant([[0.3, 0.2, 0.1], [0.3, 0.2, 0.1]]),
        tf.fill([2, 3], True),
    )
    expected = reranker.utility(*inputs).numpy()
    specification = [tf.TensorSpec([None, *each.shape[1:]], each.dtype) for each in inputs]
    reranker.served = tf.function(reranker.utility, input_signature=specification)
    tf.saved_model.save(reranker, str(tmp_path / "model"))
    loaded = tf.saved_model.load(str(tmp_path / "model"))
    served = loaded.served(*inputs).numpy()
    np.testing.assert_allclose(served, expected, atol=1e-6)
    assert sorted(expected[0].tolist()) == pytest.approx([0.1, 0.2, 0.3])
    assert expected[1] == pytest.approx([0.3, 0.2, 0.1])
