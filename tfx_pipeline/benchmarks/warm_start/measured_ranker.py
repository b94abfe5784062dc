"""The ranker of one training: candidates of its window mined, trained on them, and asked about the days after."""

import time
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import pandas as pd

from tfx_pipeline.benchmarks.progress import say
from tfx_pipeline.benchmarks.ranker.mined_window import MinedRows, ranker_scores
from tfx_pipeline.benchmarks.warm_start.journey_moment import Moment
from trainer.candidates import CandidateCounts
from trainer.features import USER_ID
from trainer.hyperparameters import Hyperparameters
from trainer.item_statistics import ItemStatistics, item_statistics
from trainer.item_texts import ItemTexts
from trainer.item_to_item.neighbours import Neighbours
from trainer.mined_examples import mined_dataset, write_mined
from trainer.mining import Cases, cases_of, mine, request_times
from trainer.ranker import Ranker
from trainer.ranker_training import train_ranker
from trainer.retrieval import TwoTowerModel
from trainer.retrieval_graph import RetrievalGraph
from trainer.retrieval_package import RetrievalPackage
from trainer.search_fusion import SearchFusion
from trainer.search_index import DENSE, WORDS
from trainer.shop_neighbours import shop_neighbours
from trainer.user_events import UserEvents, read_user_events
from trainer.user_store import UserStore
from trainer.warm_start.ranker_start import RankerStart

_PURCHASE = {"purchase": [0]}
_EVERY = 2
"""Of the households with a purchase in a window each so many-th is a case: mining takes most of the time."""
_VALIDATION_EVERY = 8
"""Of the cases of the ranker's window so many-th are what its best epoch is chosen by, and not learned."""


@dataclass(frozen=True, eq=False)
class RankerWindow:
    """What the rankers of a moment have in common, whatever towers stand before them.

    Attributes:
        moment: The moment.
        events: The histories of households at the start of the window, and what they bought in it as targets.
        statistics: Of the items at the start and at the end of the window.
        neighbours: The same.
    """

    moment: Moment
    events: UserEvents
    statistics: tuple[ItemStatistics, ItemStatistics]
    neighbours: tuple[Neighbours, Neighbours]

    @classmethod
    def of(cls, moment: Moment, settings: Hyperparameters) -> "RankerWindow":
        """Count what lies before and in the window."""
        say("statistics and neighbours of the items")
        is_target = moment.lines["seconds"] >= moment.learned_until
        events = household_events(moment, moment.lines[~is_target], moment.lines[is_target])
        windows, items = read_user_events([str(moment.windows)]), len(moment.catalogue)
        parts = ([windows], [windows, events])
        first, last = (item_statistics(part, items) for part in parts)
        near, nearer = (shop_neighbours(part, items, settings.retrieval) for part in parts)
        return cls(moment, events, (first, last), (near, nearer))

    def package(self, towers: TwoTowerModel, texts: ItemTexts, settings: Hyperparameters) -> RetrievalPackage:
        """What the pipeline's stage would hand on with these towers."""
        users = UserStore.from_events(self.events, len(self.moment.words[USER_ID]), settings.history["length"])
        return RetrievalPackage(
            towers, self.moment.catalogue, users, *self.statistics, *self.neighbours, texts.reducer, _FUSION
        )


_FUSION = SearchFusion.equal(WORDS, DENSE)


