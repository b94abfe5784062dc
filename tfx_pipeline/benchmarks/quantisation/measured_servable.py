"""NDCG@10 of servables on the test window of their run, and the time of a request."""

import os
from collections.abc import Callable, Mapping
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np

from tfx_pipeline.benchmarks.paired_ratio import Seconds, take_turns

os.environ["TF_USE_LEGACY_KERAS"] = "1"

import tensorflow as tf
import tensorflow_text  # noqa: F401  registers the ops of the tokenizer

from tfx_pipeline.config import Config, load_config
from tfx_pipeline.evaluation.metrics import score_rankings
from tfx_pipeline.evaluation_cases import EvaluationEvents
from tfx_pipeline.served_ranker import ServedRanker
from tfx_pipeline.split_tables import read_split
from trainer.eval_traffic import EvalTraffic
from trainer.features import TEST
from trainer.model_files import SAVED_TRAFFIC_FILE
from trainer.signature_inputs import INPUTS

CUTOFF = 10
_QUERIES = ("milk", "dog food", "chocolate ice cream", "red wine", "paper towels")


def ndcg(run_dir: Path, saved_model: Path, users: int) -> np.ndarray:
    """NDCG@10 of the slates of `recommend`, the whole catalogue being ranked.

    Args:
        run_dir: The run, with the tables that it ingested.
        saved_model: The servable that is asked.
        users: At most so many users of the test window, drawn with the run's seed.

    Returns:
        float64, one value a user.
    """
    config = load_config(run_dir / "config.yaml")
    events = _events(run_dir, config)
    cases = events.cases(TEST).sample(users, config.seed)
    length = config.history.length
    ranker = ServedRanker(str(saved_model), events.item_ids, events.event_type_names, length)
    scores = score_rankings(ranker(cases, CUTOFF, new_only=False).items, cases, [CUTOFF])
    return scores.per_user[f"NDCG@{CUTOFF}"]


def request_seconds(saved_models: Mapping[str, Path], rounds: int) -> Seconds:
    """Time `recommend` for one user, without and with a query, the servables taking turns.

    Args:
        saved_models: The servables by name; the traffic of the first says who asks.
        rounds: Timed turns.

    Returns:
        Seconds by name, and by name and " query".
    """
    traffic = EvalTraffic.load(next(iter(saved_models.values())) / SAVED_TRAFFIC_FILE)
    models = {name: tf.saved_model.load(str(folder)) for name, folder in saved_models.items()}
    works: dict[str, Callable[[], object]] = {}
    for name, model in models.items():
        works[name] = _asks(model, traffic.user_ids or [""], [""])
        works[f"{name} query"] = _asks(model, traffic.user_ids or [""], traffic.queries or _QUERIES)
    return take_turns(works, rounds)


def _events(run_dir: Path, config: Config) -> EvaluationEvents:
    folders = (run_dir.resolve() / "tfx" / "Ingest" / "tables").iterdir()
    tables = max(folders, key=lambda folder: int(folder.name))
    return EvaluationEvents(tables, read_split(tables, config.split))


def _asks(model: Any, users: list[str], queries: Any) -> Callable[[], object]:
    """A piece of work that asks for the next user each time."""
    function = model.signatures["recommend"]
    turns = zip(cycle(users), cycle(queries), strict=False)

    def ask() -> object:
        user, query = next(turns)
        given = {"user_id": [user], "query": [query], "k": [CUTOFF], "policy": ["greedy"]}
        inputs = {name: given.get(name, _empty(name, spec)) for name, spec in INPUTS["recommend"].items()}
        # The model is held: its signatures alone do not keep its variables.
        return model and function(**{name: tf.constant(value, INPUTS["recommend"][name].dtype)
                                     for name, value in inputs.items()})  # fmt: skip

    return ask


def _empty(name: str, spec: tf.TensorSpec) -> list[Any]:
    value = "" if spec.dtype == tf.string else float("nan") if name.endswith("price") else 0
    return [[value]] if spec.shape.rank == 2 else [value]
