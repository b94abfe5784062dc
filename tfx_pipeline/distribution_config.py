"""Configuration of the devices and machines that towers and ranker are trained on."""

from typing import Any, Literal

from pydantic import Field, model_validator

from tfx_pipeline.table_config import Section

_SHARDING = ("mirrored", "multi_worker_mirrored")


class DistributionConfig(Section):
    """How each batch is divided. The sizes of batches stay those of the configuration: a device gets its part."""

    strategy: Literal["none", "mirrored", "multi_worker_mirrored", "tpu"] = "none"
    """The `tf.distribute` strategy: one device; all GPUs of this machine; the workers that the environment variable
    `TF_CONFIG` names; a TPU."""
    tpu_address: str = ""
    """Name or `grpc://` address of the TPU, or `local`; empty for the one of the environment variable `TPU_NAME`."""

    shard_tables_above_mb: float | None = Field(default=None, ge=0)
    """Megabytes (10^6 bytes) of an embedding table that each device still holds whole. The devices divide a larger one,
    and its optimizer's slots, among themselves. Unset: each holds all tables. For `mirrored` and
    `multi_worker_mirrored`."""

    @model_validator(mode="after")
    def _address_of_a_tpu(self) -> "DistributionConfig":
        if self.tpu_address and self.strategy != "tpu":
            raise ValueError(f"tpu_address is {self.tpu_address!r}, but strategy is {self.strategy}")
        return self

    @model_validator(mode="after")
    def _several_devices(self) -> "DistributionConfig":
        if self.shard_tables_above_mb is not None and self.strategy not in _SHARDING:
            raise ValueError(f"shard_tables_above_mb needs {' or '.join(_SHARDING)}, but strategy is {self.strategy}")
        return self

    @property
    def options(self) -> dict[str, Any]:
        """Arguments of `trainer.distribution.strategies.make_strategy`, for the stages that train; empty for `none`.

        No other stage is told, so that another strategy runs none of them again.
        """
        if self.strategy == "none":
            return {}
        options: dict[str, Any] = {"name": self.strategy, "tpu_address": self.tpu_address}
        if self.shard_tables_above_mb is not None:
            options["shard_tables_above_mb"] = self.shard_tables_above_mb
        return {"distribution": options}
