"""The space of a search in KerasTuner's terms."""

from collections.abc import Iterable
from typing import Any

import keras_tuner

from trainer.tuning.search_settings import Dimension
from trainer.tuning.tuned_values import encoded


def keras_space(space: Iterable[Dimension]) -> keras_tuner.HyperParameters:
    """All hyperparameters of a space; the default of each is the configured value."""
    found = keras_tuner.HyperParameters()
    for dimension in space:
        if dimension.choices:
            _add_choice(found, dimension)
        else:
            _add_range(found, dimension)
    return found


def _add_choice(space: keras_tuner.HyperParameters, dimension: Dimension) -> None:
    values = list(dict.fromkeys(encoded(value) for value in dimension.choices))
    default = encoded(dimension.configured)
    if default not in values:
        values.insert(0, default)
    if isinstance(default, bool) and len(values) == 2:
        # A choice among flags would give them back as numbers.
        space.Boolean(dimension.name, default=default)
    elif len(values) == 1:
        space.Fixed(dimension.name, default)
    else:
        space.Choice(dimension.name, values=values, default=default)


def _add_range(space: keras_tuner.HyperParameters, dimension: Dimension) -> None:
    """A range that is as wide as the configured value needs it to be."""
    default: Any = dimension.configured
    is_whole = isinstance(default, int)
    ends = min(dimension.minimum, default), max(dimension.maximum, default)
    low, high = (int(end) if is_whole else float(end) for end in ends)
    declare = space.Int if is_whole else space.Float
    declare(dimension.name, low, high, sampling="log" if dimension.is_log else "linear", default=default)
