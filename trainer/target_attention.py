"""What of the history speaks for each candidate: attention from candidates to events."""

import keras
from keras import ops

_ACTIVATION = "gelu"


@keras.saving.register_keras_serializable(package="shoprank")
class TargetAttention(keras.layers.Layer):
    """The attention of a deep interest network.

    Zhou et al. 2018, "Deep interest network for click-through rate prediction", equation 3: the user is seen by a
    candidate as the sum of the events, each with the weight that a small network gives it beside the candidate. The
    weights are not normalised (section 4.3): that much of the history is about the candidate counts as well. With q the
    projection of the candidate, and k_l that of event l with log(1 + its age in days),

        a_l = v . gelu(A q + B k_l + C (q * k_l) + c) + d,    output = [q, sum over l of a_l k_l].

    The paper's network also sees a difference, q - k_l; its first layer is linear, so that A and B have taken it in.
    The product with C is one matrix product a request, and no pair of a candidate and an event is ever laid out.

    Args:
        width: Length of the projections, A.
        units: Width of the small network, U.
    """

    def __init__(self, width: int = 16, units: int = 8, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.width, self.units = width, units
        policy = self.dtype_policy
        self.query = keras.layers.Dense(width, dtype=policy, name="query")
        self.key = keras.layers.Dense(width, dtype=policy, name="key")
        self.of_query = keras.layers.Dense(units, dtype=policy, name="of_query")
        self.of_key = keras.layers.Dense(units, use_bias=False, dtype=policy, name="of_key")
        self.weigh = keras.layers.Dense(1, dtype=policy, name="weigh")

    def build(self, candidates_shape: tuple, events_shape: tuple, ages_shape: tuple, exists_shape: tuple) -> None:
        """Create the weights; `of_both` is C, [A, U]."""
        del ages_shape, exists_shape
        self.query.build(candidates_shape)
        self.key.build((*events_shape[:-1], events_shape[-1] + 1))
        for layer in (self.of_query, self.of_key):
            layer.build((None, None, self.width))
        self.weigh.build((None, None, None, self.units))
        shape = (self.width, self.units)
        self.of_both = self.add_weight(name="of_both", shape=shape, initializer="glorot_uniform")

    def call(
        self,
        candidates: keras.KerasTensor,
        events: keras.KerasTensor,
        ages: keras.KerasTensor,
        exists: keras.KerasTensor,
    ) -> keras.KerasTensor:
        """The user as each candidate sees them.

        Args:
            candidates: Vectors of the candidates, float [B, N, P].
            events: Vectors of the events' items, float [B, L, P].
            ages: Days from each event to the request, float [B, L].
            exists: Whether there is such an event, bool [B, L].

        Returns:
            float [B, N, 2 A]; zeros in the second half without any event.
        """
        queries = self.query(candidates)
        keys = self.key(ops.concatenate([events, ops.log1p(ops.maximum(ages, 0.0))[..., None]], axis=-1))
        weights = self._weights(queries, keys) * ops.cast(exists, queries.dtype)[:, None, :]
        return ops.concatenate([queries, ops.matmul(weights, keys)], axis=-1)

    def _weights(self, queries: keras.KerasTensor, keys: keras.KerasTensor) -> keras.KerasTensor:
        """Weight of each event for each candidate, float [B, N, A] and [B, L, A] to float [B, N, L]."""
        batch, candidates, _ = ops.shape(queries)
        turned = ops.reshape(queries[:, :, None, :] * ops.transpose(self.of_both), (batch, -1, self.width))
        both = ops.reshape(ops.matmul(turned, ops.transpose(keys, (0, 2, 1))), (batch, candidates, self.units, -1))
        of_keys = ops.transpose(self.of_key(keys), (0, 2, 1))[:, None]
        hidden = keras.activations.get(_ACTIVATION)(both + self.of_query(queries)[..., None] + of_keys)
        return ops.einsum("bnul,u->bnl", hidden, self.weigh.kernel[:, 0]) + self.weigh.bias

    def get_config(self) -> dict[str, object]:
        """The constructor's arguments."""
        return {**super().get_config(), "width": self.width, "units": self.units}
