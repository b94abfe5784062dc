"""The figures of the evaluation: how long it takes, against TensorFlow Recommenders, and whether others agree."""

import importlib.util
import math
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import numpy as np

from tfx_pipeline.benchmarks.figures import Figure
from tfx_pipeline.benchmarks.generated_shop import GeneratedShop
from tfx_pipeline.benchmarks.progress import say
from tfx_pipeline.evaluation import EvaluationSettings, evaluate_models, score_rankings, top_k_of_vectors
from tfx_pipeline.evaluation.predictions import write_predictions, write_targets

SECONDS_TARGET, RATIO_TARGET, EQUAL_TARGET = 60.0, 20.0, 1e-6
CUTOFFS, PEER_CUTOFFS = (10, 20), (1, 5, 10, 50, 100)
ROUNDS = 1000
_YARDSTICK = Path("tools") / "score.py"


def evaluate_figures(data_dir: Path, users: int = 2_000, items: int = 68_000, repeats: int = 3) -> Iterator[Figure]:
    """Measure the evaluation on a generated shop, in this process.

    Args:
        data_dir: Folder of real data; the yardstick `score.py` lies beside it.
        users: Users that are evaluated.
        items: Items of the catalogue.
        repeats: Runs of which the quickest counts, for us and for the peer alike.
    """
    shop = GeneratedShop.draw(users, items, seed=7)
    say(f"all metrics, {users:,} users, {items:,} items")
    yield Figure.at_most(
        f"all metrics, {users:,} users x {items:,} items, {ROUNDS:,} bootstrap rounds",
        _quickest(lambda: _evaluate_everything(shop), repeats),
        "s",
        SECONDS_TARGET,
        "vectors of a generated shop to ranked lists of all and of new items at 10 and 20, metrics of accuracy and "
        f"beyond with intervals, slices; quickest of {repeats} runs, all cores",
    )
    yield from _peer_figures(shop, repeats)
    yield _yardstick_figure(shop, data_dir)


def _evaluate_everything(shop: GeneratedShop) -> None:
    evaluate_models(
        {"vectors": shop.ranker}, shop.cases, CUTOFFS, shop.facts, shop.slicings, EvaluationSettings(ROUNDS)
    )


def _peer_figures(shop: GeneratedShop, repeats: int) -> Iterator[Figure]:
    name = "ranking and recall figures, against TensorFlow Recommenders' FactorizedTopK"
    try:
        from tfx_pipeline.benchmarks.recommenders_peer import recommenders_hit_rates
    except ImportError as error:
        yield Figure.absent(name, "times", RATIO_TARGET, f"TensorFlow Recommenders: {error}")
        return
    say("TensorFlow Recommenders")
    answers: dict[str, dict[int, float]] = {}

    def ours() -> None:
        answers["ours"] = _hit_rates(shop)

    def theirs() -> None:
        answers["theirs"] = recommenders_hit_rates(shop.queries, shop.items, shop.first_targets, PEER_CUTOFFS)

    seconds, peer_seconds = (_quickest(work, repeats) for work in (ours, theirs))
    worst = max(abs(answers["ours"][k] - answers["theirs"][k]) for k in PEER_CUTOFFS)
    how = (
        f"one target a user, hit rates at {', '.join(map(str, PEER_CUTOFFS))} from the same vectors: {seconds:.2f} s "
        f"against {peer_seconds:.2f} s with candidates in batches of 128 as in its tutorial and ids given, all queries "
        f"in one batch, quickest of {repeats} runs each in this process"
    )
    yield Figure.at_least(name, peer_seconds / seconds, "times", RATIO_TARGET, how)
    yield Figure.at_most(
        "largest difference of these hit rates", worst, "", EQUAL_TARGET, "between the two; products of equal vectors"
    )


def _hit_rates(shop: GeneratedShop) -> dict[int, float]:
    ranked = top_k_of_vectors(shop.queries, shop.items, max(PEER_CUTOFFS))
    means = score_rankings(ranked.items, shop.with_first_targets, PEER_CUTOFFS).means
    return {k: float(means[f"HR@{k}"] or 0.0) for k in PEER_CUTOFFS}


def _yardstick_figure(shop: GeneratedShop, data_dir: Path) -> Figure:
    name = "largest difference to score.py over HR, Recall, NDCG, MRR"
    path = data_dir.parent / _YARDSTICK
    if not path.exists():
        return Figure.absent(name, "", EQUAL_TARGET, f"{path} is not there")
    say("score.py")
    worst = _largest_difference(_loaded(path), shop)
    return Figure.at_most(name, worst, "", EQUAL_TARGET, "all and new items, from the written predictions and targets")


def _largest_difference(yardstick: ModuleType, shop: GeneratedShop) -> float:
    evaluation = evaluate_models({"vectors": shop.ranker}, shop.cases, CUTOFFS, settings=EvaluationSettings(0))
    differences = []
    with tempfile.TemporaryDirectory() as folder:
        for items in ("all", "new"):
            cases, rankings = evaluation.ranked["vectors", items]
            predictions, targets = Path(folder) / "predictions.parquet", Path(folder) / "targets.parquet"
            write_predictions(predictions, cases.user_ids, rankings.items, shop.item_ids, rankings.scores)
            write_targets(targets, cases, shop.item_ids)
            _, table = yardstick.score(
                yardstick.read(str(predictions), ["user_id", "item_id", "rank"]),
                yardstick.read(str(targets), ["user_id", "item_id"]),
                CUTOFFS,
            )
            means = evaluation.table.row("vectors", items).metrics
            differences += [abs(float(means[metric] or math.nan) - table.at[metric, "mean"]) for metric in table.index]
    return float(np.max(differences))


def _loaded(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("score", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _quickest(work: Callable[[], None], repeats: int) -> float:
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)
