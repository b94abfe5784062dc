"""The gateway's endpoints, over HTTP in one process: what reaches the client, what comes back, what is refused."""

import json
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from serving.answers import Explanation, FeatureEffect, RankedItem, ScoredItem, Slate, VersionStatus
from serving.client import ServingError
from serving.feedback import FeedbackLog

uvicorn = pytest.importorskip("uvicorn", reason="the extra `gateway` is not installed")

from serving.gateway.app import HTTP_STATUS, Gateway, gateway_app  # noqa: E402
from serving.gateway.body_limit import MOST_BYTES  # noqa: E402

SURE = RankedItem("jam", 0.9, 1.0, "history", 1.0, 0.8, [0.5, 1.0], "Plum jam")
BY_CHANCE = RankedItem("tea", 0.3, 0.02, "ann", 0.1, 0.2, [0.1, 1.0])
HEADERS = {"Content-Type": "application/json"}


@dataclass
class RecordedClient:
    """Gives fixed answers, notes what it was asked, and fails when told to."""

    asked: list[dict[str, Any]] = field(default_factory=list)
    failure: ServingError | None = None
    state: str = "AVAILABLE"

    def recommend(self, **asked: Any) -> list[Slate]:
        self._note(asked)
        return [Slate("request-1", "7", "thompson", [SURE, BY_CHANCE], seed=3)]

    def similar_items(self, item_ids: list[str], titles: list[str], k: int) -> list[list[ScoredItem]]:
        self._note({"item_ids": item_ids, "titles": titles, "k": k})
        return [[ScoredItem("tea", 0.5)]]

    def explain(self, user_ids: list[str], candidate_item_ids: list[list[str]], **asked: Any) -> Any:
        self._note({"user_ids": user_ids, "candidate_item_ids": candidate_item_ids, **asked})
        effects = [FeatureEffect("price", 2.0, 0.1), FeatureEffect("days_since", float("nan"), 0.2)]
        return [[Explanation("tea", "ann", 0.3, effects, [ScoredItem("jam", 0.9, "Plum jam")], ["green"], 2, 1.5)]]

    def status(self) -> list[VersionStatus]:
        self._note({})
        return [VersionStatus(7, self.state, "")]

    def _note(self, asked: dict[str, Any]) -> None:
        if self.failure:
            raise self.failure
        self.asked.append(asked)


@dataclass
class Shop:
    """A running gateway."""

    url: str
    client: RecordedClient
    log: Path

    def post(self, path: str, body: object) -> tuple[int, Any]:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self._send(urllib.request.Request(f"{self.url}{path}", data, HEADERS))

    def get(self, path: str) -> tuple[int, Any]:
        return self._send(urllib.request.Request(f"{self.url}{path}"))

    def _send(self, request: urllib.request.Request) -> tuple[int, Any]:
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, _read(answer)
        except urllib.error.HTTPError as error:
            return error.code, _read(error)


def _read(answer: Any) -> Any:
    content = answer.read()
    is_json = "json" in answer.headers.get("Content-Type", "")
    return json.loads(content) if is_json and content else content.decode()


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    page = tmp_path / "page"
    page.mkdir()
    (page / "index.html").write_text("<h1>A page</h1>", encoding="utf-8")
    client = RecordedClient()
    with FeedbackLog(tmp_path / "log") as log:
        app = gateway_app(Gateway(client, log), page)  # type: ignore[arg-type]
        with _running(app) as url:
            yield Shop(url, client, tmp_path / "log")


class _running:
    """A web application on a free port."""

    def __init__(self, app: Any) -> None:
        self._server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error"))
        self._thread = threading.Thread(target=self._server.run)

    def __enter__(self) -> str:
        self._thread.start()
        while not self._server.started:
            self._thread.join(0.01)
            assert self._thread.is_alive()
        [listening] = self._server.servers[0].sockets
        return f"http://127.0.0.1:{listening.getsockname()[1]}"

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join()


def test_a_slate_is_asked_for_shown_and_logged(shop: Shop) -> None:
    history = [{"item_id": "tea", "event_type": "click", "age_days": 0.5}]
    body = {"user_id": "u", "query": "jam", "history": history, "k": 2, "exclude_item_ids": ["milk"], "seed": 3}
    body |= {"allow_item_ids": ["jam", "tea"], "category": "food", "highest_price": 9.5}
    status, answer = shop.post("/v1/recommend", body)
    assert status == 200
    assert shop.client.asked == [
        {
            "user_ids": ["u"],
            "queries": ["jam"],
            "history_item_ids": [["tea"]],
            "history_event_types": [["click"]],
            "history_ages": [[0.5]],
            "exclude_item_ids": [["milk"]],
            "allow_item_ids": [["jam", "tea"]],
            "categories": ["food"],
            "lowest_prices": [None],
            "highest_prices": [9.5],
            "k": 2,
            "policies": [""],
            "seeds": [3],
        }
    ]
    assert (answer["request_id"], answer["model_version"], answer["policy"]) == ("request-1", "7", "thompson")
    assert [(item["item_id"], item["title"], item["source"], item["explored"]) for item in answer["items"]] == [
        ("jam", "Plum jam", "history", False),
        ("tea", "", "ann", True),
    ]
    assert shop.post("/v1/outcomes", {"request_id": "request-1", "item_id": "tea", "event_type": "click"}) == (204, "")


