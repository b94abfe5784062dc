"""Known-item search over descriptions whose titles were cut out: a proxy, without user queries or human labels."""

from collections.abc import Iterator
from pathlib import Path

from tfx_pipeline.benchmarks.baseline_data.published_table import PublishedRow, PublishedTable, columns, longest, means
from tfx_pipeline.benchmarks.baseline_data.read_rows import read_rows
from tfx_pipeline.evaluation.baselines.bm25 import BM25
from tfx_pipeline.evaluation.cases import EvaluationCases

_figures = columns("MRR@10", "NDCG@10", "Recall@10", "Recall@100")
_NOTE = "words are runs of letters and digits in lower case, and count once a query"


_ROWS = {
    "full_title": PublishedRow("BM25, full title", BM25(), "all", _figures(0.6945, 0.7337, 0.8550, 0.9511), _NOTE),
    "short": PublishedRow("BM25, short", BM25(), "all", _figures(0.5437, 0.5922, 0.7445, 0.8866), _NOTE),
}


def _measure(data_dir: Path) -> Iterator[tuple[dict[str, float], int]]:
    folder = data_dir / "search_industrial"
    documents = read_rows(folder / "docs_industrial.csv.gz", ["item_id", "text"])
    rows = {item: row for row, item in enumerate(documents["item_id"].to_pylist())}
    queries = read_rows(
        folder / "queries_industrial.csv.gz", ["query_id", "kind", "query", "relevant_item_id", "split"]
    ).to_pylist()
    index = BM25().fit(documents["text"].to_pylist())
    for kind, row in _ROWS.items():
        asked = [query for query in queries if (query["kind"], query["split"]) == (kind, "test")]
        cases = EvaluationCases.from_lists(
            [query["query_id"] for query in asked],
            [[] for _ in asked],
            [[rows[query["relevant_item_id"]]] for query in asked],
            len(documents),
        )
        yield means(row, index.search([query["query"] for query in asked], longest(row)), cases), len(cases)


SEARCH_INDUSTRIAL = PublishedTable(
    data="search_industrial",
    protocol="known-item queries of the test split over the item descriptions: a proxy, neither user queries nor human "
    "labels",
    users={},
    rows=tuple(_ROWS.values()),
    measure=_measure,
)
