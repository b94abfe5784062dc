"""New items in a served model, without training: found, recommended, remembered, and kept by the next refresh."""

import csv
import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import numpy as np
import pandas as pd
import pytest

from serving.client import ShopRankClient
from serving.model_server.process import start_server
from serving.model_server.version_directory import find_versions, fingerprint
from tfx_pipeline.titles import read_titles
from trainer.model_files import POSTERIOR_FILE

NEW, LATER = "new-yogurt", "new-soap"
TITLE = "DRAGONFRUIT YOGURT 6 OZ"
CANDIDATES = 1000
"""More than all sources bring together."""

CommandLine = Callable[..., CompletedProcess[str]]


def write_items(path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture(scope="module")
def run_dir(shop_run: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the run, elsewhere: the others go on with theirs."""
    copy = tmp_path_factory.mktemp("moved") / "run"
    shutil.copytree(shop_run.folder, copy)
    return copy


@pytest.fixture(scope="module")
def shelf(purchases: tuple[pd.DataFrame, pd.DataFrame]) -> pd.DataFrame:
    """Yogurts, the most bought first."""
    lines, products = purchases
    yogurts = products[products["product_type"].fillna("").str.contains("YOGURT")]
    bought = lines["product_id"].value_counts()
    ids, counts = yogurts["product_id"].astype(str), yogurts["product_id"].map(bought).fillna(0)
    return yogurts.assign(product_id=ids, bought=counts).sort_values("bought", ascending=False)


@pytest.fixture(scope="module")
def new_items(shelf: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A yogurt that nobody has bought yet, and one of the shelf that is sold out."""
    first = shelf.iloc[0]
    category = " > ".join(first[["department", "product_category", "product_type"]])
    rows = [
        {"item_id": NEW, "title": TITLE, "category": category, "price": 1.25, "available": "yes"},
        {"item_id": shelf.iloc[1]["product_id"], "title": "", "category": "", "price": "", "available": "no"},
    ]
    return write_items(tmp_path_factory.mktemp("items") / "new.csv", rows)


@pytest.fixture(scope="module")
def trained(run_dir: Path) -> tuple[int, frozenset[tuple[str, int, int]]]:
    """The version that was pushed, and its files."""
    [(version, folder)] = find_versions(run_dir / "serving" / "shoprank").items()
    return version, fingerprint(folder)


@pytest.fixture(scope="module")
def refreshed(
    run_dir: Path, new_items: Path, trained: tuple[int, object], command_line: CommandLine
) -> CompletedProcess[str]:
    done = command_line("refresh-index", "--items", str(new_items), "--run-dir", str(run_dir))
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done


@pytest.fixture(scope="module")
def served_before(run_dir: Path, trained: tuple[int, object]) -> Iterator[ShopRankClient]:
    """A server that was started before the refresh."""
    versions, log = run_dir / "serving" / "shoprank", run_dir / "server.log"
    with (
        start_server(versions, log_file=log, flags=["--enable_model_warmup=false"]) as server,
        ShopRankClient(server.target) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def answers_before(served_before: ShopRankClient, shelf: pd.DataFrame) -> Any:
    return rank_shelf(served_before, shelf)


@pytest.fixture(scope="module")
def served(
    served_before: ShopRankClient, answers_before: Any, refreshed: CompletedProcess[str], run_dir: Path
) -> ShopRankClient:
    """The same server, once it has found the new version by itself."""
    wait_for(served_before, max(find_versions(run_dir / "serving" / "shoprank")))
    return served_before


def wait_for(client: ShopRankClient, version: int) -> None:
    deadline = time.monotonic() + 240
    while (version, "AVAILABLE") not in {(status.version, status.state) for status in client.status()}:
        assert time.monotonic() < deadline, client.status()
        time.sleep(0.5)


def rank_shelf(client: ShopRankClient, shelf: pd.DataFrame) -> Any:
    items = shelf["product_id"].head(20).tolist()
    return client.rank(["1", "nobody"], [items, items], queries=["", "yogurt"])


def shown(items: Any) -> list[str]:
    return [item.item_id for item in items]


def test_it_says_what_it_did(refreshed: CompletedProcess[str], run_dir: Path) -> None:
    version = max(find_versions(run_dir / "serving" / "shoprank"))
    assert f"version {version}:" in refreshed.stdout
    assert "1 new, 1 updated, 1 hidden" in refreshed.stdout
    assert "2 items with item_id, title, category, price, available" in refreshed.stdout


def test_the_old_version_is_untouched(
    refreshed: CompletedProcess[str], trained: tuple[int, frozenset[tuple[str, int, int]]], run_dir: Path
) -> None:
    versions = find_versions(run_dir / "serving" / "shoprank")
    assert sorted(versions)[0] == trained[0] and len(versions) == 2
    assert fingerprint(versions[trained[0]]) == trained[1]
    new = versions[max(versions)]
    assert (new / POSTERIOR_FILE).read_bytes() == (versions[trained[0]] / POSTERIOR_FILE).read_bytes()
    assert not [path for path in new.parent.iterdir() if path.name.startswith(".")]


def test_the_new_item_is_found_by_its_words(served: ShopRankClient, run_dir: Path) -> None:
    slate = served.recommend([""], queries=["dragonfruit yogurt"], k=10)[0]
    assert NEW in shown(slate.items)
    assert shown(served.retrieve([""], queries=[TITLE], k=10)[0])[0] == NEW
    assert slate.model_version == str(max(find_versions(run_dir / "serving" / "shoprank")))
    assert read_titles(run_dir / "serving" / "shoprank" / slate.model_version)[NEW] == TITLE


def test_it_is_like_its_shelf(served: ShopRankClient, shelf: pd.DataFrame) -> None:
    yogurts = set(shelf["product_id"])
    assert len(yogurts & set(shown(served.similar_items(item_ids=[NEW], k=10)[0]))) >= 8
    likes = served.similar_items(item_ids=shelf["product_id"].head(5).tolist(), k=len(shelf))
    assert sum(NEW in shown(items) for items in likes) >= 3


def test_a_session_on_its_shelf_is_near_to_it(served: ShopRankClient, shelf: pd.DataFrame) -> None:
    session = [shelf["product_id"].head(6).drop(shelf.index[1]).tolist()]
    # Nobody has bought it, so that thousands of items go before it where all of the shop is asked; most do not.
    nearest = shown(served.retrieve([""], history_item_ids=session, k=100_000)[0])
    assert nearest.index(NEW) < 0.1 * len(nearest)


def test_it_may_be_the_history(served: ShopRankClient) -> None:
    # All candidates: what was chosen a moment ago need not be wanted again at once.
    nothing, new = served.recommend(["", ""], history_item_ids=[[], [NEW]], k=CANDIDATES)
    assert "history" not in {item.source for item in nothing.items}
    [offered] = [item for item in new.items if item.item_id == NEW]
    assert offered.source == "history"


def test_a_hidden_item_is_in_no_answer(served: ShopRankClient, shelf: pd.DataFrame) -> None:
    hidden, title = shelf.iloc[1]["product_id"], shelf.iloc[1]["product_type"]
    answers = [
        *served.recommend(["", ""], queries=["", title], history_item_ids=[[hidden], [hidden]], k=CANDIDATES),
    ]
    assert all(hidden not in shown(slate.items) for slate in answers)
    assert hidden not in shown(served.retrieve([""], queries=[title], k=100_000)[0])


def test_known_items_are_scored_as_before(served: ShopRankClient, answers_before: Any, shelf: pd.DataFrame) -> None:
    for before, after in zip(answers_before, rank_shelf(served, shelf), strict=True):
        np.testing.assert_allclose(after.utility, before.utility, rtol=1e-3)


@pytest.mark.slow
def test_a_second_refresh_keeps_the_first(
    served: ShopRankClient, run_dir: Path, shelf: pd.DataFrame, tmp_path: Path, command_line: CommandLine
) -> None:
    rows = [{"item_id": LATER, "title": "AYURVEDIC SOAP"}, {"item_id": NEW, "title": "DRAGONFRUIT SKYR"}]
    path = write_items(tmp_path / "later.csv", rows)
    done = command_line("refresh-index", "--items", str(path), "--run-dir", str(run_dir))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 new, 1 updated, 1 hidden" in done.stdout
    wait_for(served, max(find_versions(run_dir / "serving" / "shoprank")))
    queries = ["ayurvedic soap", "dragonfruit skyr"]
    # Of an item without category and price the words alone speak, and the ranker may put others first.
    bare, described = served.recommend(["", ""], queries=queries, k=CANDIDATES)
    assert [item.source for item in bare.items if item.item_id == LATER] == ["lexical"]
    assert NEW in shown(described.items[:10])
    assert shelf.iloc[1]["product_id"] not in shown(served.retrieve([""], k=100_000)[0])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("damaged", "message"),
    [
        ("tfx/TowerTrainer/model/*/Format-Serving/users.npz", "users.npz: cannot be read: "),
        ("serving/shoprank/*/assets.extra/parts.json", "parts.json: damaged: "),
    ],
)
def test_damaged_artifacts(
    shop_run: Any, tmp_path: Path, new_items: Path, command_line: CommandLine, damaged: str, message: str
) -> None:
    run_dir = tmp_path / "run"
    shutil.copytree(shop_run.folder, run_dir)
    for path in run_dir.glob(damaged):
        path.write_bytes(b"\0" * 100)
    versions = set(os.listdir(run_dir / "serving" / "shoprank"))
    done = command_line("refresh-index", "--items", str(new_items), "--run-dir", str(run_dir))
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1), done.stderr
    assert message in done.stderr
    assert set(os.listdir(run_dir / "serving" / "shoprank")) == versions