def test_slates_and_outcomes_reach_the_log(tmp_path: Path) -> None:
    import pyarrow.parquet

    client = RecordedClient()
    with FeedbackLog(tmp_path) as log:
        app = gateway_app(Gateway(client, log))  # type: ignore[arg-type]
        with _running(app) as url:
            shop = Shop(url, client, tmp_path)
            shop.post("/v1/recommend", {"user_id": "u"})
            shop.post("/v1/outcomes", {"request_id": "request-1", "item_id": "jam", "event_type": "buy", "value": 2.5})
    [shown] = pyarrow.parquet.read_table(tmp_path / "shown").to_pylist()
    [outcome] = pyarrow.parquet.read_table(tmp_path / "outcomes").to_pylist()
    assert (shown["request_id"], shown["user_id"], shown["item_ids"]) == ("request-1", "u", ["jam", "tea"])
    assert (outcome["item_id"], outcome["event_type"], outcome["value"]) == ("jam", "buy", 2.5)


def test_similar_items_and_explanations(shop: Shop) -> None:
    assert shop.post("/v1/similar", {"title": "green tea", "k": 3}) == (
        200,
        [{"item_id": "tea", "title": "", "score": 0.5}],
    )
    status, answer = shop.post("/v1/explain", {"user_id": "u", "item_id": "tea"})
    assert status == 200
    assert (answer["source"], answer["matching_words"], answer["days_since_chosen"]) == ("ann", ["green"], 1.5)
    assert [feature["name"] for feature in answer["features"]] == ["price"], "a value that is not known is left out"
    assert [item["title"] for item in answer["similar_history"]] == ["Plum jam"]


@pytest.mark.parametrize(
    ("path", "body", "error"),
    [
        ("/v1/recommend", {"k": 0}, "k: Input should be greater than or equal to 1"),
        ("/v1/recommend", {"k": 1_000_000}, "k: Input should be less than or equal to 100"),
        ("/v1/recommend", {"usr": "u"}, "usr: Extra inputs are not permitted"),
        ("/v1/recommend", {"seed": -1}, "seed: Input should be greater than or equal to 0"),
        ("/v1/recommend", {"history": [{"item_id": ""}]}, "history.0.item_id: String should have at least 1 character"),
        (
            "/v1/recommend",
            {"history": [{"item_id": "a", "age_days": -1}]},
            "history.0.age_days: Input should be greater than or equal to 0",
        ),
        ("/v1/recommend", b"{", "1: JSON decode error"),
        ("/v1/similar", {"title": " "}, "item_id, title: one of them is needed"),
        ("/v1/explain", {}, "item_id: Field required"),
        (
            "/v1/outcomes",
            {"request_id": "r", "item_id": "i", "event_type": ""},
            "event_type: String should have at least 1 character",
        ),
    ],
)
def test_bad_requests_are_refused_with_one_line(shop: Shop, path: str, body: object, error: str) -> None:
    assert shop.post(path, body) == (422, {"error": error})
    assert shop.client.asked == []


@pytest.mark.parametrize(("code", "status"), [*HTTP_STATUS.items(), ("INTERNAL", 502), ("", 502)])
def test_what_the_model_server_says_becomes_an_http_status(shop: Shop, code: str, status: int) -> None:
    shop.client.failure = ServingError("localhost:1: it says no", code)
    assert shop.post("/v1/recommend", {}) == (status, {"error": "localhost:1: it says no"})


def test_health_follows_the_model(shop: Shop) -> None:
    assert shop.get("/healthz") == (200, {"status": "ok"})
    shop.client.state = "LOADING"
    assert shop.get("/healthz") == (503, {"error": "no version of the model is in service"})


def test_the_page_and_the_description_of_the_endpoints_are_served(shop: Shop) -> None:
    assert shop.get("/") == (200, "<h1>A page</h1>")
    status, described = shop.get("/openapi.json")
    assert status == 200
    assert set(described["paths"]) == {"/v1/recommend", "/v1/similar", "/v1/explain", "/v1/outcomes", "/healthz"}


def test_outcomes_need_a_log() -> None:
    client = RecordedClient()
    app = gateway_app(Gateway(client, None))  # type: ignore[arg-type]
    with _running(app) as url:
        outcome = {"request_id": "r", "item_id": "i", "event_type": "click"}
        refused = Shop(url, client, Path()).post("/v1/outcomes", outcome)
    assert refused == (422, {"error": "this gateway keeps no feedback log; start it with --feedback"})


@pytest.mark.parametrize(
    ("flags", "error"),
    [
        (["--page", "{folder}"], "error: {folder}: has no index.html"),
        (["--port", "70000"], "--port: must be between 0 and 65535, is 70000"),
        (["--timeout", "0"], "--timeout: must be above 0, is 0"),
    ],
)
def test_bad_flags_are_refused(tmp_path: Path, flags: list[str], error: str) -> None:
    words = [flag.format(folder=tmp_path) for flag in flags]
    done = subprocess.run([sys.executable, "-m", "serving.gateway", *words], capture_output=True, text=True)
    assert done.returncode != 0
    assert done.stderr.strip().endswith(error.format(folder=tmp_path))


def test_the_gateway_imports_no_tensorflow() -> None:
    check = "import sys, serving.gateway.app; print([name for name in sys.modules if name.startswith('tensorflow')])"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_body_that_is_too_large_is_refused_and_the_next_request_answered(shop: Shop) -> None:
    large = json.dumps({"user_id": "u" * MOST_BYTES}).encode()
    assert shop.post("/v1/recommend", large) == (
        413,
        {"error": f"The request's body is larger than {MOST_BYTES} bytes"},
    )
    assert shop.client.asked == []
    fits = b'{"user_id": "anna"}'.ljust(MOST_BYTES)
    assert shop.post("/v1/recommend", fits)[0] == 200
