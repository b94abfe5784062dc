"""History encoders by name, as a configuration names them."""

from typing import Any, Literal, get_args

from trainer.history.causal_attention import CausalAttention
from trainer.history.gru import GRUHistory
from trainer.history.layer import HistoryEncoder
from trainer.history.recency_mean import RecencyMean

EncoderName = Literal["recency_mean", "gru", "causal_attention"]
"""Names of the history encoders."""


def history_encoder(name: EncoderName, dimension: int, **options: Any) -> HistoryEncoder:
    """A history encoder by its name.

    Args:
        name: `recency_mean` (`RecencyMean`), `gru` (`GRUHistory`) or `causal_attention` (`CausalAttention`).
        dimension: Length of the state of `gru` and `causal_attention`; `recency_mean` keeps that of the item vectors.
        options: Further arguments of the encoder's constructor.

    Raises:
        ValueError: There is no such encoder.
    """
    if name == "recency_mean":
        return RecencyMean(**options)
    if name == "gru":
        return GRUHistory(dimension, **options)
    if name == "causal_attention":
        return CausalAttention(dimension, **options)
    raise ValueError(f"name: one of {', '.join(get_args(EncoderName))}, not {name!r}")
