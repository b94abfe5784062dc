"""The storefront in a browser: page, gateway, model server and feedback log, all real."""

import importlib.util
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pyarrow.parquet
import pytest

pytest.importorskip("fastapi", reason="the extra `gateway` is not installed")

from serving.gateway.__main__ import LISTENING

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0
"""Seconds that one step may take."""


@dataclass(frozen=True)
class Storefront:
    """The page in a browser, and the log behind it."""

    chrome: Any
    log: Path
    gateway: "subprocess.Popen[str]"

    def texts(self, selector: str) -> list[str]:
        script = "return [...document.querySelectorAll(arguments[0])].map(part => part.textContent.trim())"
        return list(self.chrome.execute_script(script, selector))

    def click(self, selector: str) -> None:
        self.chrome.execute_script("document.querySelector(arguments[0]).click()", selector)

    def wait(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, self.texts("#status")
            time.sleep(0.05)


@pytest.fixture(scope="module")
def storefront(server_target: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Storefront]:
    folder = tmp_path_factory.mktemp("storefront")
    command = [sys.executable, "-m", "serving.gateway", f"--server={server_target}", "--port=0"]
    command += [f"--feedback={folder / 'log'}", f"--page={ROOT / 'examples/storefront'}"]
    gateway = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=ROOT)
    assert gateway.stderr is not None
    url = gateway.stderr.readline().removeprefix(LISTENING).strip()
    script = _screenshot_script()
    try:
        with script.open_browser() as chrome:
            chrome.get(url)
            yield Storefront(chrome, folder / "log", gateway)
    except script.NoBrowserError as error:
        pytest.skip(str(error))
    finally:
        gateway.terminate()
        gateway.wait(PATIENCE)


def _screenshot_script() -> ModuleType:
    specification = importlib.util.spec_from_file_location("screenshot", ROOT / "scripts/save_report_screenshot.py")
    assert specification is not None and specification.loader is not None
    script = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(script)
    return script


def test_a_visit(storefront: Storefront, shop_run: Any) -> None:
    storefront.wait(lambda: len(storefront.texts("#slate li")) == 12)
    assert shop_run.model.name in storefront.texts("#status")[0]

    storefront.chrome.execute_script("document.querySelector('#query').value = 'cheese'")
    storefront.click("#asking button")
    storefront.wait(lambda: "lexical" in storefront.texts("#slate .source"))
    assert any("cheese" in title.lower() for title in storefront.texts("#slate .title"))

    storefront.click("#slate li .why")
    storefront.wait(lambda: storefront.texts("#detail h2")[0].startswith("Why "))
    assert any(line.startswith("Brought by ") for line in storefront.texts("#detail li"))
    storefront.click("#slate li .similar")
    storefront.wait(lambda: storefront.texts("#detail h2")[0].startswith("Like "))
    assert len(storefront.texts("#detail li")) == 8

    [opened] = storefront.chrome.execute_script("return [document.querySelector('#slate li').dataset.itemId]")
    storefront.click("#slate li .open")
    storefront.wait(
        lambda: (
            storefront.texts("#detail")[0] != ""
            and storefront.chrome.execute_script("return document.querySelector('#detail').hidden")
        )
    )
    assert [entry for entry in storefront.chrome.get_log("browser") if entry["level"] == "SEVERE"] == []

    storefront.gateway.terminate()
    assert storefront.gateway.wait(PATIENCE) == 0
    [outcome] = pyarrow.parquet.read_table(storefront.log / "outcomes").to_pylist()
    shown = {row["request_id"]: row for row in pyarrow.parquet.read_table(storefront.log / "shown").to_pylist()}
    assert (outcome["item_id"], outcome["event_type"]) == (opened, "click")
    assert opened in shown[outcome["request_id"]]["item_ids"]
    assert [row["history_item_ids"] for row in shown.values() if row["history_item_ids"]] == [[opened]]
