"""TFX component: the candidates that the ranker learns from, and the rows that TFMA judges it on."""

import dataclasses
import itertools
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf
import tensorflow_transform as tft
from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.types import artifact_utils, standard_artifacts
from tfx.utils import path_utils

from tfx_pipeline.components.artifacts import ShopTables
from tfx_pipeline.feedback.training_slates import TrainingLog
from trainer import features
from trainer.calibration.registry import NONE
from trainer.case_variants import Variant, case_variants
from trainer.catalogue import vocabulary
from trainer.eval_traffic import TRAFFIC_FILE, EvalTraffic
from trainer.export import build_retrieval_graph
from trainer.hyperparameters import Hyperparameters
from trainer.mined_examples import write_mined
from trainer.mining import Cases, MinedCase, cases_of, mine, request_times
from trainer.retrieval_graph import RetrievalGraph, event_type_rows
from trainer.retrieval_package import RetrievalPackage
from trainer.shop_encoder import load_shop_encoder
from trainer.shown_slates import ShownSlates, Vocabularies, mine_slates, slate_cases
from trainer.text_encoder import TextEncoder, encode_texts
from trainer.user_events import read_user_events

LABEL_PREFIX = "label_"
ROWS_PER_CASE = 16
MOST_EVAL_CASES = 1000
"""More users than this do not make the validation loss or TFMA's figures any clearer."""


@component
def CandidateMiner(
    examples: InputArtifact[standard_artifacts.Examples],
    transform_graph: InputArtifact[standard_artifacts.TransformGraph],
    towers: InputArtifact[standard_artifacts.Model],
    hyperparameters: Parameter[str],
    version: Parameter[str],
    candidates: OutputArtifact[standard_artifacts.Examples],
    rows: OutputArtifact[standard_artifacts.Examples],
    log: Parameter[str] = "",
    tables: InputArtifact[ShopTables] = None,
) -> None:
    """Mine candidates of the ranker's cases (split train) and of the gates' cases (split eval), in all variants.

    Some users of the eval window are the split calibration, as they are: the ranker's probabilities are corrected by
    them, so they are not among the gates' cases.

    Args:
        examples: Transformed examples with the splits ranker and eval.
        transform_graph: The transform graph that made them.
        towers: The retrieval package.
        hyperparameters: `Hyperparameters` as JSON.
        version: Hash of the code.
        candidates: See `trainer.mined_examples`; beside the splits stands the `EvalTraffic`.
        rows: tf.Examples with user, item and labels of a draw of the eval cases' candidates. They carry no history:
            the servable's user store ends where the eval window starts.
        log: `TrainingLog` as JSON, where slots are learned from a feedback log: what was shown in the ranker's window
            is candidates with positions.
        tables: The tables on the data contract, for the time of that window.
    """
    del version
    settings = Hyperparameters.from_json(hyperparameters)
    folder = Path(path_utils.serving_model_path(towers.uri))
    miner = Miner(
        tft.TFTransformOutput(transform_graph.uri),
        RetrievalPackage.load(folder),
        load_shop_encoder(folder, settings),
        settings,
    )
    slates = TrainingLog.from_json(log).slates(Path(tables.uri), settings) if log else None
    search = None
    for source in (features.RANKER, features.EVAL):
        graph = build_retrieval_graph(miner.package, source == features.EVAL, miner.transform, settings, search)
        search = graph.search
        cases = miner.cases(f"{examples.uri}/Split-{source}/*", source)
        for split, part in candidate_splits(cases, source, settings).items():
            variants = miner.variants(part) if split != features.CALIBRATION else [Variant(part)]
            if split == features.EVAL:
                miner.traffic(part, variants).save(Path(candidates.uri) / TRAFFIC_FILE)
            first, *others = (
                mine(graph, each.cases, miner.package.catalogue, each.new_only, settings.ranker["attended_events"])
                for each in variants
            )
            plain = list(first)
            if split == features.EVAL:
                _write_rows(plain, part, miner, _split_file(rows, split))
            if split == features.TRAIN and slates:
                others.append(miner.shown(graph, slates, f"{examples.uri}/Split-{features.USERS}/*"))
            write_mined(itertools.chain(plain, *others), _split_file(candidates, split))
    splits = [features.TRAIN, features.CALIBRATION, features.EVAL]
    candidates.split_names = artifact_utils.encode_split_names(splits)
    rows.split_names = artifact_utils.encode_split_names(["eval"])


