import gzip
import json
import subprocess
import sys
import time
from pathlib import Path

import bm25s
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from tfx_pipeline.evaluation.baselines.bm25 import BM25
from trainer.index.exact import HIDDEN
from trainer.lexical.lexical_index import LexicalIndex
from trainer.lexical.words import words

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data"
CATALOGUE = [
    "red dining chair",
    "blue chair with a wooden seat, a chair for the kitchen",
    "green table",
    "红色椅子",
    "chair",
    "10 mm steel bolt",
    "",
]


@pytest.fixture(scope="module")
def index() -> LexicalIndex:
    return LexicalIndex(CATALOGUE)


def library_scores(documents: list[str], queries: list[str]) -> np.ndarray:
    """BM25 of another author, over the same words and sets of words."""
    library = bm25s.BM25(method="lucene", k1=1.2, b=0.75)
    # The library wants a word in every corpus; one that is asked for by nobody changes nothing but its own score.
    library.index([words(text) for text in documents], show_progress=False)
    # Its Lucene leaves out (k1 + 1), which is the same for all.
    asked = [sorted(set(words(query)) & set(library.vocab_dict)) for query in queries]
    rows = [library.get_scores(tokens) * 2.2 if tokens else np.zeros(len(documents)) for tokens in asked]
    return np.array(rows).reshape(len(queries), len(documents))


def search(index: LexicalIndex, query: str, k: int = 10) -> list[int]:
    rows, scores = index.search(tf.constant([query]), tf.ones([1, index.documents], tf.bool), tf.constant(k))
    return [int(row) for row, score in zip(rows[0], scores[0], strict=True) if score > HIDDEN]


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("chair", [4, 0, 1]),
        ("CHAIR chair Chair", [4, 0, 1]),
        ("red chair", [0, 4, 1]),
        ("chiar", [4, 0, 1]),
        ("gren tabel", [2]),
        ("椅", [3]),
        ("椅子", [3]),
        ("10mm", [5]),
        ("a", [1]),
        ("", []),
        ("sofa", []),
        ("💥❤️", []),
        ("'; DROP TABLE items; --", [2]),
        ("\x00\x07", []),
    ],
)
def test_finds(index: LexicalIndex, query: str, rows: list[int]) -> None:
    assert search(index, query) == rows


def test_a_corrected_word_counts_less(index: LexicalIndex) -> None:
    typed, meant = index.scores(tf.constant(["chiar", "chair"])).numpy()
    assert (typed[[0, 1, 4]] > 0).all() and (typed[[0, 1, 4]] < 0.8 * meant[[0, 1, 4]]).all()
    assert not LexicalIndex(CATALOGUE, typo_weight=0).scores(tf.constant(["chiar"])).numpy().any()


def test_a_word_in_all_documents_still_counts_a_little() -> None:
    scores = LexicalIndex(["chair", "chair red", "chair"]).scores(tf.constant(["chair"])).numpy()[0]
    assert (scores > 0).all() and scores[0] == scores[2] > scores[1]


def test_equal_documents_come_in_catalogue_order() -> None:
    assert search(LexicalIndex(["table", "chair", "chair", "table", "chair"]), "chair") == [1, 2, 4]


def test_hides_what_is_not_allowed(index: LexicalIndex) -> None:
    allowed = np.ones((1, len(CATALOGUE)), bool)
    allowed[0, 4] = False
    rows, scores = index.search(tf.constant(["chair"]), tf.constant(allowed), tf.constant(3))
    assert rows.numpy()[0, :2].tolist() == [0, 1] and scores.numpy()[0, 2] == np.float32(HIDDEN)
    assert rows.dtype == tf.int32 and scores.dtype == tf.float32


def test_k_may_be_larger_than_the_catalogue(index: LexicalIndex) -> None:
    rows, _ = index.search(tf.constant(["chair"] * 2), tf.ones([2, len(CATALOGUE)], tf.bool), tf.constant(100))
    assert rows.shape == (2, len(CATALOGUE))


@pytest.mark.parametrize("documents", [[], [""], ["", "..."]])
def test_documents_without_words(documents: list[str]) -> None:
    index = LexicalIndex(documents)
    scores = index.scores(tf.constant(["chair", ""])).numpy()
    assert scores.shape == (2, len(documents)) and not scores.any()
    assert index.matching_words(tf.constant(["chair"]), tf.constant([[0, -1]])).numpy().tolist() == [[b"", b""]]


