"""What the client gives back: one dataclass for each kind of answer, and how it is read from the output tensors."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

Outputs = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class RankedItem:
    """One position of a slate.

    Attributes:
        item_id: The item.
        score: What the slate is ordered by.
        propensity: Probability that the policy puts this item at this position.
        source: Where the candidate came from: `ann`, `history`, `neighbours`, `lexical` or `popular`.
    """

    item_id: str
    score: float
    propensity: float
    source: str


@dataclass(frozen=True)
class Slate:
    """The answer to one `recommend` row, best item first."""

    request_id: str
    model_version: str
    items: list[RankedItem]


@dataclass(frozen=True)
class Ranking:
    """The answer to one `rank` row; all lists are parallel to `item_ids`, the candidates in the order given.

    Attributes:
        item_ids: The candidates.
        utility: Weighted sum of the objectives.
        probabilities: Objective -> probability of each candidate.
    """

    item_ids: list[str]
    utility: list[float]
    probabilities: dict[str, list[float]]


@dataclass(frozen=True)
class ScoredItem:
    """One item of a `retrieve` or `similar_items` answer."""

    item_id: str
    score: float


@dataclass(frozen=True)
class FeatureEffect:
    """What one feature of an item does to its utility.

    Attributes:
        name: The feature, as in the servable.
        value: What the ranker sees.
        contribution: How much of the utility falls away when the feature is as usual among the request's candidates.
    """

    name: str
    value: float
    contribution: float


@dataclass(frozen=True)
class Explanation:
    """Why an item is, or would be, offered to one who asks.

    Attributes:
        item_id: The item.
        source: The source that brings the item to this request; '' if none does.
        utility: What the ranker orders by.
        features: Those that contribute most, either way, the strongest first.
        similar_history: Items of the history that are most like it, with their similarity.
        matching_words: Words of the query that the item has.
        times_chosen: Events with the item in the history.
        days_since_chosen: Days since the latest of them; None without one.
    """

    item_id: str
    source: str
    utility: float
    features: list[FeatureEffect]
    similar_history: list[ScoredItem]
    matching_words: list[str]
    times_chosen: int
    days_since_chosen: float | None


@dataclass(frozen=True)
class VersionStatus:
    """The state of one version of the model.

    Attributes:
        version: Its number.
        state: `START`, `LOADING`, `AVAILABLE`, `UNLOADING`, `END` or `UNKNOWN`.
        error: Why it does not serve; empty if nothing is wrong.
    """

    version: int
    state: str
    error: str


@dataclass(frozen=True)
class Signature:
    """Names of the inputs and outputs of one signature, sorted."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


def read_slates(outputs: Outputs) -> list[Slate]:
    """Turn the outputs of `recommend` into slates without the padding at their ends."""
    slates = []
    columns = (_texts(outputs["item_ids"]), outputs["scores"], outputs["propensities"], _texts(outputs["sources"]))
    heads = zip(outputs["request_id"], outputs["model_version"], strict=True)
    for (request_id, version), item_ids, scores, propensities, sources in zip(heads, *columns, strict=True):
        rows = zip(item_ids, scores.tolist(), propensities.tolist(), sources, strict=True)
        items = [RankedItem(*row) for row in list(rows)[: _length(item_ids)]]
        slates.append(Slate(_text(request_id), _text(version), items))
    return slates


def read_scored_items(outputs: Outputs) -> list[list[ScoredItem]]:
    """Turn `item_ids` and `scores` [B, K] into lists without the padding at their ends."""
    answers = []
    for item_ids, scores in zip(_texts(outputs["item_ids"]), outputs["scores"].tolist(), strict=True):
        pairs = list(zip(item_ids, scores, strict=True))
        answers.append([ScoredItem(*pair) for pair in pairs[: _length(item_ids)]])
    return answers


def read_rankings(outputs: Outputs, candidates: list[list[str]]) -> list[Ranking]:
    """Turn the outputs of `rank` into one ranking a row; every output but utility and item_ids is an objective."""
    objectives = sorted(set(outputs) - {"utility", "item_ids"})
    rankings = []
    for row, item_ids in enumerate(candidates):
        columns = {name: outputs[name][row, : len(item_ids)].tolist() for name in ["utility", *objectives]}
        rankings.append(Ranking(item_ids, columns.pop("utility"), columns))
    return rankings


def read_explanations(outputs: Outputs, candidates: list[list[str]]) -> list[list[Explanation]]:
    """Turn the outputs of `explain` into one explanation a candidate."""
    return [
        [_explanation(outputs, (row, position), item_id) for position, item_id in enumerate(item_ids)]
        for row, item_ids in enumerate(candidates)
    ]


def _explanation(outputs: Outputs, at: tuple[int, int], item_id: str) -> Explanation:
    names, values, effects = (outputs[f"feature_{part}"][at].tolist() for part in ("names", "values", "contributions"))
    similar = zip(*(outputs[f"similar_history_{part}"][at].tolist() for part in ("item_ids", "scores")), strict=True)
    times = int(outputs["times_chosen"][at])
    return Explanation(
        item_id=item_id,
        source=_text(outputs["sources"][at]),
        utility=float(outputs["utility"][at]),
        features=[
            FeatureEffect(_text(name), *rest) for name, *rest in zip(names, values, effects, strict=True) if name
        ],
        similar_history=[ScoredItem(_text(other), score) for other, score in similar if other],
        matching_words=_text(outputs["matching_words"][at]).split(),
        times_chosen=times,
        days_since_chosen=float(outputs["days_since_chosen"][at]) if times else None,
    )


def _text(value: Any) -> str:
    return value.decode("utf-8", errors="replace") if isinstance(value, bytes) else str(value)


def _texts(array: NDArray[Any]) -> list[list[str]]:
    return [[_text(value) for value in row] for row in array.tolist()]


def _length(item_ids: list[str]) -> int:
    """Length of a list without the empty strings at its end."""
    return max((position for position, item_id in enumerate(item_ids, start=1) if item_id), default=0)
