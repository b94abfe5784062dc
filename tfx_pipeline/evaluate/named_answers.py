"""Answers that name items, as rankings of the rows of a catalogue."""

from collections.abc import Iterable, Sequence

import numpy as np

from tfx_pipeline.evaluation.rankings import PAD, Rankings
from tfx_pipeline.number_format import format_count


class NamedAnswers:
    """Looks items up; one outside the catalogue leaves its list, and later ones move up."""

    def __init__(self, item_ids: np.ndarray) -> None:
        """Take the ids by row, str [V]."""
        self._row_of = {item: row for row, item in enumerate(item_ids)}
        self._unknown = 0

    def empty(self, cases: int, k: int) -> Rankings:
        """Rankings of no items yet, for `fill`; [cases, k]."""
        return Rankings(np.full((cases, k), PAD, np.int32), np.full((cases, k), -np.inf, np.float32))

    def fill(self, rankings: Rankings, start: int, answers: Iterable[Sequence[tuple[str, float]]]) -> None:
        """Write answers, item ids and scores best first, into the lists from `start` on."""
        assert rankings.scores is not None
        for place, answer in enumerate(answers, start=start):
            known = [(self._row_of[item], score) for item, score in answer if item in self._row_of]
            self._unknown += len(answer) - len(known)
            known = known[: rankings.items.shape[1]]
            rankings.items[place, : len(known)] = [row for row, _ in known]
            rankings.scores[place, : len(known)] = [score for _, score in known]

    def notes(self, what: str) -> list[str]:
        """How many items, such as `recommended items`, did not fit the catalogue; nothing if all did."""
        if not self._unknown:
            return []
        return [f"{format_count(self._unknown)} {what} are not in the catalogue and left their lists"]
