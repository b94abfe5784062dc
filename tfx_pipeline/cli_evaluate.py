"""The verb of the command line that evaluates models."""

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from tfx_pipeline.cli_options import Verbose
from tfx_pipeline.verb import Verb


class ProtocolName(str, Enum):
    """How history and targets are told apart."""

    TIME = "time"
    LEAVE_LAST_OUT = "leave-last-out"
    FILES = "files"
    CASES = "cases"
    SAMPLED = "sampled"
    SEARCH = "search"


class WindowName(str, Enum):
    """Window of the split."""

    EVAL = "eval"
    TEST = "test"


def add_evaluate_verbs(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command(cls=Verb)(evaluate)


def evaluate(
    model: Annotated[
        list[str],
        typer.Option(
            help="A run directory, a SavedModel, a retrieval package (Keras towers), a file of predictions, host:port "
            "of a model server, or a baseline such as EASE. Give it again for more; the first is compared with the "
            "others."
        ),
    ],
    data: Annotated[
        Path,
        typer.Option(
            help="A run directory, a YAML file of a shop, or a table of cases or judged queries (CSV, JSON "
            "Lines, Parquet)."
        ),
    ],
    protocol: Annotated[
        ProtocolName | None, typer.Option(help="How history and targets are told apart; by default as configured.")
    ] = None,
    window: Annotated[WindowName, typer.Option(help="Window of the split that is asked about.")] = WindowName.TEST,
    k: Annotated[list[int] | None, typer.Option("--k", min=1, max=10_000, help="Cut-offs; by default 10, 20.")] = None,
    train: Annotated[Path | None, typer.Option(help="What baselines learn from beside a table of cases.")] = None,
    items: Annotated[
        Path | None, typer.Option(help="The catalogue beside a table of cases; with its text beside judged queries.")
    ] = None,
    columns: Annotated[
        list[str] | None, typer.Option(help="Columns of a table of cases: history=NAME,targets=NAME.")
    ] = None,
    where: Annotated[
        list[str] | None,
        typer.Option(help="COLUMN=VALUE: reads these rows of the table alone, such as split=test."),
    ] = None,
    slice_columns: Annotated[
        list[str] | None, typer.Option("--slice", help="A column of items, users or events to slice by as well.")
    ] = None,
    impressions: Annotated[
        Path | None, typer.Option(help="What was shown: user_id, item_id, clicked and converted.")
    ] = None,
    baselines: Annotated[bool, typer.Option(help="Score the baselines beside the models.")] = True,
    rounds: Annotated[
        int | None, typer.Option(min=0, help="Bootstrap rounds, 0 for no intervals; by default 1,000.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the bootstrap.")] = 7,
    predictions: Annotated[
        Path | None, typer.Option(help="Gets what the first model ranks: .csv, .csv.gz or .parquet.")
    ] = None,
    new_predictions: Annotated[
        Path | None, typer.Option(help="Gets what it ranks when items of the history are excluded.")
    ] = None,
    targets: Annotated[Path | None, typer.Option(help="Gets what the users took: user_id, item_id.")] = None,
    history: Annotated[Path | None, typer.Option(help="Gets what they did before: user_id, item_id.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Gets every figure as JSON.")] = None,
    verbose: Verbose = False,
) -> None:
    """Score models and baselines on the same users, with intervals and paired tests."""
    mapping, wanted = _mapping(columns or []), _wanted_rows(where or [])
    from tfx_pipeline.evaluate.request import EvaluateRequest, OutputFiles
    from tfx_pipeline.evaluate.verb import evaluate_verb

    request = EvaluateRequest(
        models=tuple(model),
        data=data,
        protocol=protocol.value if protocol else None,
        window=window.value,
        cutoffs=tuple(dict.fromkeys(k or ())),
        train=train,
        items=items,
        columns=mapping,
        where=wanted,
        slices=tuple(slice_columns or ()),
        impressions=impressions,
        baselines=baselines,
        rounds=rounds,
        seed=seed,
        files=OutputFiles(json_file, predictions, new_predictions, targets, history),
    )
    evaluate_verb(request)


def _mapping(values: list[str]) -> dict[str, str]:
    pairs = [pair.strip() for value in values for pair in value.split(",") if pair.strip()]
    mapping = {}
    for pair in pairs:
        ours, equals, theirs = pair.partition("=")
        if not (ours and equals and theirs):
            raise typer.BadParameter(f"{pair!r} is not OURS=THEIRS", param_hint="--columns")
        mapping[ours.strip()] = theirs.strip()
    return mapping


def _wanted_rows(conditions: list[str]) -> dict[str, tuple[str, ...]]:
    """Column -> its wanted values; a column that is named again takes one more."""
    wanted: dict[str, tuple[str, ...]] = {}
    for condition in conditions:
        column, equals, value = (part.strip() for part in condition.partition("="))
        if not (column and equals):
            raise typer.BadParameter(f"{condition!r} is not COLUMN=VALUE", param_hint="--where")
        wanted[column] = (*wanted.get(column, ()), value)
    return wanted
