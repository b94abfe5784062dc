"""What it costs to read the first candidates of a search together with the query."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tfx_pipeline.benchmarks.figures import Figure
from tfx_pipeline.benchmarks.fresh_process import in_fresh_process
from tfx_pipeline.benchmarks.paired_ratio import Seconds, paired_ratio, take_turns
from tfx_pipeline.benchmarks.progress import say
from tfx_pipeline.benchmarks.text.fine_tuning_speed import title_pairs

_TOP = 20
_TOKENS = 64
_CROSS, _QUERY = "cross-encoder", "query alone"


def cross_encoder_figures(rounds: int = 30, checkpoint: Path | None = None) -> Iterator[Figure]:
    """Time a search's first 20 candidates through a cross-encoder against encoding the query alone.

    Args:
        rounds: Timed rounds.
        checkpoint: A Hugging Face folder; None takes the bundled MiniLM.
    """
    say("cost of a cross-encoder")
    queries, titles = title_pairs(_TOP)
    seconds = in_fresh_process(time_reranking, queries[0], titles, rounds, checkpoint)
    how = (
        f"MiniLM in float32, one query of two words and {_TOP} titles of the Complete Journey catalogue in a "
        f"tf.function, in turn with the encoding of the query alone; median of {rounds} rounds"
    )
    milliseconds = 1000 * float(np.median(seconds[_CROSS]))
    yield Figure.shown(f"a cross-encoder over the first {_TOP} of a search", milliseconds, "ms", how)
    ratio = paired_ratio(seconds[_CROSS], seconds[_QUERY])
    yield Figure.shown(f"a cross-encoder over the first {_TOP}, against encoding the query", ratio, "times", how)


def time_reranking(query: str, titles: list[str], rounds: int, checkpoint: Path | None) -> Seconds:
    """Seconds of both, in turn."""
    import tensorflow as tf

    from trainer.text_encoder import TextEncoder
    from trainer.text_training.cross_encoder import CrossEncoder

    encoder = TextEncoder.load(checkpoint, _TOKENS)
    model = CrossEncoder(encoder)
    asked, documents = tf.constant([query]), tf.constant([titles])
    score, encode = tf.function(model.score, autograph=False), tf.function(encoder.call, autograph=False)
    return take_turns({_CROSS: lambda: score(asked, documents), _QUERY: lambda: encode(asked)}, rounds)
