"""The pages as a whole: languages, links, figures, and the site that is built from them."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
LANGUAGES = {"bash", "python", "text", "yaml"}
LOADED = re.compile(r"<(?:script|link|img|iframe)\b[^>]*\b(?:src|href)=[\"']?((?:https?:)?//[^\s\"'>]+)")
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(#[^)\s]+)?\)")


def anchors_of(page: Path) -> set[str]:
    """Where links can lead to in a page, as GitHub and MkDocs name headings."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def test_links_and_anchors_lead_somewhere(page: Path) -> None:
    for path, anchor in LINK.findall(page.read_text(encoding="utf-8")):
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{page.name}: {path}"
        if anchor:
            assert anchor[1:] in anchors_of(target), f"{page.name}: {path}{anchor}"


def test_every_block_of_the_site_has_a_language(blocks: list[Any]) -> None:
    of_site = [block for block in blocks if block.page.startswith("docs/")]
    assert [block.place for block in of_site if block.language not in LANGUAGES] == []


def test_the_arithmetic_follows_from_the_rates_and_the_widths() -> None:
    arithmetic = example("scaling_arithmetic")
    shown = re.search(r"^1,000,000,000 events\n.*?(?=```)", (DOCS / "scaling_out.md").read_text(), re.M | re.S)
    assert shown is not None
    sizes = [float(size) for size in re.findall(r"on disk\s+[\d,]+ x ([\d.]+) B", shown[0])]
    lines = arithmetic.lines(arithmetic.EventBytes(*sizes), (DOCS / "scale.md").read_text(encoding="utf-8"))
    without_rounding = re.compile(r"(on disk .*) = [\d.]+ GB")
    assert [without_rounding.sub(r"\1", line) for line in lines] == [
        without_rounding.sub(r"\1", line) for line in shown[0].splitlines()
    ]


def test_the_widths_are_those_of_the_models() -> None:
    from trainer.item_store import ItemStore
    from trainer.retrieval import TwoTowerModel

    def bytes_of_towers(items: int) -> int:
        model = TwoTowerModel(
            user_count=1, item_count=items, category_sizes=(2, 2, 2), brand_size=2, text_dimension=128, dimension=64
        )
        return sum(4 * int(weight.value.numpy().size) for weight in model.weights)

    towers = (bytes_of_towers(200) - bytes_of_towers(100)) / 100
    store = 4 * (64 + 3 + len(ItemStore.NUMBERS))
    popularity, item_id = 4, 24
    parts = example("scaling_arithmetic").bytes_per_item(64, 128)
    assert towers + store + popularity + item_id == sum(parts.values())


def example(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, ROOT / "examples" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.timeout(300)
def test_the_site_is_built_without_a_warning_and_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    for name in ("mkdocs", "material", "mkdocstrings"):
        if importlib.util.find_spec(name) is None:
            pytest.skip(f"{name} is not installed: it comes with the extra [dev]")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path / "site")]
    build = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=280)
    assert build.returncode == 0, build.stderr[-3000:]

    pages = {path.relative_to(tmp_path / "site").as_posix(): path for path in (tmp_path / "site").rglob("*.html")}
    assert set(pages) >= {page.relative_to(DOCS).with_suffix(".html").as_posix() for page in DOCS.rglob("*.md")}
    for name, path in pages.items():
        assert LOADED.findall(path.read_text(encoding="utf-8")) == [], name
    reference = pages["reference/evaluation.html"].read_text()
    assert "score_rankings" in reference
