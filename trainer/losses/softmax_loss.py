"""What the softmax losses share: a temperature that may be learned, and the weighted mean."""

import keras
import numpy as np
from keras import ops

from trainer.distribution.replicas import replicas_in_step, sum_over_replicas

LEAST_TEMPERATURE, GREATEST_TEMPERATURE = 0.01, 10.0


@keras.saving.register_keras_serializable(package="shoprank")
class TemperatureRange(keras.constraints.Constraint):
    """Keeps a log temperature within the range of temperatures."""

    def __call__(self, log_temperature: keras.KerasTensor) -> keras.KerasTensor:
        """The nearest log temperature in the range."""
        return ops.clip(log_temperature, float(np.log(LEAST_TEMPERATURE)), float(np.log(GREATEST_TEMPERATURE)))


class SoftmaxLoss(keras.layers.Layer):
    """Base of the softmax losses. It computes in float32 under every dtype policy, unless `dtype` says otherwise.

    The temperature is learned as its logarithm and held between 0.01 and 10. The lower bound is that of Radford et
    al. 2021, "Learning transferable visual models from natural language supervision", section 2.5: without one,
    training drives the logits up without end.

    Args:
        temperature: Divides the dot products; where learned, its first value.
        learn_temperature: Whether it is trained.

    Raises:
        ValueError: `temperature` lies outside 0.01 to 10.
    """

    def __init__(self, temperature: float = 0.1, learn_temperature: bool = True, **kwargs: object) -> None:
        kwargs.setdefault("dtype", "float32")
        super().__init__(**kwargs)
        if not LEAST_TEMPERATURE <= temperature <= GREATEST_TEMPERATURE:
            bounds = f"{LEAST_TEMPERATURE} and {GREATEST_TEMPERATURE}"
            raise ValueError(f"temperature must lie between {bounds}, got {temperature}")
        self.first_temperature, self.learn_temperature = temperature, learn_temperature

    def build(self, queries_shape: tuple[int | None, ...]) -> None:
        """Create the log temperature, a scalar."""
        self.log_temperature = self.add_weight(
            name="log_temperature",
            shape=(),
            initializer=keras.initializers.Constant(float(np.log(self.first_temperature))),
            trainable=self.learn_temperature,
            constraint=TemperatureRange(),
        )

    @property
    def temperature(self) -> keras.KerasTensor:
        """The present temperature, a float32 scalar."""
        # Not every optimizer applies constraints.
        return ops.exp(TemperatureRange()(ops.cast(self.log_temperature, "float32")))

    def get_config(self) -> dict[str, object]:
        """The constructor's arguments."""
        own = {"temperature": self.first_temperature, "learn_temperature": self.learn_temperature}
        return {**super().get_config(), **own}


def weighted_mean(losses: keras.KerasTensor, weights: keras.KerasTensor) -> keras.KerasTensor:
    """Mean of losses [N] by weights [N], a scalar; 0 where all weights are 0.

    On several replicas the weights of all of them are divided by, so that the mean over replicas is that of the batch,
    however the weight is spread over them.
    """
    weight = sum_over_replicas(ops.sum(weights)) / replicas_in_step()
    return ops.divide_no_nan(ops.sum(losses * weights), weight)
