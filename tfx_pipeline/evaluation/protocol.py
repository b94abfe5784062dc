"""The protocol: all models on the same users, for all items and for new items only."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tfx_pipeline.evaluation.baselines.constant_ranker import ConstantRanker
from tfx_pipeline.evaluation.beyond_accuracy import score_beyond_accuracy
from tfx_pipeline.evaluation.bootstrap import bootstrap_counts, mean_intervals
from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.catalogue_exposure import aggregate_intervals
from tfx_pipeline.evaluation.item_facts import ItemFacts
from tfx_pipeline.evaluation.metrics import check_cutoffs, score_rankings, standard_error
from tfx_pipeline.evaluation.paired_tests import PairedTest, paired_tests
from tfx_pipeline.evaluation.rankings import Ranker, Rankings, RanksBoth, check_rankings, without_history
from tfx_pipeline.evaluation.slice_scores import SliceScore, score_slices
from tfx_pipeline.evaluation.slicing import Slicing
from tfx_pipeline.evaluation.table import HEADLINE, EvaluationRow, EvaluationTable, Items

Slicings = Callable[[EvaluationCases], list[Slicing]]
"""Gives each target of the cases a label, dimension by dimension; the cases are those that have a target."""


@dataclass(frozen=True)
class EvaluationSettings:
    """What an evaluation computes beside the means.

    Attributes:
        rounds: Bootstrap rounds behind every interval; 0 for no interval and no test.
        seed: Seed of the resampling.
        smallest_slice: Slices with fewer users are marked as too small.
        sliced: Names of the models that are sliced; by default the first one alone.
    """

    rounds: int = 1000
    seed: int = 7
    smallest_slice: int = 50
    sliced: tuple[str, ...] = ()


@dataclass(frozen=True)
class Evaluation:
    """What an evaluation found.

    Attributes:
        table: Every model's metrics.
        tests: The first model against each other one, by every headline metric.
        slices: Headline metrics by slice.
        ranked: (model, items) -> the cases that were asked about, and the ranked lists.
    """

    table: EvaluationTable
    tests: tuple[PairedTest, ...] = ()
    slices: tuple[SliceScore, ...] = ()
    ranked: dict[tuple[str, Items], tuple[EvaluationCases, Rankings]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class _Part:
    """The cases of one kind of items, with the slices and the resamples that all models share."""

    items: Items
    cases: EvaluationCases
    slicings: list[Slicing]
    counts: NDArray | None
    popular: NDArray[np.int32] | None = None
    """What most popular would show each user: serendipity is what it would not have shown."""


def evaluate_models(
    rankers: Mapping[str, Ranker],
    cases: EvaluationCases,
    cutoffs: Sequence[int],
    facts: ItemFacts | None = None,
    slicings: Slicings | None = None,
    settings: EvaluationSettings = EvaluationSettings(),
) -> Evaluation:
    """Rank and score every model on the same cases, once for all items and once for new items only.

    A user without a target leaves. For new items, targets of the history leave, and so do items of the history that
    a model ranks all the same; later items move up, but the list stays short.

    Args:
        rankers: Name -> model; the first one is tested against the others.
        cases: The users.
        cutoffs: Values of k.
        facts: Popularity and kinds of the items, for metrics beyond accuracy; None leaves those out.
        slicings: Labels of the targets, for slices; None leaves those out.
        settings: Bootstrap and slices.

    Raises:
        ValueError: A cut-off is invalid, or a model's rankings are; the message names the model.
    """
    check_cutoffs(cutoffs)
    with_target = cases.take(np.flatnonzero(cases.targets.lengths))
    labels = slicings(with_target) if slicings is not None else []
    new_labels = [slicing.of_new_targets(with_target) for slicing in labels]
    with_new_target, places = with_target.new_only()
    everything = _part("all", with_target, labels, facts, max(cutoffs), settings)
    new = _part("new", with_new_target, new_labels, facts, max(cutoffs), settings)
    scored = _Scores(tuple(cutoffs), facts, settings)
    for name, ranker in rankers.items():
        lists = _rank(ranker, everything.cases, new.cases, places, max(cutoffs))
        for part, ranked in zip((everything, new), lists, strict=True):
            scored.add(name, part, _checked(name, ranked, part, max(cutoffs)))
    return scored.evaluation()


def _part(
    items: Items,
    cases: EvaluationCases,
    slicings: list[Slicing],
    facts: ItemFacts | None,
    k: int,
    settings: EvaluationSettings,
) -> _Part:
    has_intervals = settings.rounds and len(cases) > 1
    counts = bootstrap_counts(len(cases), settings.rounds, settings.seed) if has_intervals else None
    if facts is None:
        return _Part(items, cases, slicings, counts)
    popular = ConstantRanker(facts.popularity, facts.popularity.astype(np.float32))
    return _Part(items, cases, slicings, counts, popular(cases, k, items == "new").items)


def _rank(
    ranker: Ranker, everything: EvaluationCases, new: EvaluationCases, places: NDArray[np.int64], k: int
) -> Iterator[Rankings]:
    """Lists of all items, then lists of new ones for the cases at `places`."""
    if isinstance(ranker, RanksBoth):
        of_all, of_new = ranker.rank_both(everything, k)
        yield of_all
        yield of_new.take(places)
    else:
        yield ranker(everything, k, False)
        yield ranker(new, k, True)


def _checked(name: str, ranked: Rankings, part: _Part, k: int) -> Rankings:
    try:
        check_rankings(ranked.items, part.cases)
        if ranked.items.shape[1] < k:
            raise ValueError(f"cut-off {k} needs as many ranks, the rankings have {ranked.items.shape[1]}")
    except ValueError as error:
        raise ValueError(f"model '{name}', {part.items} items: {error}") from error
    return (without_history(ranked, part.cases) if part.items == "new" else ranked).first(k)


class _Scores:
    """Collects the scores of model after model."""

    def __init__(self, cutoffs: tuple[int, ...], facts: ItemFacts | None, settings: EvaluationSettings) -> None:
        self._cutoffs, self._facts, self._settings = cutoffs, facts, settings
        self._rows: list[EvaluationRow] = []
        self._tests: list[PairedTest] = []
        self._slices: list[SliceScore] = []
        self._ranked: dict[tuple[str, Items], tuple[EvaluationCases, Rankings]] = {}
        self._first: dict[Items, tuple[str, dict[str, NDArray[np.float64]]]] = {}

    def add(self, model: str, part: _Part, ranked: Rankings) -> None:
        """Score one model on one kind of items."""
        self._ranked[model, part.items] = part.cases, ranked
        per_user = score_rankings(ranked.items, part.cases, self._cutoffs).per_user
        first_model, first = self._first.setdefault(part.items, (model, per_user))
        if model != first_model and part.counts is not None:
            names, seed = [f"{metric}@{k}" for k in self._cutoffs for metric in HEADLINE], self._settings.seed
            self._tests += paired_tests(first_model, model, part.items, first, per_user, names, part.counts, seed)
        self._slice(model, part, ranked)
        self._rows.append(self._row(model, part, ranked, per_user))

    def evaluation(self) -> Evaluation:
        """What was collected."""
        table = EvaluationTable(self._cutoffs, tuple(self._rows))
        return Evaluation(table, tuple(self._tests), tuple(self._slices), self._ranked)

    def _row(
        self, model: str, part: _Part, ranked: Rankings, per_user: dict[str, NDArray[np.float64]]
    ) -> EvaluationRow:
        overall: dict[str, float | None] = {}
        if self._facts is not None:
            beyond = score_beyond_accuracy(ranked.items, part.cases, self._facts, self._cutoffs, part.popular)
            per_user, overall = {**per_user, **beyond.per_user}, beyond.overall
        means = {name: _mean(values) for name, values in per_user.items()}
        errors = {name: standard_error(values[~np.isnan(values)]) for name, values in per_user.items()}
        intervals: dict[str, tuple[float, float] | None] = {}
        if part.counts is not None:
            intervals = mean_intervals(per_user, part.counts)
            if overall:
                size = part.cases.item_count
                intervals |= aggregate_intervals(ranked.items, part.counts, size, self._cutoffs)
        errors |= dict.fromkeys(overall)
        return EvaluationRow(model, part.items, len(part.cases), means | overall, errors, intervals)

    def _slice(self, model: str, part: _Part, ranked: Rankings) -> None:
        if part.slicings and model in (self._settings.sliced or (self._first[part.items][0],)):
            self._slices += score_slices(
                model,
                part.items,
                ranked.items,
                part.cases,
                part.slicings,
                self._cutoffs,
                part.counts,
                self._settings.smallest_slice,
            )


def _mean(values: NDArray[np.float64]) -> float | None:
    counted = values[~np.isnan(values)]
    return float(counted.mean()) if len(counted) else None