@dataclass(frozen=True, eq=False)
class MeasuredRanker:
    """A trained ranker with all that it needs to be asked.

    Attributes:
        window: What it learned from.
        package: The towers before it.
        settings: Of the training.
        ranker: The ranker.
        seconds: Wall time of its training, without the mining, which takes the same from every start.
    """

    window: RankerWindow
    package: RetrievalPackage
    settings: Hyperparameters
    ranker: Ranker
    seconds: float

    @classmethod
    def train(
        cls,
        window: RankerWindow,
        towers: TwoTowerModel,
        texts: ItemTexts,
        settings: Hyperparameters,
        folder: Path,
        start: RankerStart | None = None,
    ) -> "MeasuredRanker":
        """Mine the candidates of the window and train on them; `folder` takes candidates and logs."""
        package = window.package(towers, texts, settings)
        graph = _graph(package, False, settings)
        cases = _cases(window.events, window.moment, settings)
        numbers = np.arange(len(cases))
        validates = numbers % (_EVERY * _VALIDATION_EVERY) == 0
        learns = (numbers % _EVERY == 0) & ~validates
        paths = [folder / "training", folder / "validation"]
        for path, rows in zip(paths, (learns, validates), strict=True):
            write_mined(mine(graph, _taken(cases, rows), package.catalogue), path)
        width = len(graph.features.names)
        began = time.perf_counter()
        training, validation = (
            mined_dataset([str(path)], settings.ranker["batch_cases"], (width, 1), seed)
            for path, seed in zip(paths, (settings.seed, None), strict=True)
        )
        ranker = train_ranker(training, validation, width, settings, folder / "logs", start=start)
        return cls(window, package, settings, ranker, time.perf_counter() - began)

    def ndcg(self, after: pd.DataFrame, folder: Path) -> float:
        """NDCG@10 of all items over households, of what they bought in the days after.

        What was not mined, or is not known, is a target that nobody finds.
        """
        moment, graph = self.window.moment, _graph(self.package, True, self.settings)
        known = after[after["household_id"].isin(moment.lines["household_id"])]
        events = household_events(moment, moment.lines, known)
        cases = _cases(events, moment, self.settings)
        chosen = np.arange(len(cases)) % _EVERY == 0
        path, widths = folder / "asked", (len(graph.features.names), 1)
        write_mined(mine(graph, _taken(cases, chosen), self.package.catalogue), path)
        batch = self.settings.ranker["batch_cases"]
        scores = ranker_scores(self.ranker, mined_dataset([str(path)], batch, widths, None))
        # Households in the order of their numbers, as those of the cases.
        counts = known.groupby("household_id")["product_id"].nunique().to_numpy()[chosen]
        return MinedRows.read(path, widths, batch).ndcg(scores, counts)


def household_events(moment: Moment, before: pd.DataFrame, after: pd.DataFrame) -> UserEvents:
    """An example of each household that bought something after: what it bought before, and that as targets."""
    past = before[before["household_id"].isin(after["household_id"])]
    lines = pd.concat([past.assign(is_target=False), after.assign(is_target=True)])
    lines = lines.sort_values(["household_id", "seconds"], kind="stable", ignore_index=True)
    households, starts = np.unique(lines["household_id"].to_numpy(), return_index=True)
    users = pd.Index(moment.words[USER_ID]).get_indexer(pd.Index(households.astype(str)))
    item_ids = moment.catalogue.item_ids
    items = pd.Index(item_ids).get_indexer(pd.Index(lines["product_id"].astype(str)))
    return UserEvents(
        users=np.where(users < 0, len(moment.words[USER_ID]), users).astype(np.int64),
        offsets=np.append(starts, len(lines)).astype(np.int64),
        items=np.where(items < 0, len(item_ids), items).astype(np.int64),
        event_types=np.zeros(len(lines), np.int64),
        timestamps=lines["seconds"].to_numpy(),
        is_target=lines["is_target"].to_numpy(),
    )


def _cases(events: UserEvents, moment: Moment, settings: Hyperparameters) -> Cases:
    asked_at = request_times(events, each_by_itself=False)
    length, width = settings.history["length"], moment.texts.reducer.dimension
    return cases_of(events, length, len(moment.catalogue), _PURCHASE, width, asked_at)


def _taken(cases: Cases, rows: np.ndarray) -> Cases:
    parts = {each.name: getattr(cases, each.name) for each in fields(Cases)}
    return Cases(**{name: part if name == "targets" else part[rows] for name, part in parts.items()})


def _graph(package: RetrievalPackage, at_training_end: bool, settings: Hyperparameters) -> RetrievalGraph:
    counts = CandidateCounts(**{field.name: settings.ranker[field.name] for field in fields(CandidateCounts)})
    return RetrievalGraph(package, at_training_end, counts, settings.text["query_share"], _PURCHASE, 2)
