"""The rules that no example may break, each checked on all positions of some users at once."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tfx_pipeline.leakage.matching import Matched
from tfx_pipeline.leakage.windows import EVAL_WINDOW, NEVER, TEST_WINDOW, TRAIN_WINDOW
from trainer.features import EVAL, RANKER, TRAIN, USERS

Verdict = tuple[np.ndarray, np.ndarray]
"""Which positions a rule is about, and which of all positions break it where it is; bool [N] each."""


@dataclass(frozen=True)
class Check:
    """One rule.

    Attributes:
        name: Short name.
        rule: What holds of every position, in words.
        judge: Finds the positions that break it.
    """

    name: str
    rule: str
    judge: Callable[[Matched], Verdict]


def _everything(at: Matched) -> np.ndarray:
    return np.ones(len(at.rows), bool)


def _case_history(at: Matched) -> np.ndarray:
    return at.of(RANKER, EVAL) & ~at.is_target


def _case_targets(at: Matched) -> np.ndarray:
    return at.of(RANKER, EVAL) & at.is_target


def _events_exist(at: Matched) -> Verdict:
    return _everything(at), ~at.exists


def _order(at: Matched) -> Verdict:
    decreases = (at.timestamps[1:] < at.timestamps[:-1]) & (at.examples[1:] == at.examples[:-1])
    if at.how.method == "files":
        # The eval file may start before the training files end; that history comes first is another rule.
        decreases &= ~(at.of(EVAL)[1:] & at.is_target[1:] & ~at.is_target[:-1])
    return _everything(at), np.append(False, decreases)[: len(at.rows)]


def _basket_numbers(at: Matched) -> Verdict:
    pairs = _example_baskets(at)
    first = np.zeros(pairs.max(initial=-1) + 1, np.int64)
    first[pairs[::-1]] = at.basket_numbers[::-1]
    return at.baskets >= 0, at.basket_numbers != first[pairs]


def _own_basket(at: Matched) -> Verdict:
    pairs = _example_baskets(at)
    has_target = np.zeros(pairs.max(initial=-1) + 1, bool)
    has_target[pairs[at.is_target]] = True
    return _case_history(at) & (at.baskets >= 0), has_target[pairs]


def _example_baskets(at: Matched) -> np.ndarray:
    """Number of each position's pair of example and basket, int64 [N]; without a basket it means nothing."""
    return pd.factorize(at.examples * (at.baskets.max(initial=0) + 2) + at.baskets + 1)[0]


def _training_window(at: Matched) -> Verdict:
    return at.of(TRAIN), ~at.may_lie_in(TRAIN_WINDOW, TRAIN_WINDOW)


def _case_targets_in_window(at: Matched) -> Verdict:
    return _case_targets(at), ~at.may_lie_in(at.window, at.window)


def _history_before_window(at: Matched) -> Verdict:
    last = np.where(_is_of_event(at), at.window, at.window - 1)
    return _case_history(at), ~at.may_lie_in(TRAIN_WINDOW, last)


def _history_before_targets(at: Matched) -> Verdict:
    checked = _case_history(at)
    if at.how.method == "files":
        # Times of the eval file may overlap with those of the training files; their windows are another rule.
        checked &= at.of(RANKER)
    return checked, at.timestamps >= _first_target(at)


def _is_of_event(at: Matched) -> np.ndarray:
    """Whether a position is of a case that has one event of its window as target, not all; bool [N]."""
    return at.of(RANKER) & (at.how.ranker_cases == "event")


def _first_target(at: Matched) -> np.ndarray:
    """Time of the earliest target of each position's example, `NEVER` without any; int64 [N]."""
    earliest = np.full(at.examples.max(initial=-1) + 1, NEVER)
    np.minimum.at(earliest, at.examples[at.is_target], at.timestamps[at.is_target])
    return earliest[at.examples]


def _stored_before_eval(at: Matched) -> Verdict:
    return at.of(USERS), ~at.may_lie_in(TRAIN_WINDOW, EVAL_WINDOW - 1)


def _test_window(at: Matched) -> Verdict:
    return _everything(at), ~at.may_lie_in(TRAIN_WINDOW, TEST_WINDOW - 1)


def _returned_history(at: Matched) -> Verdict:
    asked_at = np.where(_is_of_event(at), _first_target(at), at.start_of(at.window))
    return _case_history(at) | at.of(USERS), at.returned_at < asked_at


def _returned_targets(at: Matched) -> Verdict:
    return at.of(TRAIN, RANKER, EVAL) & at.is_target, at.returned_at < at.start_of(at.window + 1)


CHECKS = (
    Check("events exist", "every position is an event of the tables, and no more often than there", _events_exist),
    Check("order", "times do not decrease within an example", _order),
    Check("basket numbers", "positions of one basket have one basket number", _basket_numbers),
    Check("training window", "training examples end before the ranker window", _training_window),
    Check("targets in window", "the targets of a case lie in its window", _case_targets_in_window),
    Check("history before window", "the history of a case about a window lies before it", _history_before_window),
    Check("history before targets", "the history of a case lies before all of its targets", _history_before_targets),
    Check("own basket", "no history of a case shares a basket with one of its targets", _own_basket),
    Check("stored users", "the stored events of users lie before the eval window", _stored_before_eval),
    Check("test window", "no position lies in the test window", _test_window),
    Check("returned history", "no history of a case was returned before the case", _returned_history),
    Check("returned targets", "no target was returned before its window ended", _returned_targets),
)
