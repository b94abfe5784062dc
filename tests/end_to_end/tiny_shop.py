"""A third of the shop that examples/tiny_shop.py writes, with little training: for tests of how stages run."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

_SCRIPT = Path(__file__).parents[2] / "examples" / "tiny_shop.py"
_LAST_CUSTOMER = "c101,"


def write_tiny_shop(folder: Path) -> dict[str, Any]:
    """Write orders.csv, with the rows of 100 customers, and products.csv into a folder.

    Returns:
        A configuration without `run_dir`, for a file in that folder.
    """
    subprocess.run([sys.executable, _SCRIPT, folder], check=True)
    orders = folder / "orders.csv"
    header, *lines = orders.read_text(encoding="utf-8").splitlines(keepends=True)
    orders.write_text("".join([header, *(line for line in lines if line < _LAST_CUSTOMER)]), encoding="utf-8")
    document = yaml.safe_load((folder / "shop.yaml").read_text(encoding="utf-8"))
    del document["run_dir"]
    return document | {
        "retrieval": {"epochs": 1},
        "ranker": {"batch_cases": 16, "epochs": 2},
        "automation": {"action": "filter"},
        "evaluation": {"baselines": ["most popular"], "bootstrap_rounds": 20, "search_queries": 20},
    }
