"""The result of an evaluation as JSON with stable keys."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tfx_pipeline.evaluate.request import DESCRIPTIONS
from tfx_pipeline.evaluate.results import EvaluationResult
from tfx_pipeline.write_aside import write_aside


def as_document(result: EvaluationResult) -> dict[str, Any]:
    """The result as JSON can hold it.

    Returns:
        `data`: what was asked; `models`: who; `settings`: how; `results`: one entry a model and kind of items, with
        means, standard errors and 95 % intervals; `tests`: the first model against each other one; `slices`, `gaps`,
        `impressions` and `ranker`: empty where there are none; `notes`; and `seconds`.
    """
    data, evaluation = result.data, result.evaluation
    period = None if data.period is None else {"start": data.period[0], "end": data.period[1]}
    return {
        "data": {
            "source": data.source,
            "protocol": data.protocol,
            "description": DESCRIPTIONS[data.protocol],
            "full_catalogue": data.candidates is None,
            "window": data.window,
            "period": period,
            "items": len(data.item_ids),
            "users": {items: evaluation.table.users(items) for items in ("all", "new")},
        },
        "models": [{"name": model.name, "kind": model.kind, "source": model.word} for model in result.models],
        "settings": {"cutoffs": list(evaluation.table.cutoffs), "rounds": result.rounds, "seed": result.seed},
        "results": [asdict(row) for row in evaluation.table.rows],
        "tests": [asdict(test) for test in evaluation.tests],
        "slices": [asdict(score) for score in evaluation.slices],
        "gaps": [asdict(gap) for gap in result.gaps],
        "impressions": [asdict(score) for score in result.impressions],
        "ranker": [{"model": score.model, **asdict(score.scores)} for score in result.ranker],
        "notes": list(result.notes),
        "seconds": result.seconds,
    }


def write_document(result: EvaluationResult, path: Path) -> None:
    """Write the result; the file appears whole or not at all."""
    text = json.dumps(as_document(result), indent=2, ensure_ascii=False, allow_nan=False)
    with write_aside(path) as aside:
        aside.write_text(text + "\n", encoding="utf-8")
