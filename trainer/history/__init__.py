"""History encoders: what a user did so far, to one vector for each point of view."""

from trainer.history.causal_attention import CausalAttention
from trainer.history.event_embedding import EventEmbedding
from trainer.history.events import HistoryEvents, event_shapes
from trainer.history.gru import GRUHistory
from trainer.history.layer import HistoryEncoder
from trainer.history.recency_mean import RecencyMean
from trainer.history.registry import history_encoder

__all__ = [
    "CausalAttention",
    "EventEmbedding",
    "GRUHistory",
    "HistoryEncoder",
    "HistoryEvents",
    "RecencyMean",
    "event_shapes",
    "history_encoder",
]
