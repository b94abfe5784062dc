from pathlib import Path

import numpy as np
import pytest

from tfx_pipeline.benchmarks.baseline_data.known_items import KINDS, KnownItems
from tfx_pipeline.benchmarks.text.search_quality import (
    BOTH,
    FINE_TUNED,
    LEARNED,
    WORDS,
    ZERO_SHOT,
    Quality,
    dev_queries,
    measure_searches,
    quality,
)
from tfx_pipeline.benchmarks.text.search_settings import SearchSettings
from tfx_pipeline.benchmarks.text.search_sources import lexical_indexes

NAMES = ["white", "oak"]
THINGS = ["desk", "table"]
DOCUMENTS = [f"{name} {thing} n{number}" for number in range(6) for name in NAMES for thing in THINGS]
SETTINGS = SearchSettings.model_validate(
    {
        "indexes": {"words": {"kind": "words"}, "beginning": {"kind": "stems", "k1": 0.6, "first_words": 1}},
        "max_tokens": 8,
        "training": {
            "epochs": 1,
            "batch_pairs": 6,
            "lexical_negatives": 0,
            "encoder_negatives": 0,
            "neighbour_group": 2,
            "query_lengths": [8],
            "document_lengths": [8],
        },
        "seeds": [1, 2],
    }
)


@pytest.fixture(scope="module")
def data() -> KnownItems:
    """Every query names its document; the documents of the last third are the answers of the test queries."""
    rows = []
    for number, text in enumerate(DOCUMENTS):
        split = "test" if number >= 16 else "dev"
        for kind in KINDS:
            query = text if kind == "full_title" else text.split()[2]
            ids = {"query_id": f"{kind}{number}", "relevant_item_id": str(number)}
            rows.append({**ids, "kind": kind, "query": query, "split": split})
    return KnownItems(DOCUMENTS, rows, {str(number): number for number in range(len(DOCUMENTS))})


@pytest.mark.slow
def test_every_way_on_every_kind(data: KnownItems, checkpoint: Path) -> None:
    found = measure_searches(data, SETTINGS, checkpoint)
    assert list(found) == [WORDS, ZERO_SHOT, BOTH, FINE_TUNED, LEARNED]
    for way, kinds in found.items():
        assert list(kinds) == list(KINDS)
        seeds = 2 if way in (FINE_TUNED, LEARNED) else 1
        assert all(len(values) == seeds for values in kinds.values())
    assert found[WORDS]["full_title"] == [Quality(1.0, 1.0)]
    assert found[WORDS]["short"][0].recall == 1.0 > found[WORDS]["short"][0].reciprocal_rank
    learned, alone = (
        np.mean([each.reciprocal_rank for each in found[way]["full_title"]]) for way in (LEARNED, FINE_TUNED)
    )
    assert learned > alone


def test_the_dev_queries_name_no_test_answer(data: KnownItems) -> None:
    queries, answers = dev_queries(data)
    assert len(queries) == len(answers) == 32 and answers.max() == 15
    assert [DOCUMENTS[row].endswith(query.split()[-1]) for query, row in zip(queries, answers, strict=True)] == [
        True
    ] * 32


def test_quality_ranks_equal_scores_in_catalogue_order() -> None:
    scores = np.zeros((3, 20), np.float32)
    scores[1, 19] = 1
    found = quality(scores, np.array([1, 19, 12]))
    assert (found.reciprocal_rank, found.recall) == (pytest.approx(0.5), pytest.approx(2 / 3))


def test_an_index_may_read_only_the_beginning() -> None:
    indexes = lexical_indexes(DOCUMENTS, SETTINGS.indexes)
    assert indexes["words"].vocabulary_size == 10
    assert indexes["beginning"].vocabulary_size == 2
