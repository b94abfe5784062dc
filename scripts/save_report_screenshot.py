"""Save a picture of a run's report, as a visitor of the README sees it: needs Chromium and its driver.

    .venv/bin/python scripts/save_report_screenshot.py runs/demo/report.html docs/images/report.png

`scripts/setup_browser.sh` installs the browser where it can.
"""

import argparse
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

Scheme = Literal["light", "dark"]


class NoBrowserError(RuntimeError):
    """There is no Chromium, or no driver for it."""


@contextmanager
def open_browser() -> Iterator[Chrome]:
    """Start a browser without a window.

    Raises:
        NoBrowserError: There is none, or no driver for it.
    """
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    if browser is None or driver is None:
        missing = "a Chromium browser" if browser is None else "chromedriver"
        raise NoBrowserError(f"no {missing} on PATH; scripts/setup_browser.sh installs it")
    options = ChromeOptions()
    options.binary_location = browser
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    chrome = Chrome(options=options, service=Service(driver))
    try:
        yield chrome
    finally:
        chrome.quit()


def show(chrome: Chrome, page: Path, width: int, height: int, scheme: Scheme = "light") -> None:
    """Open a page in a window of that size, in CSS pixels, for a reader who prefers that colour scheme."""
    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    chrome.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    chrome.get(page.resolve().as_uri())


def save_screenshot(page: Path, picture: Path, width: int, height: int, scheme: Scheme = "light") -> None:
    """Save what a window of that size shows of a page, as PNG.

    Raises:
        NoBrowserError: There is no browser.
        OSError: The picture cannot be written.
    """
    with open_browser() as chrome:
        show(chrome, page, width, height, scheme)
        picture.parent.mkdir(parents=True, exist_ok=True)
        picture.write_bytes(chrome.get_screenshot_as_png())


def main() -> None:
    """Read the command line and save the picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("page", type=Path, help="the report of a run")
    parser.add_argument("picture", type=Path, help="the PNG file to write")
    parser.add_argument("--width", type=int, default=1280, help="of the window, in CSS pixels")
    parser.add_argument("--height", type=int, default=1400, help="of the window, in CSS pixels")
    parser.add_argument("--scheme", choices=("light", "dark"), default="light")
    given = parser.parse_args()
    if not given.page.is_file():
        parser.error(f"{given.page}: there is no such file")
    try:
        save_screenshot(given.page, given.picture, given.width, given.height, given.scheme)
    except NoBrowserError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
