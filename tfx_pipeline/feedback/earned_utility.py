"""What shown items earned, in the utility that the served version predicts."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tfx_pipeline.errors import PipelineError
from tfx_pipeline.feedback.joined_log import JoinedLog
from tfx_pipeline.feedback.lineage import trained_with

_VALUES = "utility/values"
"""The variable of the servable with what each objective is worth for each item, see `trainer.utility`."""


def earned_utility(joined: JoinedLog, served: Path) -> NDArray[np.float64]:
    """The utility of what happened to every shown item.

    An objective that is worth another number for each item, such as its price, is worth here what the served version
    takes it to be worth: only then is what was earned less what was predicted what the ranker left unexplained.

    Args:
        joined: The log, R shown items.
        served: Folder of the served version.

    Returns:
        [R].

    Raises:
        PipelineError: The served model has no such values.
    """
    worth_by_item = any(trained_with(served).objective_values)
    return joined.rewards if not worth_by_item else _worth(joined, served)


def _worth(joined: JoinedLog, served: Path) -> NDArray[np.float64]:
    from trainer.saved_variables import SavedVariablesError, read_variable

    try:
        values, item_ids = read_variable(served, _VALUES), read_variable(served, "item_ids")
    except SavedVariablesError as error:
        raise PipelineError(str(error)) from error
    rows = {item_id.decode(): row for row, item_id in enumerate(item_ids)}
    # An item that left the catalogue since it was shown is the unknown one, the last.
    row = np.array([rows.get(item_id, len(values) - 1) for item_id in joined.item_ids], np.int64)
    columns = enumerate(joined.objective_rewards.values())
    return np.sum([reward * values[row, column] for column, reward in columns], axis=0)
