from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from trainer.search_fusion import KINDS, SearchFusion

LEXICAL = np.array([[0.0, 4, 2, 0], [0, 0, 0, 0]], np.float32)
DENSE = np.array([[0.5, 0.1, 0.3, 0.1], [0.2, 0.1, 0.6, 0.3]], np.float32)
SCORES = {"lexical": LEXICAL, "dense": DENSE, "other": LEXICAL}


def test_the_sum_adds_scaled_scores() -> None:
    found = SearchFusion("sum", {"lexical": (0.75,), "dense": (0.25,)}).score(SCORES).numpy()
    np.testing.assert_allclose(found[0], [0.25, 0.75, 0.5, 0], atol=1e-6)
    np.testing.assert_allclose(found[1], 0.25 * np.array([0.2, 0, 1, 0.4]), atol=1e-6)


def test_reciprocal_ranks_do_not_rank_what_a_source_does_not_know() -> None:
    found = SearchFusion("reciprocal_rank", {"lexical": (1.0,), "dense": (1.0,)}).score(SCORES).numpy()
    np.testing.assert_allclose(found[0], [1 / 61, 1 / 61, 1 / 62 + 1 / 62, 0], atol=1e-7)
    assert found[1].argmax() == 2


def test_the_learned_fusion_adds_both_features() -> None:
    found = SearchFusion("learned", {"lexical": (1.0, 2.0), "dense": (0.0, 3.0)}).score(SCORES).numpy()
    expected = LEXICAL[0] / 4 + 2 * np.log1p(LEXICAL[0]) + 3 * np.log1p(DENSE[0])
    np.testing.assert_allclose(found[0], expected, rtol=1e-5)


def test_equal_is_the_plain_sum() -> None:
    fusion = SearchFusion.equal("lexical", "dense")
    np.testing.assert_allclose(fusion.score(SCORES).numpy()[0], [0.5, 0.5, 0.5, 0], atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_the_graph_and_a_saved_fusion_give_the_same_numbers(kind: str, tmp_path: Path) -> None:
    weights = (0.7, 0.2) if kind == "learned" else (0.6,)
    fusion = SearchFusion(kind, {"lexical": weights, "dense": weights}, {kind: 0.5})
    fusion.save(tmp_path / "fusion.json")
    loaded = SearchFusion.load(tmp_path / "fusion.json")
    assert loaded == fusion
    spec = tf.TensorSpec([None, None])
    graph = tf.function(lambda lexical, dense: loaded.score({"lexical": lexical, "dense": dense}), [spec, spec])
    np.testing.assert_allclose(graph(LEXICAL, DENSE), fusion.score(SCORES), rtol=1e-6)


def test_a_source_of_weight_zero_is_not_counted() -> None:
    fusion = SearchFusion("sum", {"lexical": (0.0,)})
    np.testing.assert_array_equal(fusion.score(SCORES), np.zeros_like(LEXICAL))


@pytest.mark.parametrize(
    ("kind", "weights", "message"),
    [
        ("product", {"lexical": (1.0,)}, "kind is 'product', expected one of sum, reciprocal_rank, learned"),
        ("sum", {}, "weights names no source"),
        ("learned", {"dense": (1.0,)}, "weights of source 'dense' are 1, expected 2 for kind 'learned'"),
    ],
)
def test_refuses(kind: str, weights: dict[str, tuple[float, ...]], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        SearchFusion(kind, weights)


def test_names_a_missing_source() -> None:
    with pytest.raises(ValueError, match="^scores of source 'dense' are missing; there are lexical$"):
        SearchFusion.equal("lexical", "dense").score({"lexical": LEXICAL})


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"kind": "sum", "weights": {"a": 1}, "validation": {}}'])
def test_names_a_file_that_holds_something_else(text: str, tmp_path: Path) -> None:
    (tmp_path / "fusion.json").write_text(text)
    with pytest.raises(ValueError, match=r"fusion\.json holds no search fusion: "):
        SearchFusion.load(tmp_path / "fusion.json")
