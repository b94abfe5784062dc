"""Slates as they are read, and those that cannot be true."""

import re
from pathlib import Path

import numpy as np
import pytest

from serving.feedback.schema import SHOWN
from tests.tfx_pipeline.feedback import log_makers as makers
from tfx_pipeline.errors import PipelineError
from tfx_pipeline.feedback.shown import read_shown
from tfx_pipeline.forgetting.parquet_tables import erase
from tfx_pipeline.forgetting.user import User


def test_slates_of_all_parts_are_ordered_by_time(tmp_path: Path) -> None:
    makers.write_rows(tmp_path / "shown" / "1.parquet", [makers.shown_row("late", timestamp=9), makers.shown_row("b")])
    makers.write_rows(tmp_path / "shown" / "2.tfrecord", [makers.shown_row("a", ("c",)), makers.shown_row("e", ())])
    shown = read_shown(tmp_path)
    assert list(shown.columns) == [*(column.name for column in SHOWN), "file", "row"]
    assert shown["request_id"].tolist() == ["late", "a", "b", "e"]
    assert shown["row"].tolist() == [1, 1, 2, 2]
    assert [Path(file).name for file in shown["file"]] == ["1.parquet", "2.tfrecord", "1.parquet", "2.tfrecord"]
    assert shown["propensities"][2].tolist() == [0.5, 0.25]
    assert shown["item_ids"].map(list).tolist() == [["a", "b"], ["c"], ["a", "b"], []]


def test_an_empty_log_has_the_columns(tmp_path: Path) -> None:
    shown = read_shown(tmp_path)
    assert len(shown) == 0
    assert shown["timestamp"].dtype == np.int64


def test_a_part_of_which_a_user_was_forgotten_is_read(tmp_path: Path) -> None:
    path = tmp_path / "shown" / "1.parquet"
    makers.write_rows(path, [makers.shown_row(user_id="u")])
    makers.write_rows(tmp_path / "shown" / "2.parquet", [makers.shown_row("other", user_id="v")])
    assert erase(path, User("u", "u")) == 1
    assert read_shown(tmp_path)["request_id"].tolist() == ["other"]


@pytest.mark.parametrize("ending", ["parquet", "tfrecord"])
@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (0.0, "0, is not above 0"),
        (-0.25, "-0.25, is not above 0"),
        (float("nan"), "nan, is missing"),
        (1.5, "1.5, is above 1"),
        (float("inf"), "inf, is above 1"),
    ],
)
@pytest.mark.parametrize("column", ["propensities", "inclusion_probabilities"])
def test_what_is_no_probability_is_refused_with_its_row(
    tmp_path: Path, ending: str, column: str, wrong: float, reason: str
) -> None:
    path = tmp_path / "shown" / f"part.{ending}"
    rows = [
        makers.shown_row("p", ("c", "d", "e")),
        makers.shown_row("q", ()),
        makers.shown_row(**{column: [1.0, wrong]}),
    ]
    makers.write_rows(path, rows)
    text = f"{path}: row 3: element 2 of {column}, {reason}"
    with pytest.raises(PipelineError, match=f"^{re.escape(text)}$"):
        read_shown(tmp_path)


def test_a_sum_of_32_bit_numbers_counts_as_one(tmp_path: Path) -> None:
    makers.write_rows(tmp_path / "shown" / "1.parquet", [makers.shown_row(inclusion_probabilities=[1.0000001, 1.0])])
    assert read_shown(tmp_path)["inclusion_probabilities"][0].tolist() == [1.0, 1.0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"propensities": [0.5]}, "propensities and item_ids have unequal lengths"),
        ({"scores": [1.0, 2.0, 3.0]}, "scores and item_ids have unequal lengths"),
        ({"sources": []}, "sources and item_ids have unequal lengths"),
        ({"history_ages": []}, "history_ages and history_item_ids have unequal lengths"),
        ({"exploration_features": [1.0, 2.0, 3.0]}, "exploration_features are not as many for each item"),
        ({"item_ids": ["a", "a"]}, "item 'a' is shown twice"),
        ({"predicted_utilities": [0.0, float("nan")]}, "element 2 of predicted_utilities, nan, is no finite number"),
        (
            {"exploration_features": [0.0, float("inf"), 0.0, 0.0]},
            "element 2 of exploration_features, inf, is no finite number",
        ),
    ],
)
def test_what_cannot_be_a_slate_is_refused_with_its_row(
    tmp_path: Path, change: dict[str, object], message: str
) -> None:
    path = tmp_path / "shown" / "part.parquet"
    makers.write_rows(path, [makers.shown_row("q"), makers.shown_row(**change)])
    with pytest.raises(PipelineError, match=f"^{re.escape(f'{path}: row 2: {message}')}$"):
        read_shown(tmp_path)


def test_features_without_an_item_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "shown" / "part.tfrecord"
    makers.write_rows(path, [makers.shown_row(items=(), exploration_features=[1.0, 2.0])])
    with pytest.raises(PipelineError, match="row 1: exploration_features are not as many for each item$"):
        read_shown(tmp_path)


def test_a_slate_that_was_written_twice_is_there_once(tmp_path: Path) -> None:
    row = makers.shown_row(propensities=[0.1, 1.0])
    for name in ("1.parquet", "2.tfrecord"):
        makers.write_rows(tmp_path / "shown" / name, [row, row])
    assert read_shown(tmp_path)["request_id"].tolist() == ["r"]


def test_different_slates_with_one_request_id_are_refused(tmp_path: Path) -> None:
    first, second = tmp_path / "shown" / "1.parquet", tmp_path / "shown" / "2.parquet"
    makers.write_rows(first, [makers.shown_row("q"), makers.shown_row()])
    makers.write_rows(second, [makers.shown_row(), makers.shown_row(), makers.shown_row(propensities=[0.5, 0.5])])
    text = f"{first}: row 2 and {second}: row 3: different slates have the request id 'r'"
    with pytest.raises(PipelineError, match=f"^{re.escape(text)}$"):
        read_shown(tmp_path)
