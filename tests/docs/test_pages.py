"""The pages as a whole: languages, links, figures, and the site that is built from them."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import yaml

from tfx_pipeline.config import RankerConfig, RetrievalConfig

if TYPE_CHECKING:
    from trainer.catalogue import Catalogue
    from trainer.neighbour_scores import NeighbourScores
    from trainer.retrieval import TwoTowerModel

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
TEXT_DIMENSION = 128
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

    def bytes_of_towers(items: int) -> int:
        return sum(weight.value.numpy().nbytes for weight in default_towers(items).weights)

    def bytes_of_neighbours(items: int) -> int:
        return sum(variable.numpy().nbytes for variable in no_neighbours(items).variables)

    towers = (bytes_of_towers(200) - bytes_of_towers(100)) / 100
    neighbours = (bytes_of_neighbours(200) - bytes_of_neighbours(100)) / 100
    preference, categories, interval = 64, 3, 1
    store = 4 * (preference + categories + len(ItemStore.NUMBERS) + interval)
    popularity, item_id = 4, 24
    last_layer = 32
    exploration = (bytes_of_head(200, last_layer) - bytes_of_head(100, last_layer)) / 100
    parts = example("scaling_arithmetic").bytes_per_item(preference, TEXT_DIMENSION, last_layer)
    assert towers + neighbours + store + exploration + popularity + item_id == sum(parts.values())


def bytes_of_head(items: int, last_layer: int) -> int:
    from trainer.bandit.exploration_head import ExplorationHead
    from trainer.bandit.posterior import LinearPosterior
    from trainer.bandit.settings import ExplorationSettings

    prior = LinearPosterior.prior(last_layer + 1, 1.0, 1.0, item_precision=1.0)
    head = ExplorationHead(prior, [str(item) for item in range(items)], ExplorationSettings())
    return sum(variable.numpy().nbytes for variable in head.variables)


def default_towers(items: int) -> "TwoTowerModel":
    """Untrained towers of the default configuration."""
    from trainer.item_tables import ItemFeatures
    from trainer.retrieval_training import build_towers

    catalogue = blank_catalogue(items)
    known = ItemFeatures.of_catalogue(catalogue, np.zeros((items + 1, TEXT_DIMENSION), np.float32))
    return build_towers(catalogue, known, {"users": 1, "event_types": 1}, RetrievalConfig().model_dump())


def blank_catalogue(items: int) -> "Catalogue":
    from trainer.catalogue import Catalogue

    names, numbers = np.full(items, "", object), np.zeros(items + 1, np.float32)
    categories, brands = np.zeros((items + 1, 3), np.int32), np.zeros(items + 1, np.int32)
    return Catalogue(names, names, names, categories, brands, numbers, numbers, (2, 2, 2), 2)


def no_neighbours(items: int) -> "NeighbourScores":
    from trainer.item_to_item import Neighbours
    from trainer.neighbour_scores import NeighbourScores

    return NeighbourScores(Neighbours(np.full((items, 2), -1, np.int32), np.zeros((items, 2), np.float32)))


def test_the_settings_of_the_towers_are_all_there_with_their_defaults(blocks: list[Any]) -> None:
    of_page = [block.text for block in blocks if (block.page, block.language) == ("docs/two_towers.md", "yaml")]
    sections = [yaml.safe_load(text)["retrieval"] for text in of_page]
    assert sections[0] == RetrievalConfig().model_dump()
    assert len(sections) == 4
    for section in sections:
        RetrievalConfig.model_validate(section)


def test_the_candidates_of_the_ranker_page_are_the_defaults(blocks: list[Any]) -> None:
    text, *_ = [block.text for block in blocks if (block.page, block.language) == ("docs/ranker.md", "yaml")]
    shown, defaults = yaml.safe_load(text)["ranker"], RankerConfig().model_dump()
    assert shown.items() <= defaults.items()
    for page in ("servable", "operations"):
        assert f"{sum(shown.values())}" in (DOCS / f"{page}.md").read_text(encoding="utf-8")


def test_the_features_of_the_ranker_page_are_those_of_the_graph() -> None:
    import tensorflow as tf

    from trainer.cross_features import CrossFeatures
    from trainer.item_statistics import item_statistics
    from trainer.item_store import ItemStore
    from trainer.user_events import UserEvents

    nothing = np.zeros(0, np.int64)
    nobody = UserEvents(nothing, np.zeros(1, np.int64), nothing, nothing, nothing, nothing.astype(bool))
    preferences, texts = np.zeros((2, 4), np.float32), tf.Variable(tf.zeros([2, 4]))
    store = ItemStore(blank_catalogue(1), preferences, texts, item_statistics([nobody], 1))
    graph = CrossFeatures(store, no_neighbours(1), tf.ones([1, 1]), ("<objective>",))

    table = (DOCS / "ranker.md").read_text(encoding="utf-8").partition("| features |")[2].partition("\n\n")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    shown = {name for row in rows for name in complete(re.findall(r"`([^`]+)`", row))}
    assert shown == {re.sub(r"category_\d", "category_<level>", name) for name in graph.names}


def complete(names: list[str]) -> list[str]:
    """`count_days_7`, `_30` as the page shortens them, in full."""
    full: list[str] = []
    for name in names:
        full.append(full[0].rpartition("_")[0] + name if name.startswith("_") else name)
    return full


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
