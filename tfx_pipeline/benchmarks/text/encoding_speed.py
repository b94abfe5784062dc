"""How fast a catalogue is encoded, against the plain way: one padded length, float32, `predict` of the network."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tfx_pipeline.benchmarks.figures import Figure
from tfx_pipeline.benchmarks.fresh_process import in_fresh_process
from tfx_pipeline.benchmarks.progress import say
from tfx_pipeline.benchmarks.text.catalogue_titles import catalogue_titles
from tfx_pipeline.number_format import format_count

SPEED_TARGET, COSINE_TARGET = 15.0, 0.999
_PLAIN_TOKENS = 128
_SEED = 3


@dataclass(frozen=True)
class EncodingSpeed:
    """What was measured.

    Attributes:
        distinct: Distinct titles of the catalogue.
        fast: Seconds to encode all of them, building and compiling included.
        sample: How many of them were encoded the plain way as well.
        plain: Seconds that these took, after one batch that was not timed.
        cosine: The worst agreement of the two ways.
    """

    distinct: int
    fast: float
    sample: int
    plain: float
    cosine: float

    @property
    def ratio(self) -> float:
        """Titles a second, fast against plain."""
        return (self.distinct / self.fast) / (self.sample / self.plain)


def encoding_figures(sample: int = 512, checkpoint: Path | None = None) -> Iterator[Figure]:
    """Encode the distinct titles of the Complete Journey catalogue.

    Args:
        sample: Titles that are encoded the plain way: each costs the same there, so that a sample will do.
        checkpoint: A Hugging Face folder; None takes the bundled MiniLM.
    """
    say("encoding of a catalogue")
    titles = catalogue_titles()
    distinct = np.unique(titles.astype(str))
    speed = in_fresh_process(time_encoding, distinct.tolist(), sample, checkpoint)
    how = (
        f"MiniLM over {format_count(speed.distinct)} distinct titles of the Complete Journey catalogue in "
        f"{speed.fast:.1f} s, compilation included; plain is float32 `backbone.predict` in batches of 32, padded to "
        f"{_PLAIN_TOKENS} tokens: {format_count(speed.sample)} of the same titles in {speed.plain:.1f} s"
    )
    yield Figure.at_least(
        "catalogue encoding, distinct titles a second against plain", speed.ratio, "times", SPEED_TARGET, how
    )
    yield Figure.at_least("worst cosine of the two ways", speed.cosine, "cosine", COSINE_TARGET, how)
    yield Figure.shown(
        "titles of the catalogue for each distinct one",
        len(titles) / len(distinct),
        "times",
        "each distinct text is encoded once, which the ratio above leaves out",
    )


def time_encoding(titles: list[str], sample: int, checkpoint: Path | None) -> EncodingSpeed:
    """Encode titles both ways in this process.

    Args:
        titles: Distinct titles.
        sample: How many of them the plain way gets.
        checkpoint: A Hugging Face folder; None takes the bundled MiniLM.
    """
    import tensorflow as tf

    from trainer.text_encoder import TextEncoder, encode_texts

    encoder = TextEncoder.load(checkpoint, _PLAIN_TOKENS)
    start = time.perf_counter()
    vectors = encode_texts(encoder, titles)
    fast = time.perf_counter() - start
    chosen = np.sort(np.random.default_rng(_SEED).permutation(len(titles))[:sample])
    tokens = encoder.tokenize(tf.constant([titles[place] for place in chosen]))
    inputs = {name: _padded(value.numpy()) for name, value in tokens.items()}
    inputs["segment_ids"] = np.zeros_like(inputs["token_ids"])
    encoder.backbone.predict({name: value[:32] for name, value in inputs.items()}, verbose=0)
    start = time.perf_counter()
    hidden = encoder.backbone.predict(inputs, verbose=0)["sequence_output"]
    plain = time.perf_counter() - start
    sums = (hidden * inputs["padding_mask"][:, :, np.newaxis]).sum(axis=1)
    sums /= np.linalg.norm(sums, axis=1, keepdims=True)
    cosine = float((sums * vectors[chosen]).sum(axis=1).min())
    return EncodingSpeed(len(titles), fast, len(chosen), plain, cosine)


def _padded(values: np.ndarray) -> np.ndarray:
    return np.pad(values, ((0, 0), (0, _PLAIN_TOKENS - values.shape[1])))
