"""What makes a list good besides its hits: diversity, novelty, serendipity, popularity lift, catalogue use."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.catalogue_exposure import CATALOGUE_METRICS, catalogue_metrics
from tfx_pipeline.evaluation.item_facts import ItemFacts
from tfx_pipeline.evaluation.list_diversity import list_diversity
from tfx_pipeline.evaluation.metrics import check_cutoffs
from tfx_pipeline.evaluation.rankings import PAD, check_rankings

PER_USER_METRICS = ("Diversity", "Novelty", "PopularityLift", "Serendipity")


@dataclass(frozen=True, eq=False)
class BeyondAccuracy:
    """Metrics such as `Novelty@10`.

    Attributes:
        per_user: Metric -> value of every case, NaN where it has none; [C] float64. The metrics are
            `PER_USER_METRICS` at each cut-off.
        overall: Metric -> value over all cases together, None where it has none. The metrics are
            `CATALOGUE_METRICS` at each cut-off.
    """

    per_user: dict[str, NDArray[np.float64]]
    overall: dict[str, float | None]


def beyond_names(cutoffs: Sequence[int]) -> list[str]:
    """Names of the metrics, cut-off by cut-off: `Diversity@10`, ..., `Gini@10`, `Diversity@20`, ..."""
    return [f"{metric}@{k}" for k in cutoffs for metric in PER_USER_METRICS + CATALOGUE_METRICS]


def score_beyond_accuracy(
    ranked: NDArray[np.integer[Any]],
    cases: EvaluationCases,
    facts: ItemFacts,
    cutoffs: Sequence[int],
    popular: NDArray[np.integer[Any]] | None = None,
) -> BeyondAccuracy:
    """Measure ranked lists by more than their hits.

    `Diversity@k` is that of `list_diversity`; `Coverage@k` and `Gini@k` are those of `catalogue_metrics`. With N users
    of whom n_i used item i before the cut in time:

    * `Novelty@k`: mean self-information of the first k, -log2((n_i + 1) / (N + 2)) bits (Zhou et al., "Solving the
      apparent diversity-accuracy dilemma of recommender systems", PNAS 2010; Castells et al., "Novelty and diversity
      in recommender systems", 2015). The added 1 and 2 (Laplace's rule) keep an item that nobody used finite.
      NaN for an empty list.
    * `Serendipity@k`: hits among the first k that are not among the k most popular items, divided by k (Ge et al.,
      "Beyond accuracy", RecSys 2010, with popularity as the primitive model and a hit as the useful item). A short or
      empty list misses at its padding, as in precision; NaN for a user without a target.
    * `PopularityLift@k`: mean n_i of the first k / mean n_i of the distinct items of the history - 1 (Abdollahpouri et
      al., "The unfairness of popularity bias in recommendation", 2019, for one user). NaN for an empty list, and for
      a history that is empty or of items that nobody used.

    Args:
        ranked: Item rows, best first, -1 behind the last one; [C, K] integers, K at least the largest cut-off.
        cases: The C cases.
        facts: Facts of the items of the catalogue.
        cutoffs: Values of k.
        popular: What the primitive model of serendipity shows each user, such as the most popular items outside the
            history; [C, K] integers. By default the most popular items, the same for everyone.

    Raises:
        ValueError: A cut-off or a ranking is invalid, or the facts are of another catalogue.
    """
    check_cutoffs(cutoffs)
    check_rankings(ranked, cases)
    if ranked.shape[1] < max(cutoffs):
        raise ValueError(f"cut-off {max(cutoffs)} needs as many ranks, the rankings have {ranked.shape[1]}")
    if len(facts) != cases.item_count:
        raise ValueError(f"facts of {len(facts)} items, expected those of a catalogue of {cases.item_count}")
    popularity_lift = _mean_of_first(facts.popularity, ranked) / _history_popularity(cases, facts)[:, None] - 1.0
    by_rank = {
        "Diversity": list_diversity(ranked, facts),
        "Novelty": _mean_of_first(_self_information(facts), ranked),
        "PopularityLift": popularity_lift,
    }
    per_user = {f"{metric}@{k}": values[:, k - 1] for metric, values in by_rank.items() for k in cutoffs}
    per_user |= _serendipity(ranked, cases, _most_popular(ranked, facts) if popular is None else popular, cutoffs)
    return BeyondAccuracy(per_user, catalogue_metrics(ranked, cases.item_count, cutoffs))


def _self_information(facts: ItemFacts) -> NDArray[np.float64]:
    return -np.log2((facts.popularity + 1.0) / (facts.user_count + 2.0))


def _mean_of_first(values: NDArray[np.float64], ranked: NDArray[np.integer[Any]]) -> NDArray[np.float64]:
    """Mean of `values` [V] over the first 1, 2, ... items of each list, NaN where there is none; [C, K]."""
    is_item = ranked != PAD
    totals, items = np.cumsum(np.where(is_item, values[ranked], 0.0), axis=1), np.cumsum(is_item, axis=1)
    return np.divide(totals, items, out=np.full(ranked.shape, np.nan), where=items > 0)


def _history_popularity(cases: EvaluationCases, facts: ItemFacts) -> NDArray[np.float64]:
    """Mean popularity of the distinct items of each history, NaN where there is none or it is 0; [C]."""
    owners, items = np.divmod(np.unique(cases.keys(cases.history)), cases.item_count)
    totals = np.bincount(owners, weights=facts.popularity[items], minlength=len(cases))
    distinct = np.bincount(owners, minlength=len(cases))
    return np.divide(totals, distinct, out=np.full(len(cases), np.nan), where=totals > 0)


def _most_popular(ranked: NDArray[np.integer[Any]], facts: ItemFacts) -> NDArray[np.int64]:
    """The most popular items for everyone, ties in the order of the catalogue, -1 where it is used up; [C, K]."""
    width = ranked.shape[1]
    most = np.argsort(-facts.popularity, kind="stable")[:width]
    return np.tile(np.pad(most, (0, width - len(most)), constant_values=PAD), (len(ranked), 1))


def _serendipity(
    ranked: NDArray[np.integer[Any]],
    cases: EvaluationCases,
    popular: NDArray[np.integer[Any]],
    cutoffs: Sequence[int],
) -> dict[str, NDArray[np.float64]]:
    if popular.shape != ranked.shape:
        raise ValueError(f"popular items have shape {popular.shape}, expected that of the rankings, {ranked.shape}")
    users, ranks = np.nonzero(np.isin(cases.ranked_keys(ranked), cases.keys(cases.targets)))
    popular_ranks = np.full(len(users), ranked.shape[1])
    hits, places = np.nonzero(popular[users] == ranked[users, ranks][:, None])
    popular_ranks[hits] = places
    has_target = cases.targets.lengths > 0
    scores = {}
    for k in cutoffs:
        serendipitous = users[(ranks < k) & (popular_ranks >= k)]
        hits_per_user = np.bincount(serendipitous, minlength=len(cases))
        scores[f"Serendipity@{k}"] = np.where(has_target, hits_per_user / k, np.nan)
    return scores