def candidate_splits(cases: Cases, source: str, settings: Hyperparameters) -> dict[str, Cases]:
    """The cases of a window by the split of the candidates that they belong to."""
    if source == features.RANKER:
        return {features.TRAIN: cases}
    calibrated = settings.ranker["calibration"] != NONE
    every = max(-(-len(cases) // MOST_EVAL_CASES), 2 if calibrated else 1)
    held_out = slice(1, None, every) if calibrated else slice(0, 0)
    return {features.EVAL: cases.take(slice(0, None, every)), features.CALIBRATION: cases.take(held_out)}


@dataclasses.dataclass(frozen=True)
class Miner:
    """Makes cases, and the situations they are asked in, of transformed examples."""

    transform: tft.TFTransformOutput
    package: RetrievalPackage
    encoder: TextEncoder
    settings: Hyperparameters

    def cases(self, files: str, split: str) -> Cases:
        """The cases of a split's files."""
        kinds = event_type_rows(self.settings.label_events, list(vocabulary(self.transform, features.EVENT_TYPES)))
        length, width = self.settings.history["length"], self.package.reducer.dimension
        events = read_user_events([files])
        one_event = split == features.RANKER and self.settings.history["ranker_cases"] == "event"
        asked_at = request_times(events, each_by_itself=one_event or not self.settings.shared_cut)
        return cases_of(events, length, len(self.package.catalogue), kinds, width, asked_at)

    def variants(self, cases: Cases) -> list[Variant]:
        """The situations that cases are asked in; see `trainer.case_variants`."""
        unknown_user = self.transform.vocabulary_size_by_name(features.USER_ID)
        return case_variants(cases, self.package.catalogue, self._encode, unknown_user, self.settings.seed)

    def traffic(self, cases: Cases, variants: Sequence[Variant]) -> EvalTraffic:
        """Requests of the eval window: its users, the queries that its cases ask, and what was chosen."""
        queries = [query for variant in variants for query in variant.cases.queries.tolist()]
        users = list(vocabulary(self.transform, features.USER_ID))
        return EvalTraffic.of_cases(cases, queries, users, self.package.catalogue.item_ids.tolist())

    def shown(self, graph: RetrievalGraph, slates: ShownSlates, files: str) -> Iterator[MinedCase]:
        """What was shown, with features as of the ranker's window; `files` have the latest events of every user."""
        names = (features.USER_ID, features.EVENT_TYPES)
        users, kinds = (_rows(vocabulary(self.transform, name)) for name in names)
        items = _rows(self.package.catalogue.item_ids)
        first_event_type = next(iter(self.settings.objective_events.values()))[0]
        vocabularies = Vocabularies(users, items, kinds, kinds.get(first_event_type, len(kinds)))
        past = read_user_events([files])
        cases = slate_cases(slates, past, vocabularies, self.settings.history["length"], self._encode)
        return mine_slates(graph, cases, slates, items, self.settings.ranker["attended_events"])

    def _encode(self, texts: list[str]) -> np.ndarray:
        return self.package.reducer.reduce(encode_texts(self.encoder, texts)).numpy()


def _rows(names: Iterable[str]) -> dict[str, int]:
    return {name: row for row, name in enumerate(names)}


def _split_file(artifact: standard_artifacts.Examples, split: str) -> Path:
    folder = Path(artifact.uri) / f"Split-{split}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / "candidates"


def _write_rows(mined: list[MinedCase], cases: Cases, miner: Miner, path: Path) -> None:
    """Write a uniform draw of each case's candidates, so that rates are those of the served candidates."""
    random = np.random.default_rng(miner.settings.seed)
    users = np.append(vocabulary(miner.transform, features.USER_ID), "")
    with tf.io.TFRecordWriter(f"{path}.gz", "GZIP") as writer:
        for user, case in zip(cases.users, mined, strict=True):
            drawn = random.choice(len(case.rows), min(ROWS_PER_CASE, len(case.rows)), replace=False)
            for row in drawn:
                item = miner.package.catalogue.item_ids[case.rows[row]]
                labels = dict(zip(miner.settings.objectives, case.labels[row], strict=True))
                writer.write(_row_example(users[user], item, labels))


def _row_example(user: str, item: str, labels: dict[str, float]) -> bytes:
    example = tf.train.Example()
    example.features.feature[features.USER_ID].bytes_list.value.append(user.encode())
    example.features.feature[features.ITEM_ID].bytes_list.value.append(item.encode())
    for objective, label in labels.items():
        example.features.feature[LABEL_PREFIX + objective].float_list.value.append(label)
    return example.SerializeToString()
