"""The devices that a trial is trained on."""

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from trainer.distribution.strategies import make_strategy
from trainer.distribution.worker import DISTRIBUTION

_SEVERAL_MACHINES = "multi_worker_mirrored"


def trial_strategy(custom_config: Mapping[str, Any]) -> tf.distribute.Strategy | None:
    """The strategy of the run; None for one device.

    Trials for several machines run on one device of this one. The size of a batch is that of all machines together, so
    the loss curve is the same, and the trainings that follow have what was found for them.
    """
    options = custom_config.get(DISTRIBUTION)
    return None if options is None or options["name"] == _SEVERAL_MACHINES else make_strategy(**options)
