"""How long one short query takes in the served graph."""

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tfx_pipeline.benchmarks.figures import Figure
from tfx_pipeline.benchmarks.fresh_process import in_fresh_process
from tfx_pipeline.benchmarks.progress import say
from tfx_pipeline.text_config import TextConfig

TARGET = 8.0
"""Milliseconds."""

QUERIES = ("oak coffee table", "white desk", "m6 hex bolts 30mm", "garden hose reel", "kids bunk bed with stairs")
_WARM_UP = 20


@dataclass(frozen=True)
class QueryLatency:
    """What was measured, in milliseconds.

    Attributes:
        median: Half of the calls took no longer.
        p95: 95 of 100 calls took no longer.
    """

    median: float
    p95: float


def measure_query_latency(
    checkpoint: Path | None = None, calls: int = 200, max_tokens: int = TextConfig().max_tokens
) -> list[Figure]:
    """Export the text encoder and time it on one query a call, in a fresh process that has all cores.

    Args:
        checkpoint: A Hugging Face folder; None takes the bundled MiniLM.
        calls: Timed calls.
        max_tokens: Tokens of a text that are read.
    """
    say("latency of a query")
    with tempfile.TemporaryDirectory() as folder:
        in_fresh_process(export_encoder, checkpoint, max_tokens, Path(folder))
        latency = in_fresh_process(time_queries, Path(folder), calls)
    how = (
        f"{calls} calls with one of {len(QUERIES)} queries of 2 to 5 words each, after {_WARM_UP} calls that were not "
        "timed, from the string to the vector, in a SavedModel loaded in a process of its own that has all cores"
    )
    return [
        Figure.at_most("one short query encoded in the served graph, p50", latency.median, "ms", TARGET, how),
        Figure.shown("one short query encoded in the served graph, p95", latency.p95, "ms", how),
    ]


def export_encoder(checkpoint: Path | None, max_tokens: int, folder: Path) -> None:
    """Save an encoder with one signature, `encode`: texts, string [B], to vectors, float32 [B, dimension]."""
    import tensorflow as tf

    from trainer.text_encoder import TextEncoder

    encoder = TextEncoder.load(checkpoint, max_tokens)
    module = tf.Module()
    module.tokenizer, module.weights = encoder.tokenize, encoder.tf_variables()

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "texts")], autograph=False)
    def encode(texts: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"vectors": encoder(texts, training=False)}

    tf.saved_model.save(module, str(folder), signatures={"encode": encode})


def time_queries(folder: Path, calls: int) -> QueryLatency:
    """Load what `export_encoder` saved and time it in this process."""
    import tensorflow as tf

    # Registers the ops of the tokenizer.
    import tensorflow_text  # noqa: F401

    loaded = tf.saved_model.load(str(folder))
    encode = loaded.signatures["encode"]
    queries = [tf.constant([query]) for query in QUERIES]
    milliseconds = []
    for call in range(_WARM_UP + calls):
        start = time.perf_counter()
        encode(texts=queries[call % len(queries)])["vectors"].numpy()
        milliseconds.append(1000 * (time.perf_counter() - start))
    timed = np.array(milliseconds[_WARM_UP:])
    return QueryLatency(float(np.median(timed)), float(np.quantile(timed, 0.95)))
