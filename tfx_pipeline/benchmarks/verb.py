"""What `shoprank benchmark` does."""

from collections.abc import Callable, Iterator
from pathlib import Path

from tfx_pipeline.benchmarks.figures import Figure, print_figures, to_json, unmet
from tfx_pipeline.errors import PipelineError
from tfx_pipeline.write_aside import write_aside


def benchmark_verb(name: str, data_dir: Path, json_file: Path | None, check: bool) -> None:
    """Measure, print the figures as a table, and write them as JSON.

    Args:
        name: Name of the benchmark.
        data_dir: Real data, for the benchmarks that need some beside what the set-up brings.
        json_file: Receives the figures as a JSON list.
        check: Whether figures must be met.

    Raises:
        PipelineError: There is no such benchmark; or, with `check`, a figure misses its target or could not be
            measured.
    """
    if name not in BENCHMARKS:
        raise PipelineError(f"there is no benchmark {name!r}, only {', '.join(BENCHMARKS)}")
    figures = list(BENCHMARKS[name](data_dir))
    if json_file is not None:
        with write_aside(json_file) as aside:
            aside.write_text(to_json(figures), encoding="utf-8")
    print_figures(figures)
    missed = unmet(figures)
    if check and missed:
        raise PipelineError(f"not met: {'; '.join(missed)}")


def _ingest(data_dir: Path) -> Iterator[Figure]:
    # Its data come with the set-up or are generated.
    del data_dir
    from tfx_pipeline.benchmarks.ingest import ingest_figures

    return ingest_figures()


def _evaluate(data_dir: Path) -> Iterator[Figure]:
    from tfx_pipeline.benchmarks.baseline_tables import baseline_table_figures
    from tfx_pipeline.benchmarks.evaluate import evaluate_figures

    yield from evaluate_figures(data_dir)
    yield from baseline_table_figures(data_dir)


def _train(data_dir: Path) -> Iterator[Figure]:
    from tfx_pipeline.benchmarks.train import train_figures
    from tfx_pipeline.benchmarks.warm_start.warm_start_figures import warm_start_figures

    yield from train_figures(data_dir)
    yield from warm_start_figures(data_dir)


def _quality(data_dir: Path) -> Iterator[Figure]:
    from tfx_pipeline.benchmarks.quality.tasks import quality_figures

    return quality_figures(data_dir)


def _text(data_dir: Path) -> Iterator[Figure]:
    from tfx_pipeline.benchmarks.text.text_figures import text_figures

    return text_figures(data_dir)


def _ranker(data_dir: Path) -> Iterator[Figure]:
    from tfx_pipeline.benchmarks.ranker.ranker_figures import ranker_figures

    return ranker_figures(data_dir)


def _bandit(data_dir: Path) -> Iterator[Figure]:
    from tfx_pipeline.benchmarks.bandit.bandit_figures import bandit_figures

    return bandit_figures(data_dir)


def _index(data_dir: Path) -> Iterator[Figure]:
    from tfx_pipeline.benchmarks.index.index_figures import index_figures

    return index_figures(data_dir)


def _serve(data_dir: Path) -> Iterator[Figure]:
    from tfx_pipeline.benchmarks.serve.serve_figures import serve_figures

    return serve_figures(data_dir)


def _privacy(data_dir: Path) -> Iterator[Figure]:
    from tfx_pipeline.benchmarks.privacy.privacy_figures import privacy_figures

    return privacy_figures(data_dir)


def _export(data_dir: Path) -> Iterator[Figure]:
    from tfx_pipeline.benchmarks.quantisation.quantisation_figures import quantisation_figures

    return quantisation_figures(data_dir)


def _attributes(data_dir: Path) -> Iterator[Figure]:
    # Its items come with the set-up.
    del data_dir
    from tfx_pipeline.benchmarks.attributes.attribute_figures import attribute_figures

    return attribute_figures()


def _automation(data_dir: Path) -> Iterator[Figure]:
    from tfx_pipeline.benchmarks.automation.automation_figures import automation_figures

    return automation_figures(data_dir)


BENCHMARKS: dict[str, Callable[[Path], Iterator[Figure]]] = {
    "ingest": _ingest,
    "evaluate": _evaluate,
    "train": _train,
    "quality": _quality,
    "text": _text,
    "ranker": _ranker,
    "bandit": _bandit,
    "index": _index,
    "serve": _serve,
    "export": _export,
    "privacy": _privacy,
    "attributes": _attributes,
    "automation": _automation,
}
"""Benchmark -> what measures it, given the folder of real data."""
