"""Reading the rows of Amazon Industrial as moments to learn from and one to be measured."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from tfx_pipeline.benchmarks.quality.data.amazon_industrial import AMAZON_INDUSTRIAL, EVENT_TYPES, FOLDS
from tfx_pipeline.benchmarks.quality.task import QualityData
from tfx_pipeline.sources.errors import DataError

USERS = 25


@pytest.fixture
def data(tmp_path: Path) -> QualityData:
    folder = tmp_path / "amazon_industrial"
    folder.mkdir()
    items = ["item_id,title,description,brand", "0,Glue,Sticks,A", "1,Tape,,", '2,"Nut, M3",Steel, a', "3,Bolt,,B"]
    valid = [row for user in range(USERS) for row in (f"u{user},{user % 4} 1,2", f"u{user},{user % 4} 1 2,3")]
    test = ["u1,0 1 2 3,1", "u1,0 1 2 3 1,0"]
    _write(folder / "items_industrial.csv.gz", items)
    _write(folder / "next_item_industrial_valid.csv.gz", ["user_id,history_item_id,item_id", *valid])
    _write(folder / "next_item_industrial_test.csv.gz", ["user_id,history_item_id,item_id", *test])
    return AMAZON_INDUSTRIAL.load(tmp_path)


def _write(path: Path, lines: list[str]) -> None:
    path.write_bytes(gzip.compress("\n".join(lines).encode()))


def test_shop(data: QualityData) -> None:
    shop = data.test.past.shop
    assert list(shop.texts) == ["Glue. Sticks", "Tape. ", "Nut, M3. Steel", "Bolt. "]
    brands = shop.groups["brand"]
    assert brands[0] == brands[2] != brands[3], "whatever the case"
    assert brands[1] == -1
    assert (brands[[0, 2, 3]] >= 0).all()


def test_the_past_of_the_test_is_all_valid_rows(data: QualityData) -> None:
    past = data.test.past
    assert past.user_count == USERS
    assert list(past.items[past.users == 2]) == [2, 1, 2, 3]
    assert [EVENT_TYPES[number] for number in past.behaviours[past.users == 2]] == ["earlier"] * 2 + ["asked"] * 2
    assert [list(data.test.cases.history_of(case)) for case in range(2)] == [[0, 1, 2, 3], [0, 1, 2, 3, 1]]
    assert list(data.test.cases.targets.values) == [1, 0]


def test_each_part_is_counted_without_its_own_users(data: QualityData) -> None:
    assert len(data.learning) == FOLDS
    asked = [len(moment.cases) for moment in data.learning]
    assert sum(asked) == 2 * USERS
    for moment, cases in zip(data.learning, asked, strict=True):
        assert moment.past.user_count == USERS - cases // 2
        assert (np.bincount(moment.past.users) == 4).all()


def test_baselines_rank(data: QualityData) -> None:
    assert set(data.baselines) == {"item-kNN, recency", "Markov chain"}
    for ranker in data.baselines.values():
        assert ranker(data.test.cases, 4, False).items.shape == (2, 4)


def test_absent_data(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        AMAZON_INDUSTRIAL.load(tmp_path)
