"""The figures on a made-up catalogue in which content decides, and without data."""

from pathlib import Path

import numpy as np
import pytest

from tfx_pipeline.benchmarks.quality.snapshot import Shop
from tfx_pipeline.benchmarks.text import cold_items, cold_items_ranker
from tfx_pipeline.benchmarks.text.cold_items import cold_item_figures, measure_cold_items
from tfx_pipeline.benchmarks.text.cold_items_cases import ColdItemData
from tfx_pipeline.benchmarks.text.cold_items_settings import ColdItemSettings, read_cold_item_settings

SETTINGS = ColdItemSettings.model_validate(
    {
        "similarities": {"title": {"vectors": "words", "of": "title"}, "brand": {"vectors": "brand"}},
        "decay": 0.7,
        "pool": {"title": 30, "brand": 30},
        "parts": 4,
        "negatives": 20,
        "l2": 0.01,
        "seeds": [1, 2],
    }
)


def made_up() -> ColdItemData:
    """Next items are of the brand of the last item; the words of the texts mislead."""
    draw = np.random.default_rng(0)
    brands = np.arange(120) % 20
    titles = [" ".join(f"w{word}" for word in draw.integers(0, 15, 4)) for _ in range(120)]

    def rows(items: range, count: int, owner: str) -> list[dict[str, object]]:
        made = []
        for number in range(count):
            item = int(draw.choice(items))
            alike = [other for other in range(100) if brands[other] == brands[item] and other != item]
            made.append({"user": f"{owner}{number}", "history": [int(draw.choice(alike))], "next": item})
        return made

    shop = Shop(120, np.array(titles, np.object_), {"brand": brands.astype(np.int64)})
    return ColdItemData(shop, titles, rows(range(100), 300, "v"), rows(range(100, 120), 60, "t"))


def test_learned_content_beats_misleading_words() -> None:
    figures = {figure.name: figure for figure in cold_item_figures(made_up(), SETTINGS)}
    ratio = figures[f"{cold_items.NAME}, ours / TF-IDF content: HR@10"]
    ours = figures[f"{cold_items.NAME}, ours: HR@10"]
    simple = figures[f"{cold_items.NAME}, TF-IDF content: HR@10"]
    assert ours.value == 1.0, "six items of a brand, one of them in the history"
    assert simple.value is not None and 0 < simple.value < 0.5
    assert ratio.value == pytest.approx(1 / simple.value)
    assert ratio.target == 1.15 and ratio.met
    assert ours.how.startswith("mean of 2 seeds: 1.0000, 1.0000; ") and "60 rows" in ours.how


def test_test_rows_without_a_new_item() -> None:
    data = made_up()
    known = ColdItemData(data.shop, data.titles, data.valid, data.valid)
    with pytest.raises(ValueError, match=r"^test rows ask for no item that is absent from the valid rows$"):
        cold_item_figures(known, SETTINGS)


def test_tf_idf_does_not_leave_the_history_out() -> None:
    ranker = cold_items_ranker.tf_idf_ranker(made_up(), 0.7)
    with pytest.raises(ValueError, match=r"^new_only is True, expected False: repeats are allowed$"):
        ranker(cold_items.cases_of(made_up().shop, made_up().test), 10, True)


def test_absent_data_are_a_figure_that_is_not_met(tmp_path: Path) -> None:
    (figure,) = measure_cold_items(tmp_path)
    assert figure.value is None and figure.met is False and figure.target == 1.15
    assert figure.how.startswith("not measured: ")


def test_settings_of_the_repository_are_read() -> None:
    settings = read_cold_item_settings()
    assert set(settings.pool) <= set(settings.similarities)
    assert len(settings.seeds) == 3
