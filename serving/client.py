"""The typed client for the servable's signatures. Starts fast: it imports no TensorFlow."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Any, TypeVar

from numpy.typing import NDArray

from serving import answers, messages
from serving import inputs as signature_inputs
from serving.answers import (
    Explanation,
    FeatureEffect,
    RankedItem,
    Ranking,
    ScoredItem,
    Signature,
    Slate,
    SlatePropensities,
    VersionStatus,
)
from serving.connection import Connection, ServingError
from serving.connection_settings import ConnectionSettings, Retries, Tls
from serving.inputs import NumberLists, Prices, TextLists, Texts
from serving.tensors import to_array, to_tensor

__all__ = [
    "ConnectionSettings",
    "Explanation",
    "FeatureEffect",
    "RankedItem",
    "Ranking",
    "Retries",
    "ScoredItem",
    "ServingError",
    "ShopRankClient",
    "Signature",
    "Slate",
    "SlatePropensities",
    "Tls",
    "VersionStatus",
]

Answer = TypeVar("Answer")

_STATES = {0: "UNKNOWN", 10: "START", 20: "LOADING", 30: "AVAILABLE", 40: "UNLOADING", 50: "END"}


class ShopRankClient:
    """Ask a shoprank servable, on our model server or on TensorFlow Serving, over gRPC.

    Batch in, batch out: every argument has one element a row, and so has the answer. All methods raise `ServingError`
    when the server cannot be reached or refuses, and `ValueError` when an argument does not fit the batch.

    Args:
        target: `host:port` of the server's gRPC endpoint.
        model_name: Name under which the server knows the model.
        timeout: Longest wait for one answer, in seconds, with all attempts.
        version: Version to ask; the highest in service without one.
        version_label: Label of the version to ask, such as `stable`.
        settings: Retries, keep-alive, message size and encryption.

    Raises:
        ValueError: A version and a label are given.
        OSError: A certificate or key of the settings cannot be read.
    """

    def __init__(
        self,
        target: str = "localhost:8500",
        model_name: str = "shoprank",
        timeout: float = 10.0,
        *,
        version: int | None = None,
        version_label: str = "",
        settings: ConnectionSettings | None = None,
    ) -> None:
        """Prepare the connection; it opens with the first request."""
        if version is not None and version_label:
            raise ValueError(f"version and version_label: give one, not both {version} and {version_label!r}")
        self._model_name = model_name
        self._model_spec = messages.ModelSpec(name=model_name)
        if version is not None:
            self._model_spec.version.value = version
        elif version_label:
            self._model_spec.version_label = version_label
        self._connection = Connection(target, timeout, settings)

    def __enter__(self) -> "ShopRankClient":
        """Return the client itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connection."""
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def recommend(
        self,
        user_ids: Texts,
        *,
        history_item_ids: TextLists | None = None,
        history_event_types: TextLists | None = None,
        history_ages: NumberLists | None = None,
        queries: Texts | None = None,
        exclude_item_ids: TextLists | None = None,
        allow_item_ids: TextLists | None = None,
        categories: Texts | None = None,
        lowest_prices: Prices | None = None,
        highest_prices: Prices | None = None,
        k: int = 10,
        policies: Texts | None = None,
        seeds: Sequence[int] | None = None,
    ) -> list[Slate]:
        """Recommend up to `k` items to each user.

        Args:
            user_ids: [B]; an unknown user is no error.
            history_item_ids: B lists, oldest first; an empty one takes what the model knows of the user.
            history_event_types: B lists, parallel to the histories.
            history_ages: B lists, parallel to the histories: days from the event to now, from 0 on. Without them all
                events count as just now.
            queries: [B] search texts; '' is none.
            exclude_item_ids: B lists of items that must not be shown.
            allow_item_ids: B lists of the only items that may be shown; an empty one allows all.
            categories: [B] paths such as `food > bread`; items of the path and of everything beneath it are shown, and
                nothing for a category that the shop does not have. '' is all.
            lowest_prices: [B]; None is no bound. With a bound, an item without a price is not shown.
            highest_prices: [B]; None is no bound.
            k: Length of a slate.
            policies: [B]; '' is the one that the model was configured with.
            seeds: [B] seeds of the exploration; random by default.
        """
        inputs = signature_inputs.user_side(user_ids, history_item_ids, history_event_types, history_ages, queries)
        inputs |= signature_inputs.filter_side(
            len(user_ids), exclude_item_ids, allow_item_ids, categories, lowest_prices, highest_prices
        )
        inputs |= signature_inputs.slate_side(len(user_ids), k, policies, seeds)
        slates = self._ask("recommend", inputs, answers.read_slates)
        return [replace(slate, seed=int(seed)) for slate, seed in zip(slates, inputs["seed"], strict=True)]

    def propensities(
        self,
        user_ids: Texts,
        candidate_item_ids: TextLists,
        *,
        history_item_ids: TextLists | None = None,
        history_event_types: TextLists | None = None,
        history_ages: NumberLists | None = None,
        queries: Texts | None = None,
        exclude_item_ids: TextLists | None = None,
        allow_item_ids: TextLists | None = None,
        categories: Texts | None = None,
        lowest_prices: Prices | None = None,
        highest_prices: Prices | None = None,
        k: int = 10,
        policies: Texts | None = None,
        seeds: Sequence[int] | None = None,
    ) -> list[SlatePropensities]:
        """Say how probable given slates, B lists of items in order, are under each policy; see `recommend`.

        This is what off-policy evaluation asks a new model about the slates that another one has shown.
        """
        inputs = signature_inputs.user_side(user_ids, history_item_ids, history_event_types, history_ages, queries)
        inputs |= signature_inputs.filter_side(
            len(user_ids), exclude_item_ids, allow_item_ids, categories, lowest_prices, highest_prices
        )
        inputs |= signature_inputs.slate_side(len(user_ids), k, policies, seeds)
        inputs["candidate_item_ids"] = signature_inputs.ragged_strings(
            "candidate_item_ids", candidate_item_ids, len(user_ids)
        )
        slates = [list(row) for row in candidate_item_ids]
        return self._ask("propensities", inputs, lambda outputs: answers.read_propensities(outputs, slates))

    def rank(
        self,
        user_ids: Texts,
        candidate_item_ids: TextLists,
        *,
        history_item_ids: TextLists | None = None,
        history_event_types: TextLists | None = None,
        history_ages: NumberLists | None = None,
        queries: Texts | None = None,
    ) -> list[Ranking]:
        """Score given candidates, B lists, for each user; see `recommend` for the user side."""
        inputs = signature_inputs.user_side(user_ids, history_item_ids, history_event_types, history_ages, queries)
        inputs["candidate_item_ids"] = signature_inputs.ragged_strings(
            "candidate_item_ids", candidate_item_ids, len(user_ids)
        )
        candidates = [list(row) for row in candidate_item_ids]
        return self._ask("rank", inputs, lambda outputs: answers.read_rankings(outputs, candidates))

    def explain(
        self,
        user_ids: Texts,
        candidate_item_ids: TextLists,
        *,
        history_item_ids: TextLists | None = None,
        history_event_types: TextLists | None = None,
        history_ages: NumberLists | None = None,
        queries: Texts | None = None,
    ) -> list[list[Explanation]]:
        """Say why given items, B lists, are offered to each user; see `recommend` for the user side.

        An item that would not be offered is explained as well, and so is an unknown one.
        """
        inputs = signature_inputs.user_side(user_ids, history_item_ids, history_event_types, history_ages, queries)
        inputs["candidate_item_ids"] = signature_inputs.ragged_strings(
            "candidate_item_ids", candidate_item_ids, len(user_ids)
        )
        candidates = [list(row) for row in candidate_item_ids]
        return self._ask("explain", inputs, lambda outputs: answers.read_explanations(outputs, candidates))

    def retrieve(
        self,
        user_ids: Texts,
        *,
        history_item_ids: TextLists | None = None,
        history_event_types: TextLists | None = None,
        history_ages: NumberLists | None = None,
        queries: Texts | None = None,
        exclude_item_ids: TextLists | None = None,
        allow_item_ids: TextLists | None = None,
        categories: Texts | None = None,
        lowest_prices: Prices | None = None,
        highest_prices: Prices | None = None,
        k: int = 10,
    ) -> list[list[ScoredItem]]:
        """Return the `k` nearest items of each user's query vector, before any ranking; see `recommend`."""
        inputs = signature_inputs.user_side(user_ids, history_item_ids, history_event_types, history_ages, queries)
        inputs |= signature_inputs.filter_side(
            len(user_ids), exclude_item_ids, allow_item_ids, categories, lowest_prices, highest_prices
        )
        inputs["k"] = signature_inputs.counts("k", k, len(user_ids))
        return self._ask("retrieve", inputs, answers.read_scored_items)

    def similar_items(
        self,
        item_ids: Texts | None = None,
        titles: Texts | None = None,
        descriptions: Texts | None = None,
        k: int = 10,
        *,
        exclude_item_ids: TextLists | None = None,
        allow_item_ids: TextLists | None = None,
        categories: Texts | None = None,
        lowest_prices: Prices | None = None,
        highest_prices: Prices | None = None,
    ) -> list[list[ScoredItem]]:
        """Return items like the given ones; an item outside the catalogue is described by title and description.

        The filters are those of `recommend`: they restrict the answers.
        """
        rows = signature_inputs.rows_of_first({"item_ids": item_ids, "titles": titles, "descriptions": descriptions})
        inputs = signature_inputs.item_texts(rows, item_ids, titles, descriptions)
        inputs |= signature_inputs.filter_side(
            rows, exclude_item_ids, allow_item_ids, categories, lowest_prices, highest_prices
        )
        inputs["k"] = signature_inputs.counts("k", k, rows)
        return self._ask("similar_items", inputs, answers.read_scored_items)

    def embed_query(
        self,
        user_ids: Texts,
        *,
        history_item_ids: TextLists | None = None,
        history_event_types: TextLists | None = None,
        history_ages: NumberLists | None = None,
        queries: Texts | None = None,
    ) -> list[list[float]]:
        """Return the query tower's vectors, B lists of D numbers, unit length."""
        inputs = signature_inputs.user_side(user_ids, history_item_ids, history_event_types, history_ages, queries)
        return self._ask("embed_query", inputs, _read_vectors)

    def embed_item(
        self,
        item_ids: Texts | None = None,
        titles: Texts | None = None,
        descriptions: Texts | None = None,
        categories: Texts | None = None,
        prices: Prices | None = None,
    ) -> list[list[float]]:
        """Return the item tower's vectors, B lists of D numbers, unit length; a price of None is unknown."""
        given = {"item_ids": item_ids, "titles": titles, "descriptions": descriptions, "categories": categories}
        rows = signature_inputs.rows_of_first(given)
        inputs = signature_inputs.item_texts(rows, item_ids, titles, descriptions)
        inputs["category"] = signature_inputs.strings("categories", categories, rows)
        inputs["price"] = signature_inputs.prices("prices", prices, rows)
        return self._ask("embed_item", inputs, _read_vectors)

    def status(self) -> list[VersionStatus]:
        """Return the state of every version that the server knows, highest first."""
        request = messages.GetModelStatusRequest(model_spec=messages.ModelSpec(name=self._model_name))
        response = self._connection.call("ModelService/GetModelStatus", request, messages.GetModelStatusResponse)
        versions = [
            VersionStatus(one.version, _STATES.get(one.state, "UNKNOWN"), one.status.error_message)
            for one in response.model_version_status
        ]
        return sorted(versions, key=lambda one: -one.version)

    def metadata(self) -> dict[str, Signature]:
        """Return the model's signatures by name, without those that TensorFlow keeps for itself."""
        request = messages.GetModelMetadataRequest(model_spec=self._model_spec, metadata_field=["signature_def"])
        response = self._connection.call(
            "PredictionService/GetModelMetadata", request, messages.GetModelMetadataResponse
        )
        signatures = messages.SignatureDefMap.FromString(response.metadata["signature_def"].value).signature_def
        return {
            name: Signature(tuple(sorted(signatures[name].inputs)), tuple(sorted(signatures[name].outputs)))
            for name in sorted(signatures)
            if not name.startswith("__")
        }

    def _ask(
        self, signature: str, inputs: dict[str, NDArray[Any]], read: Callable[[answers.Outputs], list[Answer]]
    ) -> list[Answer]:
        """Send one batch through a signature; an empty batch has an empty answer and needs no server."""
        if any(len(array) == 0 for array in inputs.values()):
            return []
        request = messages.PredictRequest(model_spec=self._model_spec)
        request.model_spec.signature_name = signature
        for name, array in inputs.items():
            request.inputs[name].CopyFrom(to_tensor(array))
        response = self._connection.call("PredictionService/Predict", request, messages.PredictResponse)
        try:
            return read({name: to_array(tensor) for name, tensor in response.outputs.items()})
        except (KeyError, ValueError, IndexError, TypeError) as error:
            reason = f"no output {error}" if isinstance(error, KeyError) else str(error)
            text = f"{self._connection.target}: the answer of {signature} is not as expected: {reason}"
            raise ServingError(text) from error


def _read_vectors(outputs: answers.Outputs) -> list[list[float]]:
    vectors: list[list[float]] = outputs["vectors"].tolist()
    return vectors
