import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from trainer.lexical.lexical_index import LexicalIndex
from trainer.lexical.terms import KINDS, TermKind, terms, terms_in_graph


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("words", "Red chair", ["red", "chair"]),
        ("pairs", "Red oak chair", ["red oak", "oak chair"]),
        ("pairs", "chair", []),
        ("pairs", "红椅子", ["红 椅", "椅 子"]),
        ("pieces", "Chairs", [" cha", "chai", "hair", "airs", "irs "]),
        ("pieces", "a mm 椅", [" a ", " mm ", " 椅 "]),
        ("pieces", "", []),
        ("stems", "Flooring 10yd boxes dresses", ["floor", "10", "yd", "box", "dress"]),
        ("runs", "SH-12 a", ["sh12", "h12a"]),
        ("runs", "mm", ["mm"]),
        ("runs", "", []),
    ],
)
def test_finds_terms(kind: TermKind, text: str, expected: list[str]) -> None:
    assert list(terms(text, kind)) == expected


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(st.sampled_from("aesingd Z9_ ,-Σ椅红のカ가\u0301é\n"), max_size=20), min_size=1, max_size=10))
def test_the_graph_finds_the_same(kind: TermKind, texts: list[str]) -> None:
    found = terms_in_graph(tf.constant([text.encode() for text in texts]), kind).to_list()
    assert [[term.decode() for term in row] for row in found] == [list(terms(text, kind)) for text in texts]


@pytest.mark.parametrize(("kind", "best"), [("pairs", 1), ("pieces", 2), ("stems", 0), ("runs", 2)])
def test_an_index_of_terms_finds(kind: TermKind, best: int) -> None:
    documents = ["floor of an oak lamp", "brass floor lamp", "flooring lamps", ""]
    query = {"pairs": "brass floor", "pieces": "floorings lampshade", "stems": "oaks", "runs": "flooringl"}[kind]
    scores = LexicalIndex(documents, kind=kind).scores(tf.constant([query, ""])).numpy()
    assert scores[0].argmax() == best and scores[0, 3] == 0 and not scores[1].any()


def test_refuses_an_unknown_kind() -> None:
    with pytest.raises(ValueError, match="^kind is 'letters', expected one of words, stems, pairs, pieces, runs$"):
        LexicalIndex(["chair"], kind="letters")  # type: ignore[arg-type]
