"""The three speeds between two trainings: what moves the answers in a request, in minutes, and with the catalogue.

Each is tested in depth elsewhere: test_served_model.py, test_feedback.py, test_refresh_index.py.
"""

import csv
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import numpy as np
import pandas as pd
import pytest

from serving.answers import Slate
from serving.client import ShopRankClient
from serving.feedback import FeedbackLog
from serving.model_server.process import start_server
from serving.model_server.version_directory import find_versions

USER, K = "1", 10
TWO_DAYS = 2 * 86_400

CommandLine = Callable[..., CompletedProcess[str]]


@dataclass(frozen=True)
class Server:
    """A server and the run directory of its own that it takes versions from."""

    client: ShopRankClient
    run_dir: Path

    def answer(self) -> Slate:
        """What the user is shown without chance, by the newest version."""
        newest, deadline = max(find_versions(self.run_dir / "serving" / "shoprank")), time.monotonic() + 240
        while (newest, "AVAILABLE") not in {(status.version, status.state) for status in self.client.status()}:
            assert time.monotonic() < deadline, self.client.status()
            time.sleep(0.5)
        return self.client.recommend([USER], k=K, policies=["greedy"])[0]


@pytest.fixture
def server(shop_run: Any, tmp_path: Path) -> Iterator[Server]:
    run_dir = tmp_path / "run"
    shutil.copytree(shop_run.folder, run_dir)
    flags, versions = ["--enable_model_warmup=false"], run_dir / "serving" / "shoprank"
    with (
        start_server(versions, log_file=tmp_path / "server.log", flags=flags) as started,
        # Without warm-up the first request to each version takes long.
        ShopRankClient(started.target, timeout=120.0) as client,
    ):
        yield Server(client, run_dir)


def test_seconds_a_session_moves_the_next_answer(
    served: ShopRankClient, purchases: tuple[pd.DataFrame, pd.DataFrame]
) -> None:
    lines, _ = purchases
    # What the user has never had, so that nothing but the request can tell of it.
    own = set(lines.loc[lines["household_id"] == int(USER), "product_id"].astype(str))
    others = [item for item in lines["product_id"].astype(str).value_counts().index if item not in own][:3]
    before, after = served.recommend([USER, USER], history_item_ids=[[], others], k=K)
    assert [item.item_id for item in after.items] != [item.item_id for item in before.items]
    assert after.model_version == before.model_version


@pytest.mark.slow  # a server and two commands; each speed by itself is in the fast tests
@pytest.mark.timeout(1800)
def test_every_speed_moves_the_answers_of_one_server(server: Server, command_line: CommandLine) -> None:
    trained = server.answer()
    in_session = server.client.recommend([USER], history_item_ids=[[trained.items[-1].item_id]], k=K)[0]
    assert in_session.items != trained.items and in_session.model_version == trained.model_version

    with FeedbackLog(server.run_dir / "feedback") as log:
        shown_at, bought = time.time() - TWO_DAYS, {item.item_id for item in trained.items[K // 2 :]}
        log.shown([trained], {"user_ids": [USER], "k": K, "policies": ["greedy"]}, shown_at)
        for item_id in bought:
            log.outcome(trained.request_id, item_id, "purchase", shown_at + 60)
    succeed(command_line("feedback", "update", "--run-dir", str(server.run_dir)))
    learned = server.answer()
    gains = gained(trained, learned)
    assert np.mean([gains[item] for item in gains if item in bought]) > np.mean(
        [gains[item] for item in gains if item not in bought]
    ), gains
    assert int(learned.model_version) == int(trained.model_version) + 1

    items, first = server.run_dir.with_name("sold_out.csv"), learned.items[0].item_id
    with items.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["item_id", "available"], [first, "no"]])
    succeed(command_line("refresh-index", "--items", str(items), "--run-dir", str(server.run_dir)))
    refreshed = server.answer()
    assert first not in {item.item_id for item in refreshed.items}
    assert int(refreshed.model_version) == int(trained.model_version) + 2


def succeed(done: CompletedProcess[str]) -> None:
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


def gained(before: Slate, after: Slate) -> dict[str, float]:
    """How much more is expected of each item that is in both slates."""
    earlier, later = ({item.item_id: item.score for item in slate.items} for slate in (before, after))
    return {item: later[item] - earlier[item] for item in earlier.keys() & later.keys()}
