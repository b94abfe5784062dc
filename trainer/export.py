"""The SavedModel of a run: all parts put together, saved with signatures and warm-up requests."""

import csv
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path
from typing import Any

import tensorflow as tf
import tensorflow_transform as tft

from trainer import features
from trainer.bandit.exploration_head import ExplorationHead
from trainer.bandit.posterior import LinearPosterior
from trainer.bandit.settings import ExplorationSettings
from trainer.calibration.calibration import Calibration
from trainer.candidates import CandidateCounts
from trainer.catalogue import Catalogue, vocabulary
from trainer.eval_traffic import EvalTraffic
from trainer.export_checks.recorded_calls import record_calls
from trainer.hyperparameters import Hyperparameters
from trainer.index.building import INDEX_FILE, IndexSettings
from trainer.model_files import MODEL_NAME, SAVED_TRAFFIC_FILE, TITLES_FILE, VERSION_FILE
from trainer.quantisation.export_settings import ExportSettings
from trainer.quantisation.small_text_encoder import served_text_encoder
from trainer.ranker import Ranker
from trainer.raw_inputs import RawInputs
from trainer.reranking import Reranker
from trainer.retrieval_graph import RetrievalGraph, event_type_rows
from trainer.retrieval_package import RetrievalPackage
from trainer.search_index import SearchIndex
from trainer.servable import Servable
from trainer.signature_requests import Request, signature_requests
from trainer.text_encoder import TextEncoder
from trainer.text_training.cross_encoder import CrossEncoder
from trainer.utility import Utility
from trainer.warmup import BATCHES, write_warmup
from trainer.whole_reads import read_tables_whole

CHECKED_BATCHES = (1, 7, BATCHES[-1])
"""Rows of the calls that an export is checked with; one of them is no batch size of the warm-up."""


def build_retrieval_graph(
    package: RetrievalPackage,
    at_training_end: bool,
    transform: tft.TFTransformOutput,
    settings: Hyperparameters,
    search: SearchIndex | None = None,
    served: bool = False,
) -> RetrievalGraph:
    """Index, candidates and features over a package.

    Args:
        package: Towers and stores.
        at_training_end: Whether statistics are those of the whole training window, or of the ranker's start.
        transform: The transform graph, for its vocabularies.
        settings: Objectives and counts.
        search: The search index of another graph of this package, which need not be built again.
        served: Whether it is for requests: then the index and what is kept of the vectors of items are what the
            settings ask for, else the index is the exact one over float32.
    """
    event_types = list(vocabulary(transform, features.EVENT_TYPES))
    counts = CandidateCounts(**{field.name: settings.ranker[field.name] for field in fields(CandidateCounts)})
    return RetrievalGraph(
        package,
        at_training_end,
        counts,
        settings.text["query_share"],
        event_type_rows(settings.objective_events, event_types),
        len(event_types) + 1,
        search,
        _index_settings(settings) if served else None,
        ExportSettings.of(settings.export).item_vectors if served else "float32",
    )


def _index_settings(settings: Hyperparameters) -> IndexSettings:
    """What the run asks of the served index; a model of before there was a choice has the defaults."""
    default = IndexSettings()
    return IndexSettings(
        kind=settings.retrieval.get("index", default.kind),
        recall=settings.retrieval.get("index_recall", default.recall),
        seed=settings.seed,
    )


def build_servable(
    package: RetrievalPackage,
    retrieval: RetrievalGraph,
    ranker: Ranker,
    posterior: LinearPosterior,
    encoder: TextEncoder,
    cross_encoder: CrossEncoder | None,
    transform: tft.TFTransformOutput,
    settings: Hyperparameters,
    version: str,
    calibration: Calibration | None = None,
) -> Servable:
    """Put the parts together.

    `retrieval` is the graph of the package as of the end of the training window; no `calibration` changes nothing.
    """
    first_event_type = next(iter(settings.objective_events.values()))[0]
    item_ids = package.catalogue.item_ids.tolist()
    raw = RawInputs(
        transform,
        item_ids,
        package.users,
        served_text_encoder(encoder, ExportSettings.of(settings.export).text_encoder),
        package.reducer,
        retrieval.encoder,
        retrieval.search,
        first_event_type,
    )
    exploration = ExplorationHead(posterior, item_ids, exploration_settings(settings.bandit))
    reranker = None
    if cross_encoder is not None and settings.text["reranked"]:
        reranker = Reranker(cross_encoder, [*package.catalogue.texts, ""], settings.text["reranked"])
    objectives = list(settings.objectives)
    worth = (calibration or Calibration.none(len(objectives)), objective_utility(package.catalogue, settings))
    parts = (raw, retrieval, package.towers, ranker, reranker, exploration, item_ids, package.catalogue.titles.tolist())
    return Servable(*parts, objectives, *worth, version, ExportSettings.of(settings.export).signatures)


def objective_utility(catalogue: Catalogue, settings: Hyperparameters) -> Utility:
    """What the objectives are worth for the items of a catalogue."""
    return Utility(list(settings.objective_weights.values()), catalogue.values)


def exploration_settings(values: dict[str, Any]) -> ExplorationSettings:
    """The part of the section `bandit` that the exploration head reads; what an older model lacks has its default."""
    chosen = {field.name: values[field.name] for field in fields(ExplorationSettings) if field.name in values}
    return ExplorationSettings(**{**chosen, "never_explore": tuple(chosen.get("never_explore", ()))})


def export_servable(
    servable: Servable, package: RetrievalPackage, traffic: EvalTraffic, folder: Path, calls: Path | None = None
) -> None:
    """Save a servable with its version, its titles, and warm-up requests made of the eval window's traffic.

    Args:
        servable: What to save.
        package: The catalogue that the requests are about.
        traffic: Who asks for what.
        folder: Where to; must not exist.
        calls: File for the answers of the servable itself, which those of the saved one are held against.
    """
    signatures = servable.signatures()
    tf.saved_model.save(servable, str(folder), signatures=signatures)
    read_tables_whole(folder)

    def requests(batches: Iterable[int]) -> list[Request]:
        asked = (each for batch in batches for each in signature_requests(traffic, package.catalogue, batch))
        return [each for each in asked if each.signature in signatures]

    write_warmup(folder, MODEL_NAME, requests(BATCHES))
    traffic.save(folder / SAVED_TRAFFIC_FILE)
    if calls is not None:
        record_calls(signatures, requests(CHECKED_BATCHES), calls)
    servable.retrieval.index_report.save(folder / INDEX_FILE)
    (folder / VERSION_FILE).write_text(servable.version.numpy().decode(), encoding="utf-8")
    with (folder / TITLES_FILE).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["item_id", "title"])
        writer.writerows(zip(package.catalogue.item_ids, package.catalogue.titles, strict=True))
