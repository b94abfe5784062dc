"""What a shop's encoder is fine-tuned for search on: the best pairs of a query and an item's text that it has."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tfx_pipeline.sources.event_files import event_columns, event_files
from tfx_pipeline.split import WINDOWS, Split
from tfx_pipeline.timeline import Timeline
from trainer.catalogue import Catalogue
from trainer.features import TRAIN
from trainer.text_training.search_pairs import SearchPairs, number_queries

Kind = Literal["queries", "judgments", "descriptions", "none"]
FEWEST_QUERIES = 64
"""With fewer distinct queries there is nothing to learn, and nothing to hold out."""
_EVENT_COLUMNS = ("user_id", "item_id", "event_type", "timestamp", "basket_id", "returned_at", "window", "query")
_TRAINING_SPLITS = ("", TRAIN)


@dataclass(frozen=True, eq=False)
class ShopPairs:
    """Pairs of a shop, and the texts that they are over.

    Attributes:
        kind: Where they come from.
        documents: Texts, str [D].
        pairs: Rows of `documents` that answer queries.
    """

    kind: Kind
    documents: list[str]
    pairs: SearchPairs


def shop_pairs(
    wanted: Literal["auto", "queries", "judgments", "descriptions", "none"],
    tables: Path,
    split: Split,
    event_types: Sequence[str],
    catalogue: Catalogue,
) -> ShopPairs:
    """The pairs that a configuration asks for.

    Args:
        wanted: A kind, or `auto` for the first of queries, judgments and descriptions that has `FEWEST_QUERIES`.
        tables: The tables on the data contract.
        split: What decides the window of an event; only events of the training window count.
        event_types: Event types that say that an item was what somebody looked for.
        catalogue: The items.

    Returns:
        The pairs; of kind `none`, and without a pair, where there are too few.
    """
    readers: dict[Kind, Callable[[], ShopPairs]] = {
        "queries": lambda: _of_queries(tables, split, event_types, catalogue),
        "judgments": lambda: _of_judgments(tables, split, catalogue),
        "descriptions": lambda: _of_descriptions(catalogue),
    }
    for kind, read in readers.items():
        if wanted in ("auto", kind):
            found = read()
            if number_queries(found.pairs.queries)[1] >= FEWEST_QUERIES:
                return found
    return ShopPairs("none", [], SearchPairs.of([], []))


def _of_queries(tables: Path, split: Split, event_types: Sequence[str], catalogue: Catalogue) -> ShopPairs:
    """A pair counts the more, the more often it occurs: log2(1 + occurrences)."""
    names = event_columns(tables)
    parts = [_searches(path, names, split, event_types) for path in event_files(tables) if "query" in names]
    events = pd.concat([pd.DataFrame({"query": [], "item_id": []}, dtype=object), *parts], ignore_index=True)
    counts = events.groupby(["query", "item_id"], sort=True).size()
    queries = [query for query, _ in counts.index]
    return _over_texts(
        "queries", queries, [item for _, item in counts.index], np.log2(1 + counts.to_numpy()), catalogue
    )


def _searches(path: Path, names: Sequence[str], split: Split, event_types: Sequence[str]) -> pd.DataFrame:
    """Query and item of the events of a file that followed a query in the training window."""
    events = pq.read_table(path, columns=[name for name in _EVENT_COLUMNS if name in names])
    in_training = Timeline.of(events, split).windows == WINDOWS.index(TRAIN)
    counts = pc.is_in(events["event_type"], pa.array(list(event_types), pa.string())).to_numpy()
    has_query = pc.not_equal(events["query"], "").to_numpy()
    return events.select(["query", "item_id"]).filter(pa.array(in_training & counts & has_query)).to_pandas()


def _of_judgments(tables: Path, split: Split, catalogue: Catalogue) -> ShopPairs:
    """Judgments above 0 of the split `train` or of none; a pair counts by its grade, the highest grade 1.

    Left out are pairs that events after the training window have: the model will be judged by these.
    """
    path = tables / "judgments.parquet"
    if not path.exists():
        return ShopPairs("judgments", [], SearchPairs.of([], []))
    judgments = pq.read_table(path, columns=["query", "item_id", "relevance", "split"]).to_pandas()
    judgments = judgments[(judgments["relevance"] > 0) & judgments["split"].isin(_TRAINING_SPLITS)]
    judgments = judgments[~_pairs_of(judgments).isin(_later_pairs(tables, split))]
    best = judgments.groupby(["query", "item_id"], sort=True)["relevance"].max()
    weights = best.to_numpy() / max(best.max(), 1e-9) if len(best) else np.zeros(0)
    queries, items = [query for query, _ in best.index], [item for _, item in best.index]
    return _over_texts("judgments", queries, items, weights, catalogue)


def _later_pairs(tables: Path, split: Split) -> pd.Index:
    """Query and item of all events behind the training window that have a query."""
    names = event_columns(tables)
    if "query" not in names:
        return pd.Index([])
    parts = []
    for path in event_files(tables):
        events = pq.read_table(path, columns=[name for name in _EVENT_COLUMNS if name in names])
        later = Timeline.of(events, split).windows > WINDOWS.index(TRAIN)
        parts.append(_pairs_of(events.select(["query", "item_id"]).filter(pa.array(later)).to_pandas()))
    return pd.Index(pd.concat(parts).unique())


def _pairs_of(table: pd.DataFrame) -> pd.Series:
    return table["query"].str.strip().str.lower() + "\n" + table["item_id"]


def _of_descriptions(catalogue: Catalogue) -> ShopPairs:
    """Each title and the rest of its item's text, which is the description cut to what the encoder reads."""
    titles, texts = catalogue.titles.tolist(), catalogue.texts.tolist()
    split_texts = [(title.strip(), text[len(title) :].strip()) for title, text in zip(titles, texts, strict=True)]
    both = [pair for pair, text in zip(split_texts, texts, strict=True) if all(pair) and text.startswith(pair[0])]
    pairs = SearchPairs.of([title for title, _ in both], np.arange(len(both)))
    return ShopPairs("descriptions", [description for _, description in both], pairs)


def _over_texts(
    kind: Kind, queries: Sequence[str], items: Sequence[str], weights: np.ndarray, catalogue: Catalogue
) -> ShopPairs:
    """Pairs over the texts of the catalogue; an item that is not in it, or has no text, answers nothing."""
    texts = catalogue.texts.tolist()
    row_of = {item: row for row, item in enumerate(catalogue.item_ids.tolist()) if texts[row]}
    rows = np.array([row_of.get(item, -1) for item in items], np.int64)
    pairs = SearchPairs(np.array(queries, dtype=object), rows, weights.astype(np.float32))
    return ShopPairs(kind, texts, pairs.take(rows >= 0))
