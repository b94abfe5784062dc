"""Which requests the request log takes: the LoggingConfig of each model."""

import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE_TYPE = "tfrecord"
"""The `type` of a LogCollectorConfig that this server knows; an empty one means the same."""


@dataclass(frozen=True)
class ModelLogging:
    """How the requests of one model are logged.

    Attributes:
        prefix: Folder and beginning of the files' names.
        config: The SamplingConfig, which every record repeats.
        generator: Chooses the requests; seeded, so that a test can foresee the choice.
    """

    prefix: Path
    config: Any
    generator: random.Random

    def takes(self) -> bool:
        """Whether the next request is logged."""
        return self.generator.random() < self.config.sampling_rate


def read_logging(model_server_config: Any, seed: int = 0) -> dict[str, ModelLogging]:
    """Return model name -> how its requests are logged, for the models of a ModelServerConfig that ask for it.

    Raises:
        ValueError: A `logging_config` cannot be followed; the message names model, field and value.
    """
    found = {}
    for config in model_server_config.model_config_list.config:
        if not config.HasField("logging_config"):
            continue
        collector, sampling = config.logging_config.log_collector_config, config.logging_config.sampling_config
        where = f"model {config.name}: logging_config"
        if collector.type not in ("", FILE_TYPE):
            raise ValueError(f"{where}: log_collector_config.type: must be {FILE_TYPE}, is {collector.type!r}")
        if not Path(collector.filename_prefix).name:
            raise ValueError(f"{where}: log_collector_config.filename_prefix: is {collector.filename_prefix!r}")
        if not 0 <= sampling.sampling_rate <= 1:
            rate = sampling.sampling_rate
            raise ValueError(f"{where}: sampling_config.sampling_rate: must be between 0 and 1, is {rate:g}")
        generator = random.Random(f"{seed} {config.name}")
        found[config.name] = ModelLogging(Path(collector.filename_prefix), sampling, generator)
    return found
