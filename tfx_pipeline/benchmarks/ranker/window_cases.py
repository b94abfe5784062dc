"""The users of a window as the cases that candidates are mined for."""

import numpy as np

from tfx_pipeline.benchmarks.ranker.trained_run import TrainedRun
from tfx_pipeline.evaluation.ragged import Ragged
from trainer import features
from trainer.catalogue import vocabulary
from trainer.mining import Cases
from trainer.retrieval_graph import event_type_rows


def window_cases(run: TrainedRun, window: str) -> tuple[Cases, np.ndarray]:
    """Every user with events before a window and in it, as the evaluation asks about them.

    Args:
        run: The run.
        window: `eval` or `test`.

    Returns:
        C cases, and the number of targets of each, found or not, int64 [C].
    """
    events, miner = run.events, run.miner
    asked = events.cases(window)
    rows = _positions(list(events.item_ids), list(miner.package.catalogue.item_ids))
    words = {name: list(vocabulary(miner.transform, name)) for name in (features.USER_ID, features.EVENT_TYPES)}
    kinds = _positions(list(events.event_type_names), words[features.EVENT_TYPES])
    length, count = miner.settings.history["length"], len(asked)
    assert asked.event_types is not None
    ages = asked.ages or Ragged(np.zeros(len(asked.history.values), np.float32), asked.history.offsets)
    wanted = event_type_rows(miner.settings.label_events, words[features.EVENT_TYPES])
    names = [[words[features.EVENT_TYPES][row] for row in of_objective] for of_objective in wanted.values()]
    keys = asked.targets.owners * (len(rows) + 1) + rows[asked.targets.values]
    cases = Cases(
        numbers=np.arange(count),
        users=_positions(asked.user_ids, words[features.USER_ID]),
        history=_table(asked.history, length, rows).astype(np.int32),
        event_types=_table(asked.event_types, length, kinds).astype(np.int32),
        ages=_table(ages, length, None).astype(np.float32),
        queries=np.full(count, "", dtype=object),
        texts=np.zeros((count, miner.package.reducer.dimension), np.float32),
        targets=[np.sort(keys[events.is_target_of(window, types, asked)]) for types in names],
    )
    return cases, asked.targets.lengths


def _positions(names: list[str], words: list[str]) -> np.ndarray:
    """Row of each name among the words, their number where it is not one of them; int64."""
    row_of = {word: row for row, word in enumerate(words)}
    return np.array([row_of.get(str(name), len(words)) for name in names], np.int64)


def _table(lists: Ragged, length: int, rows: np.ndarray | None) -> np.ndarray:
    """The last values of each list, -1 behind them; [C, length]."""
    table = np.full((len(lists), length), -1.0)
    for case in range(len(lists)):
        latest = lists.row(case)[-length:]
        table[case, : len(latest)] = latest if rows is None else rows[latest]
    return table
