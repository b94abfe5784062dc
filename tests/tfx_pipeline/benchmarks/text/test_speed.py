"""What encoding, training and reading together cost, with a tiny network in this process."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tfx_pipeline.benchmarks.text import cross_encoder_cost, encoding_speed, fine_tuning_speed
from tfx_pipeline.benchmarks.text.catalogue_titles import catalogue_titles


@pytest.fixture(autouse=True)
def short_texts_in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    def call(function: Callable[..., Any], *arguments: Any) -> Any:
        return function(*arguments)

    titles = np.array([f"oak table no {row}" for row in range(70)] * 2, dtype=object)
    for module in (encoding_speed, fine_tuning_speed, cross_encoder_cost):
        monkeypatch.setattr(module, "in_fresh_process", call)
    for module in (encoding_speed, fine_tuning_speed):
        monkeypatch.setattr(module, "catalogue_titles", lambda: titles)


def test_titles_are_those_of_the_demo() -> None:
    titles = catalogue_titles()
    assert len(titles) > 90_000 and (titles != "").all()
    assert "FLUID MILK WHITE ONLY" in titles


def test_the_two_ways_of_encoding_agree(checkpoint: Path) -> None:
    speed, cosine, repeats = encoding_speed.encoding_figures(sample=40, checkpoint=checkpoint)
    assert cosine.met and (cosine.value or 0) > 0.999
    assert speed.met == ((speed.value or 0) >= encoding_speed.SPEED_TARGET)
    assert repeats.value == 2
    assert "70 distinct titles" in speed.how and "40 of the same titles" in speed.how


@pytest.mark.slow
def test_steps_and_their_memory(checkpoint: Path) -> None:
    step, *memory = fine_tuning_speed.fine_tuning_figures(pairs=64, rounds=1, checkpoint=checkpoint)
    assert step.target == fine_tuning_speed.STEP_TARGET and (step.value or 0) > 0
    assert [figure.name for figure in memory] == [
        "memory of LoRA steps",
        "memory of full fine-tuning steps",
        "memory of LoRA against full fine-tuning",
    ]


def test_the_cost_of_a_cross_encoder(checkpoint: Path) -> None:
    milliseconds, ratio = cross_encoder_cost.cross_encoder_figures(rounds=2, checkpoint=checkpoint)
    assert (milliseconds.unit, ratio.unit) == ("ms", "times")
    assert (milliseconds.value or 0) > 0 and (ratio.value or 0) > 0
