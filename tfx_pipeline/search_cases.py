"""Searches of a window with the items that answer them: what the search of a model is judged on."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation_cases import EvaluationEvents
from tfx_pipeline.sources.event_files import event_columns, read_events
from trainer.features import LONGEST_ITEM_TEXT
from trainer.pseudo_queries import draw_query

_ITEMS = "items.parquet"
_LONGEST_KNOWN_ITEM_QUERY = 4
LOGGED, KNOWN_ITEM = "logged queries", "known items"


@dataclass(frozen=True, eq=False)
class SearchCases:
    """Q searches.

    Attributes:
        kind: `LOGGED`: what users typed, answered by what users chose after it so far; or `KNOWN_ITEM`: words of the
            title of something that was chosen, answered by every item with that title.
        queries: The texts, [Q].
        cases: In parallel, with empty histories; the answers are their targets.
    """

    kind: str
    queries: list[str]
    cases: EvaluationCases

    def queries_of(self, cases: EvaluationCases) -> list[str]:
        """The texts of some of the cases."""
        text_of = dict(zip(self.cases.user_ids, self.queries, strict=True))
        return [text_of[case_id] for case_id in cases.user_ids]


def read_documents(tables: Path) -> list[str]:
    """Title and description of each item by catalogue row, as much of them as the model reads."""
    columns = _text_columns(tables, ("title", "description"))
    return [" ".join(parts).strip()[:LONGEST_ITEM_TEXT] for parts in zip(*columns, strict=True)]


def search_cases(tables: Path, events: EvaluationEvents, window: str, most: int, seed: int) -> SearchCases:
    """The searches of a window: those that its events name, or known-item queries where no event names one.

    Args:
        tables: Folder of the ingested tables.
        events: Their events.
        window: Name of the window.
        most: Most searches; of more, a draw.
        seed: Seed of the draws.
    """
    random = np.random.default_rng(seed)
    logged = dict(_logged(tables, events, window))
    if logged:
        queries = sorted(logged)
        chosen = [queries[place] for place in sorted(random.permutation(len(queries))[:most])]
        return _cases(LOGGED, {query: logged[query] for query in chosen}, len(events.item_ids))
    return _cases(KNOWN_ITEM, _known_items(tables, events, window, most, random), len(events.item_ids))


def _logged(tables: Path, events: EvaluationEvents, window: str) -> Iterator[tuple[str, set[int]]]:
    """Query of the window and all items that were chosen after it, in the window or before.

    What was right before is still right: a model that has learned it is not to be punished for it.
    """
    if "query" not in event_columns(tables):
        return
    inside = events.is_target(window)
    until = np.flatnonzero(inside | events.is_known(window))
    texts = read_events(tables, ("query",))["query"].take(until).to_pylist()
    answers: dict[str, set[int]] = {}
    for text, item in zip(texts, events.items[until], strict=True):
        if text.strip():
            answers.setdefault(text, set()).add(int(item))
    asked = {text for text, is_asked in zip(texts, inside[until], strict=True) if is_asked}
    yield from ((text, items) for text, items in answers.items() if text in asked)


def _known_items(
    tables: Path, events: EvaluationEvents, window: str, most: int, random: np.random.Generator
) -> dict[str, set[int]]:
    """Some neighbouring words of the titles of items that were chosen in the window."""
    (titles,) = _text_columns(tables, ("title",))
    rows_of: dict[str, set[int]] = {}
    for row, title in enumerate(titles):
        rows_of.setdefault(title, set()).add(row)
    chosen = random.permutation(np.unique(events.items[events.is_target(window)]))
    answers: dict[str, set[int]] = {}
    for row in chosen[:most]:
        query = draw_query(titles[row], random, longest=_LONGEST_KNOWN_ITEM_QUERY)
        if query:
            answers.setdefault(query, set()).update(rows_of[titles[row]])
    return answers


def _cases(kind: str, answers: dict[str, set[int]], item_count: int) -> SearchCases:
    names = [str(number) for number in range(len(answers))]
    targets: Iterable[set[int]] = answers.values()
    cases = EvaluationCases.from_lists(names, [[]] * len(names), [sorted(rows) for rows in targets], item_count)
    return SearchCases(kind, list(answers), cases)


def _text_columns(tables: Path, names: tuple[str, ...]) -> list[list[str]]:
    """Texts of each item, column by column; '' where the shop has no such column."""
    present = [name for name in names if name in pq.read_schema(tables / _ITEMS).names]
    table = pq.read_table(tables / _ITEMS, columns=["item_id", *present])
    return [table[name].to_pylist() if name in present else [""] * len(table) for name in names]
