"""A servable of a generated shop, exported by the same builders as a trained one: no training, no stub."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import keras
import numpy as np
import tensorflow as tf
import tensorflow_transform as tft

from tfx_pipeline.benchmarks.serve.generated_package import GeneratedSize, generated_package
from tfx_pipeline.config import BanditConfig, HistoryConfig, RankerConfig, RetrievalConfig
from tfx_pipeline.text_config import TextConfig
from trainer import features
from trainer.bandit.evidence import append_constant
from trainer.bandit.posterior import LinearPosterior
from trainer.calibration.calibration import Calibration
from trainer.calibration.isotonic import fit_isotonic
from trainer.eval_traffic import EvalTraffic
from trainer.export import build_retrieval_graph, build_servable, export_servable
from trainer.hyperparameters import Hyperparameters
from trainer.model_files import VERSION_FILE
from trainer.preprocessing import preprocessing_fn
from trainer.ranker import Ranker
from trainer.retrieval_graph import RetrievalGraph
from trainer.retrieval_package import RetrievalPackage
from trainer.saved_variables import copy_with_variables, read_variable
from trainer.servable import Servable
from trainer.text_encoder import TextEncoder

_LEAVES, _BRANDS = 60, 40
_EVIDENCE_ROWS = 20_000
_EVIDENCE_ITEMS = 5_000
_NOISE, _ITEM_PRECISION = 0.05, 2_500.0
"""Variance of one outcome and precision of an item's own intercept, as mined candidates give them for a real shop."""
_USUAL_LOGIT = -3.0


def generated_settings(**ranker: Any) -> Hyperparameters:
    """What a shop gets that configures nothing; keywords replace values of the section `ranker`."""
    sections = {
        "history": HistoryConfig(),
        "text": TextConfig(),
        "retrieval": RetrievalConfig(),
        "ranker": RankerConfig(),
        "bandit": BanditConfig(),
    }
    values: dict[str, Any] = {name: section.model_dump(mode="json") for name, section in sections.items()}
    values["ranker"] |= ranker
    objectives = {"purchase": {"event_types": ["purchase"], "weight": 1.0}}
    return Hyperparameters(objectives=objectives, seed=7, **values)


def small_settings() -> Hyperparameters:
    """The least sizes, for tests of what is around the models."""
    settings = generated_settings(
        hidden=[8, 4], retrieved=5, from_history=4, neighbours=5, lexical=5, popular=30, crosses=1
    )
    settings.history["length"] = 8
    settings.text["dimension"] = 8
    settings.retrieval.update({"dimension": 8, "neighbours": 4, "neighbour_items": 40})
    settings.bandit["draws"] = 32
    return settings


def generated_transform(users: int, folder: Path) -> tft.TFTransformOutput:
    """The transform graph of a few examples: all users, and an item of each category and brand."""
    import apache_beam as beam
    import tensorflow_transform.beam as tft_beam
    from apache_beam.runners.portability.fn_api_runner import FnApiRunner

    kinds = {"string": tf.string, "int": tf.int64, "float": tf.float32}
    every = (*features.USER_EXAMPLE, *features.ITEM_EXAMPLE)
    metadata = tft.DatasetMetadata.from_feature_spec(
        {each.name: tf.io.VarLenFeature(kinds[each.kind]) for each in every}
    )
    raw = [{each.name: example.get(each.name, []) for each in every} for example in _examples(users)]
    with beam.Pipeline(runner=FnApiRunner()) as pipeline, tft_beam.Context(temp_dir=str(folder / "temp")):
        data = pipeline | beam.Create(raw, reshuffle=False)
        graph = (data, metadata) | tft_beam.AnalyzeDataset(preprocessing_fn)
        graph | tft_beam.WriteTransformFn(str(folder / "graph"))
    return tft.TFTransformOutput(str(folder / "graph"))


def user_id(number: int) -> str:
    """The id of a generated user."""
    return f"user-{number:05d}"


def generated_servable(
    size: GeneratedSize,
    folder: Path,
    version: str,
    settings: Hyperparameters | None = None,
    encoder: TextEncoder | None = None,
) -> None:
    """Export a servable of a generated shop: all signatures, the encoder, every index, ranker and posterior.

    Args:
        size: How large the shop is.
        folder: Where to; must not exist.
        version: What `model_version` answers.
        settings: Sizes of the models; those of a shop that configures nothing unless given.
        encoder: The text encoder; the bundled one unless given.
    """
    settings = settings or generated_settings()
    encoder = encoder or TextEncoder.load(None, settings.text["max_tokens"])
    with TemporaryDirectory() as work:
        transform = generated_transform(size.users, Path(work))
        package = generated_package(size, transform, encoder, settings)
        retrieval = build_retrieval_graph(package, True, transform, settings, served=True)
        servable = _servable(package, retrieval, encoder, transform, settings, version)
        servable.item_ids.assign(answered_ids(size.items, version))
        export_servable(servable, package, _traffic(package, size), folder)


