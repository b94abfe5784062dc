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
        inclusion_probability: Probability that the policy puts this item anywhere into the slate.
        predicted_utility: What the ranker alone expects of it.
        exploration_features: What the exploration head learns from: the ranker's last layer and a constant 1.
        title: The item's display text; '' where it has none.
    """

    item_id: str
    score: float
    propensity: float
    source: str
    inclusion_probability: float
    predicted_utility: float
    exploration_features: list[float]
    title: str = ""


@dataclass(frozen=True)
class Slate:
    """The answer to one `recommend` row, best item first.

    Attributes:
        request_id: The servable's name for the request.
        model_version: Version that answered.
        policy: The policy that chose.
        items: What to show.
        seed: Seed of the exploration, also where the client drew it.
    """

    request_id: str
    model_version: str
    policy: str
    items: list[RankedItem]
    seed: int | None = None


@dataclass(frozen=True)
class SlatePropensities:
    """The answer to one `propensities` row; lists are parallel to `item_ids`, the items in the order given.

    Attributes:
        item_ids: A slate, shown or imagined.
        propensities: Probability that the policy puts each item at its position.
        inclusion_probabilities: Probability that it puts the item anywhere into the slate.
        utilities: What the model expects of each item; 0 for one that is no candidate.
        expected_utilities: What it expects of each position of the policy's own slates.
    """

    item_ids: list[str]
    propensities: list[float]
    inclusion_probabilities: list[float]
    utilities: list[float]
    expected_utilities: list[float]


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
    """One item of a `retrieve` or `similar_items` answer, with its display text."""

    item_id: str
    score: float
    title: str = ""


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


_OF_ITEM = (
    "scores",
    "propensities",
    "sources",
    "inclusion_probabilities",
    "predicted_utilities",
    "exploration_features",
)


def read_slates(outputs: Outputs) -> list[Slate]:
    """Turn the outputs of `recommend` into slates without the padding at their ends."""
    slates = []
    columns = {name: outputs[name].tolist() for name in _OF_ITEM} | {"sources": _texts(outputs["sources"])}
    titles = _titles(outputs)
    heads = zip(*(outputs[name] for name in ("request_id", "model_version", "policy")), strict=True)
    for row, (item_ids, head) in enumerate(zip(_texts(outputs["item_ids"]), heads, strict=True)):
        slots = zip(item_ids, *(columns[name][row] for name in _OF_ITEM), titles[row], strict=True)
        items = [RankedItem(*slot) for slot in list(slots)[: _length(item_ids)]]
        request_id, version, policy = map(_text, head)
        slates.append(Slate(request_id, version, policy, items))
    return slates


def read_propensities(outputs: Outputs, slates: list[list[str]]) -> list[SlatePropensities]:
    """Turn the outputs of `propensities` into one answer a row."""

    def of_items(name: str, row: int) -> list[float]:
        values: list[float] = outputs[name][row, : len(slates[row])].tolist()
        return values

    return [
        SlatePropensities(
            item_ids=item_ids,
            propensities=of_items("propensities", row),
            inclusion_probabilities=of_items("inclusion_probabilities", row),
            utilities=of_items("utilities", row),
            expected_utilities=outputs["expected_utilities"][row].tolist(),
        )
        for row, item_ids in enumerate(slates)
    ]


def read_scored_items(outputs: Outputs) -> list[list[ScoredItem]]:
    """Turn `item_ids`, `scores` and `titles` [B, K] into lists without the padding at their ends."""
    answers = []
    columns = (_texts(outputs["item_ids"]), outputs["scores"].tolist(), _titles(outputs))
    for item_ids, scores, titles in zip(*columns, strict=True):
        items = list(zip(item_ids, scores, titles, strict=True))
        answers.append([ScoredItem(*item) for item in items[: _length(item_ids)]])
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


def _titles(outputs: Outputs) -> list[list[str]]:
    """Titles parallel to the item ids; '' from a model that was exported before it had them."""
    if "titles" in outputs:
        return _texts(outputs["titles"])
    return [[""] * len(row) for row in outputs["item_ids"].tolist()]


def _length(item_ids: list[str]) -> int:
    """Length of a list without the empty strings at its end."""
    return max((position for position, item_id in enumerate(item_ids, start=1) if item_id), default=0)
