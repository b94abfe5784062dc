"""The demo: a year of Complete Journey purchases to a served model, and four questions to it."""

import dataclasses
import resource
import statistics
import time
from pathlib import Path

from serving.client import ShopRankClient, Slate
from serving.model_server.process import start_server
from tfx_pipeline.answer_table import Answer, AnswerTable
from tfx_pipeline.config import Config, ObjectiveConfig
from tfx_pipeline.datasets.complete_journey import complete_journey_data, package_split
from tfx_pipeline.run import run, write_summary
from tfx_pipeline.run_summary import Figure, RunSummary
from tfx_pipeline.titles import read_titles

TITLE = "Complete Journey data"
HOUSEHOLD, QUERY = "900", "chocolate cookies"
_TIMED_REQUESTS = 100


def demo_config(run_dir: Path) -> Config:
    """The demo's configuration: train before December, test on the last four weeks."""
    return Config(
        run_dir=run_dir.resolve(),
        data=complete_journey_data(),
        objectives={"purchase": ObjectiveConfig(event_types=["purchase"])},
        split=package_split(),
    )


def demo(run_dir: Path) -> RunSummary:
    """Run the demo: pipeline, server, answers.

    Raises:
        DataError: The data package is not installed.
        ServingError: The server did not start or did not answer.
    """
    started = time.monotonic()
    config = demo_config(run_dir)
    summary = run(config, TITLE)
    if summary.model_path is not None:
        run_done = time.monotonic()
        log = config.run_dir / "logs" / "server.log"
        with start_server(config.serving_dir, log_file=log) as server, ShopRankClient(server.target) as client:
            ready = time.monotonic() - run_done
            answers = _answers(client, read_titles(Path(summary.model_path)))
            figures = (Figure("server ready after", ready, "s"), *_figures(client))
        everything = Figure("whole demo", time.monotonic() - started, "s")
        summary = dataclasses.replace(summary, answers=answers, figures=(*summary.figures, *figures, everything))
        write_summary(summary, config.run_dir)
    return summary


def _answers(client: ShopRankClient, titles: dict[str, str]) -> tuple[AnswerTable, ...]:
    known = client.recommend([HOUSEHOLD], k=5, policies=["thompson"], seeds=[7])[0]
    stranger = client.recommend(["a stranger"], k=5)[0]
    found = client.recommend([""], queries=[QUERY], k=5)[0]
    similar = client.similar_items(item_ids=[found.items[0].item_id], k=5)[0]
    alike = tuple(Answer(item.item_id, titles.get(item.item_id, ""), item.score, None, "ann") for item in similar)
    return (
        AnswerTable(f"What next for household {HOUSEHOLD}? (Thompson sampling)", _of_slate(known, titles)),
        AnswerTable("What for a household that nobody knows?", _of_slate(stranger, titles)),
        AnswerTable(f"Search: {QUERY}", _of_slate(found, titles)),
        AnswerTable(f"What is like {titles.get(found.items[0].item_id, '')} ({found.items[0].item_id})?", alike),
    )


def _of_slate(slate: Slate, titles: dict[str, str]) -> tuple[Answer, ...]:
    return tuple(
        Answer(item.item_id, titles.get(item.item_id, ""), item.score, item.propensity, item.source)
        for item in slate.items
    )


def _figures(client: ShopRankClient) -> tuple[Figure, ...]:
    """Median latencies of one client, and the peak memory of the run."""
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    return (
        Figure("recommend over gRPC, p50", _median_milliseconds(client, ""), "ms"),
        Figure("the same with a query text, p50", _median_milliseconds(client, QUERY), "ms"),
        Figure("peak memory of the run", memory, "GB"),
    )


def _median_milliseconds(client: ShopRankClient, query: str) -> float:
    times = []
    for _ in range(_TIMED_REQUESTS):
        start = time.perf_counter()
        client.recommend([HOUSEHOLD], queries=[query])
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times)
