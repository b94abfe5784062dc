"""Losses of two-tower retrieval and the sources of their negatives: parts that a model plugs together."""

from trainer.losses.candidates import Candidates, Embed
from trainer.losses.full_softmax import FullSoftmax
from trainer.losses.hard_negatives import HardNegatives
from trainer.losses.in_batch_negatives import InBatchNegatives
from trainer.losses.mixed_negatives import MixedNegatives
from trainer.losses.negative_source import NegativeSource
from trainer.losses.queue_negatives import QueueNegatives
from trainer.losses.refresh_index import RefreshIndex
from trainer.losses.sampled_softmax import SampledSoftmax

__all__ = [
    "Candidates",
    "Embed",
    "FullSoftmax",
    "HardNegatives",
    "InBatchNegatives",
    "MixedNegatives",
    "NegativeSource",
    "QueueNegatives",
    "RefreshIndex",
    "SampledSoftmax",
]
