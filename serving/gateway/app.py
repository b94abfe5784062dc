"""The gateway's HTTP endpoints."""

import logging
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles

from serving.answers import Explanation, RankedItem, ScoredItem, Slate
from serving.client import ServingError, ShopRankClient
from serving.feedback import FeedbackLog, FeedbackLogError
from serving.gateway.body_limit import TOO_LARGE, BodyLimit
from serving.gateway.schema import (
    Effect,
    Event,
    ExplainAnswer,
    ExplainRequest,
    OutcomeRequest,
    Problem,
    RecommendAnswer,
    RecommendRequest,
    ShownItem,
    SimilarItem,
    SimilarRequest,
)

_LOG = logging.getLogger(__name__)

HTTP_STATUS = {
    "INVALID_ARGUMENT": 400,
    "NOT_FOUND": 404,
    "RESOURCE_EXHAUSTED": 429,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}
"""gRPC status of the model server -> HTTP status; all others are 502."""
_BAD_GATEWAY = 502
_RARE = 0.5


class Gateway:
    """Answers JSON requests from a model server.

    Args:
        client: The model server.
        log: Where slates and outcomes go; None keeps no log, and outcomes are refused.
    """

    def __init__(self, client: ShopRankClient, log: FeedbackLog | None) -> None:
        """Take note of whom to ask."""
        self._client, self._log = client, log

    def recommend(self, request: RecommendRequest) -> RecommendAnswer:
        """A slate for one shopper, with or without a search text; it is written to the feedback log."""
        asked = {
            "user_ids": [request.user_id],
            "queries": [request.query],
            **_history(request.history),
            "exclude_item_ids": [request.exclude_item_ids],
            "allow_item_ids": [request.allow_item_ids],
            "categories": [request.category],
            "lowest_prices": [request.lowest_price],
            "highest_prices": [request.highest_price],
            "k": request.k,
            "policies": [request.policy],
            "seeds": None if request.seed is None else [request.seed],
        }
        slates = self._client.recommend(**asked)
        self._keep(slates, asked)
        [slate] = slates
        shown = [_shown(item) for item in slate.items]
        return RecommendAnswer(
            request_id=slate.request_id, model_version=slate.model_version, policy=slate.policy, items=shown
        )

    def similar(self, request: SimilarRequest) -> list[SimilarItem]:
        """Items like one of the catalogue, or like a title."""
        if not request.item_id and not request.title.strip():
            raise ValueError("item_id, title: one of them is needed")
        [found] = self._client.similar_items([request.item_id], titles=[request.title], k=request.k)
        return [_similar(item) for item in found]

    def explain(self, request: ExplainRequest) -> ExplainAnswer:
        """Why an item is, or would be, shown to a shopper."""
        side = {"queries": [request.query], **_history(request.history)}
        [[explanation]] = self._client.explain([request.user_id], [[request.item_id]], **side)
        return _explained(explanation)

    def outcome(self, request: OutcomeRequest) -> None:
        """Write down what came of a shown item."""
        if self._log is None:
            raise ValueError("this gateway keeps no feedback log; start it with --feedback")
        try:
            self._log.outcome(request.request_id, request.item_id, request.event_type, time.time(), request.value)
        except FeedbackLogError as error:
            # Its rows wait for the next attempt; the shopper is not to wait for a disk.
            _LOG.warning("%s", error)

    def healthy(self) -> bool:
        """Whether some version of the model is in service."""
        try:
            return any(status.state == "AVAILABLE" for status in self._client.status())
        except ServingError:
            return False

    def _keep(self, slates: Sequence[Slate], asked: Mapping[str, Any]) -> None:
        if self._log is None:
            return
        try:
            self._log.shown(slates, asked)
        # A slate that cannot be logged is a slate all the same.
        except (FeedbackLogError, ValueError) as error:
            _LOG.warning("%s", error)


def gateway_app(gateway: Gateway, page: Path | None = None) -> FastAPI:
    """The web application: the endpoints, their OpenAPI page under /docs, and a page of the shop's own under /.

    Args:
        gateway: What answers.
        page: Folder with an `index.html`; None for a gateway without a page.
    """
    problems: dict[int | str, dict[str, Any]] = {
        status: {"model": Problem}
        for status in (400, TOO_LARGE, 422, *sorted(set(HTTP_STATUS.values()) - {400}), _BAD_GATEWAY)
    }
    app = FastAPI(title="shoprank gateway", description=__doc__, responses=problems)
    app.add_api_route("/v1/recommend", gateway.recommend, methods=["POST"], response_model=RecommendAnswer)
    app.add_api_route("/v1/similar", gateway.similar, methods=["POST"], response_model=list[SimilarItem])
    app.add_api_route("/v1/explain", gateway.explain, methods=["POST"], response_model=ExplainAnswer)
    app.add_api_route("/v1/outcomes", gateway.outcome, methods=["POST"], status_code=204, response_class=_NoContent)
    app.add_api_route("/healthz", lambda: _health(gateway), methods=["GET"])
    app.add_middleware(BodyLimit)
    app.add_exception_handler(ServingError, _refused)
    app.add_exception_handler(ValueError, _refused)
    app.add_exception_handler(RequestValidationError, _not_understood)
    if page is not None:
        app.mount("/", StaticFiles(directory=page, html=True), name="page")
    return app


class _NoContent(JSONResponse):
    """An answer without a body."""

    def render(self, content: Any) -> bytes:
        del content
        return b""


def _health(gateway: Gateway) -> JSONResponse:
    if gateway.healthy():
        return JSONResponse({"status": "ok"})
    return JSONResponse({"error": "no version of the model is in service"}, 503)


def _shown(item: RankedItem) -> ShownItem:
    return ShownItem(
        item_id=item.item_id,
        title=item.title,
        score=item.score,
        source=item.source,
        propensity=item.propensity,
        inclusion_probability=item.inclusion_probability,
        explored=item.inclusion_probability < _RARE,
    )


def _similar(item: ScoredItem) -> SimilarItem:
    return SimilarItem(item_id=item.item_id, title=item.title, score=item.score)


def _explained(explanation: Explanation) -> ExplainAnswer:
    return ExplainAnswer(
        item_id=explanation.item_id,
        source=explanation.source,
        matching_words=explanation.matching_words,
        similar_history=[_similar(item) for item in explanation.similar_history],
        # JSON knows no NaN, and a value that is not known explains nothing.
        features=[Effect(**asdict(effect)) for effect in explanation.features if math.isfinite(effect.value)],
        times_chosen=explanation.times_chosen,
        days_since_chosen=explanation.days_since_chosen,
    )


def _history(events: Sequence[Event]) -> dict[str, Any]:
    """The arguments of the client for one shopper's session."""
    return {
        "history_item_ids": [[event.item_id for event in events]],
        "history_event_types": [[event.event_type for event in events]],
        "history_ages": [[event.age_days for event in events]],
    }


def _refused(request: Request, error: Exception) -> JSONResponse:
    del request
    code = HTTP_STATUS.get(error.code, _BAD_GATEWAY) if isinstance(error, ServingError) else 422
    return JSONResponse({"error": str(error)}, code)


def _not_understood(request: Request, error: Exception) -> JSONResponse:
    """One line for each field that is wrong, without what the caller sent."""
    del request
    assert isinstance(error, RequestValidationError)
    lines = [f"{'.'.join(str(part) for part in problem['loc'][1:])}: {problem['msg']}" for problem in error.errors()]
    return JSONResponse({"error": "; ".join(lines)}, 422)
