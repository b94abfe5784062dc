from pathlib import Path

import numpy as np
import pytest

from tfx_pipeline.benchmarks.text import query_latency
from tfx_pipeline.benchmarks.text.query_latency import QUERIES, TARGET, export_encoder, measure_query_latency


def test_two_figures_the_median_with_a_target(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(query_latency, "in_fresh_process", lambda function, *arguments: function(*arguments))
    median, p95 = measure_query_latency(checkpoint, calls=10, max_tokens=8)
    assert (median.unit, median.target, p95.unit, p95.target) == ("ms", TARGET, "ms", None)
    assert median.value is not None
    assert p95.value is not None
    assert 0 < median.value <= p95.value
    assert median.met == (median.value <= TARGET)


def test_what_is_timed_is_the_encoder(checkpoint: Path, tmp_path: Path) -> None:
    import tensorflow as tf

    from trainer.text_encoder import TextEncoder

    export_encoder(checkpoint, 8, tmp_path / "model")
    loaded = tf.saved_model.load(str(tmp_path / "model"))
    vectors = loaded.signatures["encode"](texts=tf.constant(QUERIES))["vectors"]
    np.testing.assert_allclose(vectors, TextEncoder.load(checkpoint, 8)(tf.constant(QUERIES)), atol=1e-5)