def test_no_queries(index: LexicalIndex) -> None:
    assert index.scores(tf.constant([], tf.string)).shape == (0, len(CATALOGUE))


def test_says_which_words_match(index: LexicalIndex) -> None:
    queries = ["wooden chiar chair", "红椅", "", "10mm bolts"]
    rows = [[1, 0, 6, -1, 99], [3, 3, 0, 1, 2], [0, 1, 2, 3, 4], [5, 4, 3, 2, 1]]
    found = index.matching_words(tf.constant(queries), tf.constant(rows)).numpy()
    text = [[cell.decode() for cell in row] for row in found]
    assert text[0] == ["wooden chair", "chair", "", "", ""]
    assert text[1] == ["红 椅", "红 椅", "", "", ""]
    assert text[2] == [""] * 5
    assert text[3] == ["10 mm bolt", "", "", "", ""] or sorted(text[3][0].split()) == ["10", "bolt", "mm"]


def test_a_query_does_not_depend_on_those_beside_it(index: LexicalIndex) -> None:
    queries = ["chiar", "tabel lmap chiar", "red", "", "tabel", "chiar red 10mm"]
    together = index.scores(tf.constant(queries)).numpy()
    alone = np.concatenate([index.scores(tf.constant([query])).numpy() for query in queries])
    np.testing.assert_allclose(together, alone, rtol=1e-6)


word = st.sampled_from(["red", "blue", "chair", "table", "lamp", "oak", "椅", "стол", "10mm", "x"])


@settings(max_examples=30, deadline=None, derandomize=True)
@given(
    st.lists(st.lists(word, max_size=8).map(" ".join), min_size=1, max_size=12),
    st.lists(st.lists(word, max_size=6).map(" ".join), min_size=1, max_size=4),
)
def test_equals_the_library_and_the_baseline_on_generated_text(documents: list[str], queries: list[str]) -> None:
    documents = [*documents, "red chair table"]
    scores = LexicalIndex(documents, typo_weight=0).scores(tf.constant(queries)).numpy()
    np.testing.assert_allclose(scores, library_scores(documents, queries), rtol=1e-4, atol=1e-4)
    if "椅" not in "".join(documents + queries):
        found = BM25().fit(documents).search(queries, len(documents))
        ours = np.take_along_axis(scores, np.maximum(found.items, 0), axis=1)
        np.testing.assert_allclose(np.where(found.items < 0, -np.inf, ours), found.scores, rtol=1e-4)


@pytest.fixture(scope="module")
def industrial() -> tuple[list[str], pd.DataFrame]:
    folder = SHARED / "search_industrial"
    if not folder.exists():
        pytest.skip(f"{folder} is not there")
    documents = pd.read_csv(folder / "docs_industrial.csv.gz", dtype=str, keep_default_na=False)
    queries = pd.read_csv(folder / "queries_industrial.csv.gz", dtype=str, keep_default_na=False)
    rows = {item: row for row, item in enumerate(documents["item_id"])}
    return documents["text"].tolist(), queries.assign(row=queries["relevant_item_id"].map(rows))


@pytest.mark.parametrize("kind", ["short", "full_title"])
def test_equals_the_library_and_the_baseline_on_real_text(
    industrial: tuple[list[str], pd.DataFrame], kind: str
) -> None:
    documents, queries = industrial
    asked = queries[(queries["kind"] == kind) & (queries["split"] == "test")]
    texts, relevant = asked["query"].tolist(), asked["row"].to_numpy()
    index = LexicalIndex(documents, typo_weight=0)
    scores = index.scores(tf.constant(texts)).numpy()
    expected = library_scores(documents, texts)
    np.testing.assert_allclose(scores, expected, rtol=1e-3, atol=1e-3)
    found = BM25().fit(documents).search(texts, 10).items
    figures = [reciprocal_rank(np.argsort(-s, axis=1, kind="stable")[:, :10], relevant) for s in (scores, expected)]
    figures.append(reciprocal_rank(found, relevant))
    assert max(figures) - min(figures) < 0.001
    published = {"short": 0.5437, "full_title": 0.6945}[kind]
    assert published - 0.001 < figures[0] < published + 0.005


def reciprocal_rank(rows: np.ndarray, relevant: np.ndarray) -> float:
    return float(((rows == relevant[:, np.newaxis]) / np.arange(1, rows.shape[1] + 1)).sum(axis=1).mean())


