"""What docs/evaluation.md lists is what the code has."""

import re
from pathlib import Path

import pytest

from tfx_pipeline.evaluate.request import PROTOCOLS
from tfx_pipeline.evaluation.baselines import BASELINES
from tfx_pipeline.evaluation.beyond_accuracy import CATALOGUE_METRICS, PER_USER_METRICS
from tfx_pipeline.evaluation.metrics import METRICS
from tfx_pipeline.evaluation.probabilities import PROBABILITY_METRICS
from tfx_pipeline.evaluation.slice_scores import SMALLEST_USERS
from tfx_pipeline.evaluation_config import EvaluationConfig

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "evaluation.md").read_text(encoding="utf-8")


def first_cells(section: str) -> set[str]:
    """Names in the first column of the tables of a section."""
    text = PAGE.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| ")]
    return {name.removesuffix("@k") for row in rows for name in re.findall(r"`([^`]+)`", row)}


@pytest.mark.parametrize(
    ("section", "names"),
    [
        ("Ranking metrics", METRICS),
        ("Beyond hits", (*PER_USER_METRICS, *CATALOGUE_METRICS)),
        ("Metrics of the ranker", PROBABILITY_METRICS),
        ("Protocols", PROTOCOLS),
        ("Baselines", BASELINES),
    ],
)
def test_the_tables_name_what_there_is(section: str, names: tuple[str, ...]) -> None:
    assert first_cells(section) == set(names)


def test_numbers_are_those_of_the_code() -> None:
    settings = EvaluationConfig()
    assert f"{settings.bootstrap_rounds:,} times" in PAGE
    assert settings.smallest_slice == SMALLEST_USERS
    assert f"than {SMALLEST_USERS} users are marked" in re.sub(r"\s+", " ", PAGE)
    gates = PAGE.partition("\n## Gates\n")[2].partition("\n## ")[0]
    for setting in EvaluationConfig.model_fields:
        assert setting in gates, setting
