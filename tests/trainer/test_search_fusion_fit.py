from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainer.search_fusion import KINDS
from trainer.search_fusion_fit import fit_fusion, reciprocal_ranks


def sources(queries: int = 120, documents: int = 40, **signal: float) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Scores with noise that are larger for the relevant document, by source."""
    random = np.random.default_rng(3)
    relevant = random.integers(0, documents, queries)
    scores = {}
    for source, size in signal.items():
        noise = random.normal(size=(queries, documents))
        noise[np.arange(queries), relevant] += size
        scores[source] = noise.astype(np.float32)
    return scores, relevant


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 5), st.integers(1, 20), st.integers(1, 3), st.integers(0, 99))
def test_reciprocal_ranks_equal_a_sort(queries: int, documents: int, columns: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    scores = random.integers(0, 4, (queries, documents)).astype(np.float32)
    relevant = random.integers(-1, documents, (queries, columns))
    order = np.argsort(-scores, axis=1, kind="stable")[:, :10]
    expected = [
        max([1 / (place + 1) for place, row in enumerate(own) if row in wanted], default=0)
        for own, wanted in zip(order, relevant, strict=True)
    ]
    np.testing.assert_allclose(reciprocal_ranks(scores, relevant), expected)


@pytest.mark.parametrize("kind", ["sum", "learned"])
def test_two_sources_together_beat_each(kind: str) -> None:
    scores, relevant = sources(lexical=2.0, dense=1.5)
    fusion = fit_fusion(scores, relevant, [kind])
    each = [reciprocal_ranks(alone, relevant[:, np.newaxis]).mean() for alone in scores.values()]
    assert fusion.kind == kind and fusion.validation[kind] > max(each)
    assert fusion.weights["lexical"][0] > fusion.weights["dense"][0] > 0 or kind == "learned"


def test_a_useless_source_gets_little_weight() -> None:
    scores, relevant = sources(useless=0.0, useful=3.0)
    weights = fit_fusion(scores, relevant, ["sum"]).weights
    assert weights["useless"][0] < 0.35


def test_takes_three_sources() -> None:
    scores, relevant = sources(a=1.5, b=1.5, c=1.5)
    fusion = fit_fusion(scores, relevant, ["sum"])
    assert sum(weight for (weight,) in fusion.weights.values()) == pytest.approx(1)
    found = reciprocal_ranks(fusion.score(scores).numpy(), relevant[:, np.newaxis]).mean()
    assert found > max(reciprocal_ranks(alone, relevant[:, np.newaxis]).mean() for alone in scores.values())


def test_chooses_the_best_kind_on_held_out_queries() -> None:
    scores, relevant = sources(lexical=2.0, dense=1.5)
    fusion = fit_fusion(scores, relevant)
    assert set(fusion.validation) == set(KINDS)
    assert fusion.validation[fusion.kind] == max(fusion.validation.values())


def test_the_size_of_a_score_helps_the_learned_fusion() -> None:
    """A cosine that is scaled within the query says the same whether the best document is near or not."""
    scores, relevant = sources(300, lexical=1.0, dense=2.0)
    scores["lexical"][:150] *= 0.01
    fusion = fit_fusion(scores, relevant, ["learned"])
    assert fusion.weights["lexical"][1] != 0


def test_the_same_input_gives_the_same_fusion() -> None:
    scores, relevant = sources(lexical=2.0, dense=1.5)
    assert fit_fusion(scores, relevant) == fit_fusion(scores, relevant)


def test_one_fold_judges_nothing() -> None:
    scores, relevant = sources(lexical=2.0, dense=1.5)
    fusion = fit_fusion(scores, relevant, ["learned"], folds=1)
    assert fusion.validation == {}
    assert fusion.weights == fit_fusion(scores, relevant, ["learned"]).weights


def test_more_sources_than_candidates_are_learned_from() -> None:
    scores, relevant = sources(60, **{f"source{number}": 0.5 for number in range(12)})
    fusion = fit_fusion(scores, relevant, ["learned"], folds=2)
    found = reciprocal_ranks(fusion.score(scores).numpy(), relevant[:, np.newaxis]).mean()
    assert found > 1.5 * max(reciprocal_ranks(each, relevant[:, np.newaxis]).mean() for each in scores.values())


def test_queries_without_a_relevant_document_do_not_count() -> None:
    scores, relevant = sources(60, lexical=2.0, dense=1.5)
    padded = np.stack([relevant, np.full(60, -1)], axis=1)
    more = {source: np.concatenate([each, each[:5]]) for source, each in scores.items()}
    found = fit_fusion(more, np.concatenate([padded, np.full((5, 2), -1)]))
    assert found == fit_fusion(scores, relevant)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"scores": {}}, "scores is empty"),
        ({"kinds": []}, "kinds is empty"),
        ({"kinds": ["best"]}, "kind is 'best', expected one of sum, reciprocal_rank, learned"),
        ({"folds": 1}, "folds is 1, expected 2 or more to choose a kind"),
        ({"folds": 0, "kinds": ["sum"]}, "folds is 0, expected 1 or more"),
        ({"relevant": np.array([1, 2])}, r"scores of source 'a' have shape \(3, 4\), expected \(2, 4\)"),
        ({"relevant": np.array([1, 2, 4])}, "relevant holds row 4, expected rows below 4"),
        ({"relevant": np.array([1, -1, -1])}, "relevant names a document for fewer than two queries"),
    ],
)
def test_refuses(changed: dict[str, Any], message: str) -> None:
    arguments = {"scores": {"a": np.zeros((3, 4), np.float32)}, "relevant": np.array([1, 2, 3]), "kinds": KINDS}
    with pytest.raises(ValueError, match=f"^{message}$"):
        fit_fusion(**(arguments | changed))