def test_corrections_do_not_make_real_search_worse(industrial: tuple[list[str], pd.DataFrame]) -> None:
    documents, queries = industrial
    asked = queries[(queries["kind"] == "short") & (queries["split"] == "dev")][:600]
    figures = []
    for weight in (0.0, 0.8):
        scores = LexicalIndex(documents, typo_weight=weight).scores(tf.constant(asked["query"].tolist())).numpy()
        best = np.argsort(-scores, axis=1, kind="stable")[:, :10]
        figures.append(reciprocal_rank(best, asked["row"].to_numpy()))
    assert figures[1] >= figures[0]


def test_answers_all_furniture_queries() -> None:
    path = SHARED / "wands_queries" / "queries.csv.gz"
    if not path.exists():
        pytest.skip(f"{path} is not there")
    with gzip.open(path, "rt") as file:
        queries = pd.read_csv(file, sep=None, engine="python", dtype=str, keep_default_na=False)["query"].tolist()
    assert len(queries) == 480
    colours, woods = ["red", "blue", "grey", "white"], ["oak", "pine", "walnut", "leather", "metal"]
    things = ["chair", "table", "sofa", "bed", "lamp", "rug", "desk", "shelf", "cabinet", "mirror", "bench", "dresser"]
    things += ["ottoman", "stool", "curtain", "outdoor pillow", "kitchen light", "wall clock", "queen mattress"]
    catalogue = [f"{colour} {wood} {thing}" for colour in colours for wood in woods for thing in things]
    index = LexicalIndex([*catalogue, ""])
    scores = index.scores(tf.constant(queries)).numpy()
    assert scores.shape == (480, len(catalogue) + 1) and np.isfinite(scores).all()
    assert (scores.max(axis=1) > 0).mean() > 0.5
    assert catalogue[search(index, "red oak chiar")[0]] == "red oak chair"


def test_a_long_query_takes_bounded_time(index: LexicalIndex) -> None:
    hostile = ["chiar " * 17_000, "椅" * 33_000, "x" * 100_000, "\x00" * 100_000, "".join(map(chr, range(33, 30_000)))]
    scores = tf.function(index.scores, input_signature=[tf.TensorSpec([None], tf.string)])
    scores(tf.constant(["chiar"]))
    start = time.perf_counter()
    assert np.isfinite(scores(tf.constant(hostile)).numpy()).all()
    assert time.perf_counter() - start < 2


class Served(tf.Module):
    def __init__(self, index: LexicalIndex) -> None:
        super().__init__()
        self.index = index

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def serve(self, queries: tf.Tensor) -> dict[str, tf.Tensor]:
        allowed = tf.ones([tf.size(queries), self.index.documents], tf.bool)
        rows, scores = self.index.search(queries, allowed, tf.constant(3))
        return {"rows": rows, "scores": scores, "words": self.index.matching_words(queries, rows)}


@pytest.mark.slow
def test_survives_a_saved_model_that_moves_to_another_process(index: LexicalIndex, tmp_path: Path) -> None:
    module = Served(index)
    first, moved = tmp_path / "first", tmp_path / "moved"
    tf.saved_model.save(module, str(first), signatures=module.serve)
    first.rename(moved)
    for path in moved.rglob("*"):
        assert path.is_dir() or str(tmp_path).encode() not in path.read_bytes()
    code = (
        "import json, sys, tensorflow as tf\n"
        "serve = tf.saved_model.load(sys.argv[1]).signatures['serving_default']\n"
        "found = serve(queries=tf.constant(['chiar', '红椅']))\n"
        "print(json.dumps([found['rows'].numpy().tolist(), found['scores'].numpy().tolist(), "
        "[[word.decode() for word in row] for row in found['words'].numpy()]]))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(moved)], capture_output=True, text=True, check=True)
    rows, scores, matching = json.loads(done.stdout.splitlines()[-1])
    here = module.serve(tf.constant(["chiar", "红椅"]))
    assert rows == here["rows"].numpy().tolist()
    np.testing.assert_allclose(scores, here["scores"], rtol=1e-6)
    assert matching[1][0] == "红 椅"


@pytest.mark.parametrize("weight", [-0.1, 1.5, float("nan")])
def test_refuses_a_typo_weight_out_of_range(weight: float) -> None:
    with pytest.raises(ValueError, match=f"^typo_weight is {weight}, expected a number from 0 to 1$"):
        LexicalIndex(CATALOGUE, typo_weight=weight)