def another_version(first: Path, folder: Path, version: str) -> None:
    """The same servable as a further version: only `model_version` and the ids that it answers with are others.

    Args:
        first: What `generated_servable` exported.
        folder: Where to; must not exist.
        version: What `model_version` answers.
    """
    items = len(read_variable(first, "item_ids")) - 1
    copy_with_variables(first, folder, {"item_ids": answered_ids(items, version), "version": version})
    (folder / VERSION_FILE).write_text(version, encoding="utf-8")


def answered_ids(items: int, version: str) -> list[str]:
    """What a version calls its items, '' for the unknown one: an answer shows which version its items are of."""
    return [*(f"v{version}-{row:07d}" for row in range(items)), ""]


def _traffic(package: RetrievalPackage, size: GeneratedSize) -> EvalTraffic:
    users = [user_id(number) for number in range(min(8, size.users))]
    items = package.catalogue.item_ids[:20].tolist()
    return EvalTraffic(user_ids=[*users, ""], queries=package.catalogue.titles[:4].tolist(), item_ids=items)


def _servable(
    package: RetrievalPackage,
    retrieval: RetrievalGraph,
    encoder: TextEncoder,
    transform: tft.TFTransformOutput,
    settings: Hyperparameters,
    version: str,
) -> Servable:
    random = np.random.default_rng(settings.seed)
    ranker = _ranker(retrieval, settings, random)
    item_ids = package.catalogue.item_ids.tolist()
    posterior = _posterior(ranker.width, item_ids, random)
    probabilities = random.beta(1, 20, 2_000)
    calibration = Calibration([fit_isotonic(probabilities, random.random(2_000) < probabilities)])
    parts = (ranker, posterior, encoder, None, transform, settings, version, calibration)
    return build_servable(package, retrieval, *parts)


def _ranker(retrieval: RetrievalGraph, settings: Hyperparameters, random: np.random.Generator) -> Ranker:
    keras.utils.set_random_seed(settings.seed)
    width = len(retrieval.features.names)
    options = {name: settings.ranker[name] for name in ("crosses", "experts", "attended_events", "position_slots")}
    vectors = retrieval.store.preferences.shape[1] + retrieval.store.texts.shape[1]
    vector_size = vectors if options["attended_events"] else 0
    ranker = Ranker(list(settings.objectives), width, settings.ranker["hidden"], **options, vector_size=vector_size)
    ranker.set_scale(random.normal(0, 0.5, width), random.uniform(0.5, 2.0, width))
    # A shopper buys few of the candidates.
    ranker.heads.bias.assign([_USUAL_LOGIT] * len(settings.objectives))
    return ranker


def _posterior(width: int, item_ids: list[str], random: np.random.Generator) -> LinearPosterior:
    prior = LinearPosterior.prior(width + 1, 1.0, _NOISE, item_precision=_ITEM_PRECISION)
    # Some directions of a last layer hardly vary: little is known of their weights.
    shown = append_constant(random.normal(size=(_EVIDENCE_ROWS, width)) * np.geomspace(1.0, 0.05, width))
    some = random.integers(min(_EVIDENCE_ITEMS, len(item_ids)), size=_EVIDENCE_ROWS)
    rewards = random.normal(0, _NOISE**0.5, _EVIDENCE_ROWS)
    return prior.update(shown, rewards, [item_ids[row] for row in some])


def _examples(users: int) -> list[dict[str, list[Any]]]:
    known: list[dict[str, list[Any]]] = [
        {
            features.USER_ID: [user_id(number).encode()],
            features.ITEM_IDS: [b"item-0"],
            features.EVENT_TYPES: [b"purchase"],
            features.TIMESTAMPS: [0],
            features.BASKETS: [0],
            features.IS_TARGET: [1],
        }
        for number in range(users)
    ]
    items: list[dict[str, list[Any]]] = [
        {
            features.ITEM_ID: [f"item-{number}".encode()],
            features.TITLE: [b"a title"],
            features.CATEGORY: [f"department {number // 12} > shelf {number // 4} > kind {number}".encode()],
            features.BRAND: [f"brand {number % _BRANDS}".encode()],
            features.PRICE: [1.0 + number],
        }
        for number in range(_LEAVES)
    ]
    return [*known, *items]
