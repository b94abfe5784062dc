"""Configuration of the devices and machines that towers and ranker are trained on."""

from typing import Any, Literal

from pydantic import model_validator

from tfx_pipeline.table_config import Section


class DistributionConfig(Section):
    """How each batch is divided. The sizes of batches stay those of the configuration: a device gets its part."""

    strategy: Literal["none", "mirrored", "multi_worker_mirrored", "tpu"] = "none"
    """The `tf.distribute` strategy: one device; all GPUs of this machine; the workers that the environment variable
    `TF_CONFIG` names; a TPU."""
    tpu_address: str = ""
    """Name or `grpc://` address of the TPU, or `local`; empty for the one of the environment variable `TPU_NAME`."""

    @model_validator(mode="after")
    def _address_of_a_tpu(self) -> "DistributionConfig":
        if self.tpu_address and self.strategy != "tpu":
            raise ValueError(f"tpu_address is {self.tpu_address!r}, but strategy is {self.strategy}")
        return self

    @property
    def options(self) -> dict[str, Any]:
        """Arguments of `trainer.distribution.strategies.make_strategy`, for the stages that train; empty for `none`.

        No other stage is told, so that another strategy runs none of them again.
        """
        if self.strategy == "none":
            return {}
        return {"distribution": {"name": self.strategy, "tpu_address": self.tpu_address}}
