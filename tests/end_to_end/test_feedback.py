"""What users do reaches the served model without training: shown, logged, joined, learned, served, and taken back."""

import json
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import numpy as np
import pytest

from serving.answers import Slate
from serving.client import ShopRankClient
from serving.feedback import FeedbackLog
from serving.model_server.process import start_server
from serving.model_server.version_directory import find_versions, fingerprint

USERS = ["1", "2", "3", "nobody"]
K = 10
ROUNDS = 6
"""How often each user is shown a slate."""
TWO_DAYS = 2 * 86_400

CommandLine = Callable[..., CompletedProcess[str]]


@dataclass(frozen=True)
class LoggedShop:
    """A served run of its own, and the log of slates of which some items were always bought, and the others never."""

    run_dir: Path
    client: ShopRankClient
    bought: frozenset[str]
    slates: int

    @property
    def versions(self) -> dict[int, Path]:
        return find_versions(self.run_dir / "serving" / "shoprank")

    def feedback(self, command_line: CommandLine, verb: str, *words: str) -> str:
        done = command_line("feedback", verb, "--run-dir", str(self.run_dir), *words)
        assert (done.returncode, done.stderr) == (0, ""), done.stdout[-3000:] + done.stderr[-3000:]
        return done.stdout

    def greedy(self) -> Slate:
        """What the first user is shown without chance."""
        return ask(self.client, "greedy", 0)[0]

    def wait(self) -> None:
        """Wait until the server has found the newest version by itself."""
        deadline, newest = time.monotonic() + 240, max(self.versions)
        while (newest, "AVAILABLE") not in {(status.version, status.state) for status in self.client.status()}:
            assert time.monotonic() < deadline, self.client.status()
            time.sleep(0.5)


def ask(client: ShopRankClient, policy: str, seed: int) -> list[Slate]:
    return client.recommend(**asked(policy, seed))


def gained(before: Slate, after: Slate) -> dict[str, float]:
    """How much more is expected of each item that is in both slates."""
    scores = {item.item_id: item.score for item in before.items}
    return {item.item_id: item.score - scores[item.item_id] for item in after.items if item.item_id in scores}


def asked(policy: str, seed: int) -> dict[str, Any]:
    return {"user_ids": USERS, "k": K, "policies": [policy] * len(USERS), "seeds": [seed] * len(USERS)}


@pytest.fixture(scope="module")
def logged(shop_run: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoggedShop]:
    run_dir = tmp_path_factory.mktemp("feedback") / "run"
    version = run_dir / "serving" / "shoprank" / shop_run.model.name
    shutil.copytree(shop_run.model, version)
    shutil.copy(shop_run.folder / "config.yaml", run_dir)
    with (
        start_server(version.parent, log_file=run_dir / "server.log", flags=["--enable_model_warmup=false"]) as server,
        ShopRankClient(server.target) as client,
    ):
        # The last of the first user's slate: it takes feedback to come further.
        bought = frozenset(item.item_id for item in ask(client, "greedy", 0)[0].items[K // 2 :])
        with FeedbackLog(run_dir / "feedback") as log:
            for seed in range(ROUNDS):
                policy = ("greedy", "thompson", "plackett_luce")[seed % 3]
                slates, shown_at = ask(client, policy, seed), time.time() - TWO_DAYS
                log.shown(slates, asked(policy, seed), shown_at)
                for slate in slates:
                    for item_id in bought & {item.item_id for item in slate.items}:
                        log.outcome(slate.request_id, item_id, "purchase", shown_at + 60)
        yield LoggedShop(run_dir, client, bought, ROUNDS * len(USERS))


def test_feedback_is_learned_from_once_and_can_be_taken_back(logged: LoggedShop, command_line: CommandLine) -> None:
    [trained] = logged.versions
    untouched, before = fingerprint(logged.versions[trained]), logged.greedy()
    assert before.model_version == str(trained)

    told = logged.feedback(command_line, "update")
    assert f"version {trained + 1}: learned from {logged.slates} slates with {logged.slates * K} items" in told
    logged.wait()
    after = logged.greedy()
    assert after.model_version == str(trained + 1)
    gains = gained(before, after)
    of_bought = [gain for item_id, gain in gains.items() if item_id in logged.bought]
    of_others = [gain for item_id, gain in gains.items() if item_id not in logged.bought]
    assert np.mean(of_bought) > np.mean(of_others), gains
    # The ranker itself is as it was.
    predicted = {item.item_id: item.predicted_utility for item in before.items}
    again = {item.item_id: item.predicted_utility for item in after.items}
    shared = predicted.keys() & again.keys()
    assert logged.bought & shared
    assert all(again[item] == pytest.approx(predicted[item], rel=1e-4) for item in shared)

    assert "nothing new to learn from" in logged.feedback(command_line, "update")
    assert sorted(logged.versions) == [trained, trained + 1]

    told = logged.feedback(command_line, "undo")
    assert f"version {trained + 2}: the posterior of version {trained}, without {logged.slates} slates" in told
    logged.wait()
    undone = logged.greedy()
    assert undone.model_version == str(trained + 2)
    assert undone.items == before.items
    assert fingerprint(logged.versions[trained]) == untouched


def test_the_log_is_counted_and_exported(logged: LoggedShop, command_line: CommandLine, tmp_path: Path) -> None:
    status = json.loads(logged.feedback(command_line, "status", "--json"))
    assert {row["policy"]: row["slates"] for row in status["slates"]} == {
        policy: logged.slates // 3 for policy in ("greedy", "thompson", "plackett_luce")
    }
    assert status["counts"]["outcomes"] == status["counts"]["counted"] > 0
    folder = Path(logged.feedback(command_line, "export", "--obp", str(tmp_path)).strip().replace("\n", ""))
    assert len((folder / "all.csv").read_text().splitlines()) == 1 + logged.slates * K
