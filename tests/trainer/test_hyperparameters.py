import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from trainer.hyperparameters import Hyperparameters


def test_survives_json(settings: Hyperparameters) -> None:
    assert Hyperparameters.from_json(json.dumps(asdict(settings))) == settings


def test_objectives_keep_their_order(settings: Hyperparameters) -> None:
    settings = Hyperparameters.from_json(json.dumps(asdict(settings)))
    assert list(settings.objective_events.items()) == [("purchase", ["purchase"]), ("click", ["view", "click"])]
    assert list(settings.objective_weights.items()) == [("purchase", 2.0), ("click", 0.5)]


def test_what_is_bought_was_clicked_on(settings: Hyperparameters) -> None:
    objectives = {
        "purchase": {"event_types": ["order"], "given": "cart"},
        "click": {"event_types": ["view"], "given": None},
        "cart": {"event_types": ["add", "order"], "given": "click"},
        "rating": {"event_types": ["stars"]},
    }
    settings = replace(settings, objectives=objectives)
    assert settings.conditions == {"purchase": "cart", "cart": "click"}
    assert settings.label_events == {
        "purchase": ["order"],
        "click": ["view", "order", "add"],
        "cart": ["add", "order"],
        "rating": ["stars"],
    }
    assert settings.objective_events["click"] == ["view"]


@pytest.mark.parametrize(
    ("text", "folder"),
    [({}, None), ({"checkpoint": None}, None), ({"checkpoint": ""}, None), ({"checkpoint": "a/b"}, Path("a/b"))],
)
def test_no_checkpoint_is_the_bundled_one(settings: Hyperparameters, text: dict, folder: Path | None) -> None:
    assert replace(settings, text=text).checkpoint == folder


def test_an_unknown_section_is_refused(settings: Hyperparameters) -> None:
    with pytest.raises(TypeError, match="tower"):
        Hyperparameters(**asdict(settings), tower={})
