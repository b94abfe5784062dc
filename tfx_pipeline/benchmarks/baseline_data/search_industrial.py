"""Known-item search over descriptions whose titles were cut out: a proxy, without user queries or human labels."""

from collections.abc import Iterator
from pathlib import Path

from tfx_pipeline.benchmarks.baseline_data.known_items import Kind, KnownItems
from tfx_pipeline.benchmarks.baseline_data.published_table import PublishedRow, PublishedTable, columns, longest, means
from tfx_pipeline.evaluation.baselines.bm25 import BM25
from tfx_pipeline.evaluation.cases import EvaluationCases

_figures = columns("MRR@10", "NDCG@10", "Recall@10", "Recall@100")
_NOTE = "words are runs of letters and digits in lower case, and count once a query"


_ROWS: dict[Kind, PublishedRow] = {
    "full_title": PublishedRow("BM25, full title", BM25(), "all", _figures(0.6945, 0.7337, 0.8550, 0.9511), _NOTE),
    "short": PublishedRow("BM25, short", BM25(), "all", _figures(0.5437, 0.5922, 0.7445, 0.8866), _NOTE),
}


def _measure(data_dir: Path) -> Iterator[tuple[dict[str, float], int]]:
    data = KnownItems.read(data_dir)
    index = BM25().fit(data.documents)
    for kind, row in _ROWS.items():
        asked = data.searches(kind, "test")
        answers = [[answer] for answer in asked.answers.tolist()]
        cases = EvaluationCases.from_lists(asked.ids, [[] for _ in answers], answers, len(data.documents))
        yield means(row, index.search(asked.queries, longest(row)), cases), len(cases)


SEARCH_INDUSTRIAL = PublishedTable(
    data="search_industrial",
    protocol="known-item queries of the test split over the item descriptions: a proxy, neither user queries nor human "
    "labels",
    users={},
    rows=tuple(_ROWS.values()),
    measure=_measure,
)
