"""The figures of text, one part after the other."""

from collections.abc import Iterator
from pathlib import Path

from tfx_pipeline.benchmarks.figures import Figure
from tfx_pipeline.benchmarks.text.cold_items import measure_cold_items
from tfx_pipeline.benchmarks.text.cross_encoder_cost import cross_encoder_figures
from tfx_pipeline.benchmarks.text.encoding_speed import encoding_figures
from tfx_pipeline.benchmarks.text.fine_tuning_speed import fine_tuning_figures
from tfx_pipeline.benchmarks.text.lexical_agreement import agreement_figures
from tfx_pipeline.benchmarks.text.query_latency import measure_query_latency
from tfx_pipeline.benchmarks.text.search_figures import search_figures


def text_figures(data_dir: Path) -> Iterator[Figure]:
    """Measure speed first, then search and items without history.

    Args:
        data_dir: Folder of real data.

    Returns:
        The figures, each as soon as it is there.
    """
    yield from encoding_figures()
    yield from fine_tuning_figures()
    yield from measure_query_latency()
    yield from cross_encoder_figures()
    yield from agreement_figures(data_dir)
    yield from search_figures(data_dir)
    yield from measure_cold_items(data_dir)
