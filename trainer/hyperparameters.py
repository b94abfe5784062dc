"""What the run functions are told: the part of a run's configuration that models depend on."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Hyperparameters:
    """Values of the sections `objectives`, `history`, `text`, `retrieval`, `ranker`, `bandit` and `export`.

    Passed as one JSON text, under the key `hyperparameters` of TFX's `custom_config`: TFX sorts the keys of a mapping
    there, and the order of the objectives is that of the ranker's columns.

    Attributes:
        shared_cut: Whether all cases of a window are asked at its start, as under a global time split; else each user's
            window starts with the user's first target.
        training_privacy: Values of `trainer.privacy.settings.PrivacySettings`; None where the towers are not trained
            privately.
        export: Only what is exported depends on it; empty for the stages before, and in an older model.
    """

    objectives: dict[str, dict[str, Any]]
    history: dict[str, Any]
    text: dict[str, Any]
    retrieval: dict[str, Any]
    ranker: dict[str, Any]
    bandit: dict[str, Any]
    seed: int
    shared_cut: bool = True
    training_privacy: dict[str, Any] | None = None
    export: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def from_json(cls, text: str) -> "Hyperparameters":
        """Read a JSON object with a key for each field; the objectives keep its order."""
        return cls(**json.loads(text))

    @property
    def objective_events(self) -> dict[str, list[str]]:
        """Event types of each objective."""
        return {name: list(objective["event_types"]) for name, objective in self.objectives.items()}

    @property
    def conditions(self) -> dict[str, str]:
        """The objective that some are conditioned on, see `trainer.entire_space`."""
        return {name: objective["given"] for name, objective in self.objectives.items() if objective.get("given")}

    @property
    def label_events(self) -> dict[str, list[str]]:
        """Event types that make a candidate positive for each objective.

        They are its own, and those of the objectives that are conditioned on it: what is bought was clicked on, whether
        or not the log has the click.
        """
        events = self.objective_events
        for name, kinds in self.objective_events.items():
            above = self.conditions.get(name)
            while above is not None:
                events[above] += kinds
                above = self.conditions.get(above)
        return {name: list(dict.fromkeys(kinds)) for name, kinds in events.items()}

    @property
    def objective_weights(self) -> dict[str, float]:
        """Weight of each objective in the utility."""
        return {name: float(objective["weight"]) for name, objective in self.objectives.items()}

    @property
    def objective_values(self) -> tuple[str | None, ...]:
        """What each objective is worth for an item, see `trainer.item_values`; None for 1."""
        return tuple(objective.get("value") for objective in self.objectives.values())

    @property
    def checkpoint(self) -> Path | None:
        """Folder of the text encoder; None for the bundled one."""
        return Path(self.text["checkpoint"]) if self.text.get("checkpoint") else None
