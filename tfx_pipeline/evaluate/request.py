"""What somebody asks `shoprank evaluate` for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

Protocol = Literal["time", "leave-last-out", "files", "cases", "sampled", "search"]
Window = Literal["eval", "test"]

PROTOCOLS: tuple[Protocol, ...] = get_args(Protocol)
PROTOCOLS_OF_FILES: tuple[Protocol, ...] = ("cases", "sampled", "search")
"""Protocols whose data is one table of cases or queries; the others cut the events of a shop."""

DESCRIPTIONS: dict[Protocol, str] = {
    "time": "global time split, full catalogue",
    "leave-last-out": "leave-last-out, full catalogue: what is popular later leaks into it",
    "files": "events of files of their own, full catalogue",
    "cases": "given cases, full catalogue",
    "sampled": "sampled protocol, given candidate lists: not comparable with full-catalogue figures",
    "search": "judged queries, full catalogue",
}


@dataclass(frozen=True)
class OutputFiles:
    """Where results are written; None for no file.

    Attributes:
        json: Every figure.
        predictions: What the first model ranks, all items allowed.
        new_predictions: What the first model ranks, items of the history excluded.
        targets: What the cases took.
        history: What the cases did before.
    """

    json: Path | None = None
    predictions: Path | None = None
    new_predictions: Path | None = None
    targets: Path | None = None
    history: Path | None = None


@dataclass(frozen=True)
class EvaluateRequest:
    """One call of the verb.

    Attributes:
        models: A run directory, SavedModel, retrieval package, predictions file, `host:port` or baseline each.
        data: A run directory, a YAML configuration, or a table of cases or queries.
        protocol: By default the one of the data.
        window: Window of the split that is asked about.
        cutoffs: Values of k; none for those of the configuration.
        train: What the baselines learn from, where the data is a table of cases.
        items: The catalogue, where the data is a table of cases or queries; queries need its text.
        columns: Our name of a column -> its name in the table of cases or queries.
        where: Column of the table of cases or queries -> its values in the rows that are read.
        slices: Columns of the shop's tables to slice by.
        impressions: A table of what was shown, with clicks and conversions.
        baselines: Whether all baselines are scored beside the models.
        rounds: Bootstrap rounds, 0 for no interval and no test; None for those of the configuration.
        seed: Seed of the resampling.
        files: Where results are written.
    """

    models: tuple[str, ...]
    data: Path
    protocol: Protocol | None = None
    window: Window = "test"
    cutoffs: tuple[int, ...] = ()
    train: Path | None = None
    items: Path | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    where: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    slices: tuple[str, ...] = ()
    impressions: Path | None = None
    baselines: bool = True
    rounds: int | None = None
    seed: int = 7
    files: OutputFiles = OutputFiles()
