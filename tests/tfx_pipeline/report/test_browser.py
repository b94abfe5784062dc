"""The report as a browser shows it."""

import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from tfx_pipeline.report.comparison import write_comparison
from tfx_pipeline.report.sections import SECTIONS
from tfx_pipeline.run_summary import RunSummary

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

SCRIPT = Path(__file__).resolve().parents[3] / "scripts/save_report_screenshot.py"
READABLE = 4.5
"""The contrast that WCAG 2.2 asks of text (success criterion 1.4.3)."""

COLOURS = """
const parts = [...document.querySelectorAll('h1, h2, p, dt, dd, th, td, small, summary, a, span.verdict, .chart text')];
const shown = parts.filter(part => part.textContent.trim() && part.getClientRects().length);
function back(part) {
  for (; part; part = part.parentElement) {
    const colour = getComputedStyle(part).backgroundColor;
    if (colour !== 'rgba(0, 0, 0, 0)') return colour;
  }
}
const pair = part => [part.closest('svg') ? getComputedStyle(part).fill : getComputedStyle(part).color, back(part)];
return [...new Set(shown.map(part => pair(part).join('|')))];
"""
OVERFLOWING = """
const width = document.documentElement.clientWidth;
const inScroll = part => part.closest('.scroll') && !part.classList.contains('scroll');
return [...document.querySelectorAll('body *')]
  .filter(part => !inScroll(part) && part.getBoundingClientRect().right > width + 1)
  .map(part => part.tagName + ' ' + part.className);
"""


def load_script() -> ModuleType:
    specification = importlib.util.spec_from_file_location("save_report_screenshot", SCRIPT)
    assert specification is not None and specification.loader is not None
    script = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(script)
    return script


@pytest.fixture(scope="module")
def script() -> ModuleType:
    pytest.importorskip("selenium", reason="selenium is not installed")
    return load_script()


@pytest.fixture(scope="module")
def browser(script: ModuleType) -> Iterator["Chrome"]:
    try:
        with script.open_browser() as chrome:
            yield chrome
    except script.NoBrowserError as error:
        pytest.skip(str(error))


@pytest.fixture
def report(full_page: str, tmp_path: Path) -> Path:
    (tmp_path / "report.html").write_text(full_page, encoding="utf-8")
    return tmp_path / "report.html"


@pytest.fixture
def comparison(short_run: RunSummary, tmp_path: Path) -> Path:
    write_comparison(short_run, short_run, tmp_path / "comparison.html")
    return tmp_path / "comparison.html"


def luminance(colour: str) -> float:
    """Relative luminance of `rgb(...)` (WCAG 2.2)."""
    channels = [int(channel) / 255 for channel in re.findall(r"\d+", colour)[:3]]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_a_browser_finds_every_section_and_has_nothing_to_complain_about(
    script: ModuleType, browser: "Chrome", report: Path
) -> None:
    script.show(browser, report, 1280, 900)
    for section in SECTIONS:
        (heading,) = browser.find_elements("css selector", f"section#{section.id} > h2")
        assert heading.is_displayed() and heading.text == section.title
        (link,) = browser.find_elements("css selector", f"nav a[href='#{section.id}']")
        assert link.is_displayed()
    charts = browser.find_elements("css selector", "svg.chart")
    assert charts and all(chart.size["height"] > 30 for chart in charts)
    assert browser.get_log("browser") == []  # type: ignore[no-untyped-call]
    assert browser.title == "Corner <shop>: run report"


def test_light_and_dark_pages_differ_and_both_can_be_read(script: ModuleType, browser: "Chrome", report: Path) -> None:
    backgrounds = {}
    for scheme in ("light", "dark"):
        script.show(browser, report, 1280, 900, scheme)
        browser.execute_script("document.querySelectorAll('details').forEach(part => part.open = true)")
        pairs = [pair.split("|") for pair in browser.execute_script(COLOURS)]
        assert len(pairs) > 5
        assert [pair for pair in pairs if contrast(*pair) < READABLE] == []
        backgrounds[scheme] = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert luminance(backgrounds["light"]) > 0.8 > 0.05 > luminance(backgrounds["dark"])


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("page", ["report", "comparison"])
def test_nothing_is_wider_than_the_page(
    script: ModuleType, browser: "Chrome", page: str, width: int, request: pytest.FixtureRequest
) -> None:
    script.show(browser, request.getfixturevalue(page), width, 900)
    browser.execute_script("document.querySelectorAll('details').forEach(part => part.open = true)")
    assert browser.execute_script("return document.documentElement.scrollWidth") == width
    assert browser.execute_script(OVERFLOWING) == []


def test_print_is_light_even_for_those_who_prefer_dark(script: ModuleType, browser: "Chrome", report: Path) -> None:
    script.show(browser, report, 1280, 900, "dark")
    media = {"media": "print", "features": [{"name": "prefers-color-scheme", "value": "dark"}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    text = browser.execute_script("return getComputedStyle(document.body).color")
    assert contrast(text, "rgb(255, 255, 255)") >= READABLE
    assert not browser.find_element("css selector", "nav").is_displayed()
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def test_a_picture_is_saved_for_the_readme(
    script: ModuleType, browser: "Chrome", report: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = tmp_path / "images" / "report.png"
    arguments = [str(SCRIPT), str(report), str(picture), "--width", "400", "--height", "300"]
    monkeypatch.setattr("sys.argv", arguments)
    script.main()
    header = picture.read_bytes()[:24]
    assert header.startswith(b"\x89PNG")
    assert (int.from_bytes(header[16:20], "big"), int.from_bytes(header[20:24], "big")) == (400, 300)


def test_a_missing_page_is_told_in_one_line(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", [str(SCRIPT), str(tmp_path / "none.html"), "picture.png"])
    with pytest.raises(SystemExit):
        script.main()
    assert f"{tmp_path / 'none.html'}: there is no such file" in capsys.readouterr().err
