"""One client of a model server: asks for slates one after the other and notes how long each took. No TensorFlow."""

import math
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

_WARM_UP = 3
_ROUNDING = 1e-6


@dataclass(frozen=True)
class Shoppers:
    """What the clients of a measurement ask.

    Attributes:
        target: `host:port` of the server's gRPC endpoint.
        user_ids: Who asks, in turn.
        queries: Search texts, in turn; empty for none.
        k: Length of a slate.
        policy: The policy that is asked for.
        model_name: Name under which the server knows the model.
        timeout: Longest wait for one answer, in seconds.
    """

    target: str
    user_ids: Sequence[str]
    queries: Sequence[str] = ()
    k: int = 20
    policy: str = "thompson"
    model_name: str = "shoprank"
    timeout: float = 10.0


@dataclass(frozen=True)
class Schedule:
    """When one client asks.

    Attributes:
        start: When all clients begin, in the seconds of `time.time()`.
        seconds: How long they go on.
        interval: Seconds from one request to the next, whether or not it was answered in time; 0 asks again at once.
        first: How far into an interval the first request is.
    """

    start: float
    seconds: float
    interval: float = 0.0
    first: float = 0.0


@dataclass
class Seen:
    """What a client saw.

    Attributes:
        milliseconds: Time of each answered request, from when it was due.
        errors: Message of a failed request -> how often.
        versions: `model_version` of the answers -> how often.
        torn: Answers that no single version can have given: an item of another version, or none at all.
        began: When the first request was due, in the seconds of `time.time()`.
        ended: When the last answer came.
    """

    milliseconds: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    versions: Counter[str] = field(default_factory=Counter)
    torn: int = 0
    began: float = 0.0
    ended: float = 0.0


def ask_for_slates(shoppers: Shoppers, schedule: Schedule, number: int) -> Seen:
    """Be client `number`; call it in a process of its own.

    Item ids of a generated servable name its version, see `generated_servable`: an answer whose items do not is torn.
    Where item ids name no version, only an empty answer is.
    """
    from serving.client import ServingError, ShopRankClient
    from serving.connection_settings import ConnectionSettings, Retries

    seen = Seen()
    # A request that fails counts, also one that a second attempt would have saved.
    once = ConnectionSettings(retries=Retries(attempts=1))
    with ShopRankClient(shoppers.target, shoppers.model_name, shoppers.timeout, settings=once) as client:

        def ask(turn: int) -> None:
            users = [shoppers.user_ids[turn % len(shoppers.user_ids)]]
            queries = [shoppers.queries[turn % len(shoppers.queries)]] if shoppers.queries else None
            slate = client.recommend(users, queries=queries, k=shoppers.k, policies=[shoppers.policy])[0]
            seen.versions[slate.model_version] += 1
            seen.torn += not slate.items or any(not _fits(one.item_id, slate.model_version) for one in slate.items)

        for turn in range(_WARM_UP):
            try:
                ask(turn)
            except ServingError:
                # A server that is not well is counted below.
                break
        seen.versions.clear()
        seen.torn = 0
        go_on(ask, schedule, number, seen, ServingError)
    return seen


def go_on(ask: Callable[[int], None], schedule: Schedule, number: int, seen: Seen, failure: type[Exception]) -> None:
    """Ask on schedule and note times and failures.

    Args:
        ask: Sends one request, the number of which it is told.
        schedule: When.
        number: Of the client; clients ask for different users at a time.
        seen: Receives what happened.
        failure: What `ask` raises for a request that failed.
    """
    # A client that was not ready in time has kept nobody waiting.
    seen.began = max(schedule.start, time.time())
    for turn, due in enumerate(_due(schedule, seen.began), start=1_000 * number):
        time.sleep(max(0.0, due - time.time()))
        late = max(0.0, time.time() - due)
        begun = time.perf_counter()
        try:
            ask(turn)
            seen.milliseconds.append(1000 * (late + time.perf_counter() - begun))
        except failure as error:
            seen.errors[str(error)] += 1
    seen.ended = time.time()


def _due(schedule: Schedule, began: float) -> Iterator[float]:
    """When each request should be sent."""
    if schedule.interval:
        for turn in range(math.ceil((schedule.seconds - schedule.first) / schedule.interval - _ROUNDING)):
            yield began + schedule.first + turn * schedule.interval
        return
    while (now := time.time()) < began + schedule.seconds:
        yield now


def _fits(item_id: str, version: str) -> bool:
    named, dash, _ = item_id.partition("-")
    return not (dash and named.startswith("v") and named[1:].isdigit()) or named == f"v{version}"
