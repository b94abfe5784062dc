"""TFX component: a text encoder that has been fine-tuned for search on the shop's own queries, or what stands in."""

import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow_transform as tft
from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.types import standard_artifacts
from tfx.utils import path_utils

from tfx_pipeline.components.artifacts import ShopTables
from tfx_pipeline.config import SplitConfig
from tfx_pipeline.search_pairs import FEWEST_PAIRS, ShopPairs, shop_pairs
from tfx_pipeline.split_tables import read_split
from tfx_pipeline.text_config import SearchTrainingConfig
from trainer.catalogue import read_catalogue
from trainer.features import CATALOGUE
from trainer.item_texts import FUSION_FILE
from trainer.search_fusion import SearchFusion
from trainer.search_index import DENSE
from trainer.shop_encoder import CROSS_ENCODER_FOLDER, ENCODER_FOLDER, encoder_folder, hand_on_networks
from trainer.shop_fusion import shop_fusion
from trainer.text_checkpoint import read_checkpoint
from trainer.text_encoder import TextEncoder
from trainer.text_training.cross_encoder import CrossEncoder
from trainer.text_training.cross_encoder_settings import CrossEncoderSettings
from trainer.text_training.cross_encoder_training import train_cross_encoder
from trainer.text_training.hard_negatives import lexical_scores
from trainer.text_training.search_evaluation import mean_reciprocal_rank
from trainer.text_training.search_settings import SearchTrainingSettings
from trainer.text_training.search_training import train_search

HISTORY_FILE = "search_training.json"
_LENGTHS = (16, 32, 64, 96, 128, 256)
_LONGEST_QUERY = 32
logger = logging.getLogger(__name__)


@component
def TextTraining(
    tables: InputArtifact[ShopTables],
    examples: InputArtifact[standard_artifacts.Examples],
    transform_graph: InputArtifact[standard_artifacts.TransformGraph],
    checkpoint: Parameter[str],
    max_tokens: Parameter[int],
    settings: Parameter[str],
    split: Parameter[str],
    event_types: Parameter[str],
    dimension: Parameter[int],
    terms: Parameter[str],
    reranked: Parameter[int],
    seed: Parameter[int],
    version: Parameter[str],
    encoder: OutputArtifact[standard_artifacts.Model],
    base: InputArtifact[standard_artifacts.Model] = None,
) -> None:
    """Fine-tune the encoder on the best pairs of query and item that the shop has.

    Args:
        tables: The tables on the data contract; of the events only those of the training window are used.
        examples: Transformed examples with the catalogue split.
        transform_graph: The transform graph that made them.
        checkpoint: Folder of the text encoder, '' for the bundled one; where `base` is given it has no meaning.
        max_tokens: Tokens of a text that are read.
        settings: `SearchTrainingConfig` as JSON.
        split: `SplitConfig` as JSON.
        event_types: JSON list of the event types that say that an item was what somebody looked for.
        dimension: Principal components of the text vectors that the index keeps.
        terms: JSON list of what the lexical indexes are over.
        reranked: Candidates of a search that a cross-encoder will read; 0 trains none.
        seed: Of all draws.
        version: Hash of the code and of the content of the checkpoint.
        encoder: Under the serving folder of the artifact what the training did, search_training.json, and the search
            fusion that was chosen on held-out queries, fusion.json; and in text_encoder a folder for
            `TextEncoder.load`, unless there was nothing to learn from, or held-out queries were not better for it:
            then only if `base` was given. In cross_encoder the cross-encoder, where one is wanted.
        base: A pretrained encoder to start from, as TextPretraining writes it.
    """
    del version
    config = SearchTrainingConfig.model_validate_json(settings)
    catalogue = read_catalogue([f"{examples.uri}/Split-{CATALOGUE}/*"], tft.TFTransformOutput(transform_graph.uri))
    source = Path(tables.uri)
    decided = read_split(source, SplitConfig.model_validate_json(split))
    found = shop_pairs(config.pairs, source, decided, json.loads(event_types), catalogue)
    start = Path(path_utils.serving_model_dir(base.uri)) if base else Path()
    folder = encoder_folder(start, Path(checkpoint) if checkpoint else None)
    serving = Path(path_utils.serving_model_dir(encoder.uri))
    serving.mkdir(parents=True)
    fusion, record = SearchFusion.equal(*json.loads(terms), DENSE), _record(found)
    if found.kind == "none":
        logger.info("text encoder: not fine-tuned, the shop has no %d pairs of query and item", FEWEST_PAIRS)
        hand_on_networks(start, serving)
    else:
        outcome = _train(found, folder, max_tokens, config, seed)
        record |= outcome.record
        fusion = shop_fusion(found.documents, outcome.encoder, dimension, json.loads(terms), *outcome.held_out)
        if outcome.is_better or base:
            outcome.encoder.save_folder(serving / ENCODER_FOLDER)
        if reranked:
            _trained_cross_encoder(found, folder, max_tokens, config, seed).save_folder(serving / CROSS_ENCODER_FOLDER)
    fusion.save(serving / FUSION_FILE)
    (serving / HISTORY_FILE).write_text(json.dumps(record, indent=1), encoding="utf-8")


@dataclass(frozen=True)
class _Outcome:
    """What a fine-tuning left.

    Attributes:
        encoder: The encoder to go on with.
        is_better: Whether it is not the one that came in.
        held_out: Queries that nothing was trained on, and the row of the text that each should find.
        record: What was done.
    """

    encoder: TextEncoder
    is_better: bool
    held_out: tuple[list[str], np.ndarray]
    record: dict[str, Any]


def _record(found: ShopPairs) -> dict[str, Any]:
    return {"pairs": found.kind, "number_of_pairs": len(found.pairs), "trained": False}


def _train(found: ShopPairs, folder: Path | None, max_tokens: int, config: SearchTrainingConfig, seed: int) -> _Outcome:
    options = training_settings(config, max_tokens, seed)
    random = np.random.default_rng(seed)
    limited = found.pairs.limited(options.maximum_pairs, random)
    training, held_out = limited.split(options.validation_share, random)
    trained = TextEncoder.load(folder, max_tokens, mode=config.mode, precision=config.precision)
    history = train_search(trained, found.documents, training, options, held_out)
    lexical = lexical_scores(held_out.queries.tolist(), found.documents)
    is_better = history.best_epoch > 0
    record = {
        "trained": is_better,
        "held_out_mrr": {
            "bm25": mean_reciprocal_rank(lexical, held_out),
            "before": history.start_mrr,
            "after": history.best_mrr,
        },
        "settings": options.as_dict(),
        "history": history.as_dict(),
    }
    if not is_better:
        logger.info("text encoder: left as it was, training did not raise the held-out MRR@10 of %s", history.start_mrr)
    kept = trained if is_better else TextEncoder.load(folder, max_tokens)
    return _Outcome(kept, is_better, (held_out.queries.tolist(), held_out.documents), record)


def _trained_cross_encoder(
    found: ShopPairs, folder: Path | None, max_tokens: int, config: SearchTrainingConfig, seed: int
) -> CrossEncoder:
    both = min(_LONGEST_QUERY + max_tokens, read_checkpoint(folder).config.max_position_embeddings)
    encoder = TextEncoder.load(folder, both, mode="full", precision=config.precision)
    model = CrossEncoder(encoder, query_tokens=min(_LONGEST_QUERY, both // 2))
    settings = CrossEncoderSettings(
        maximum_pairs=config.maximum_pairs, maximum_steps=config.maximum_steps, jit_compile=config.compiled, seed=seed
    )
    train_cross_encoder(model, found.documents, found.pairs, settings)
    return model


def training_settings(config: SearchTrainingConfig, max_tokens: int, seed: int) -> SearchTrainingSettings:
    """The settings that a configuration means for texts of at most so many tokens."""
    lengths = tuple(length for length in _LENGTHS if length < max_tokens)
    shared = {name: value for name, value in config if name in SearchTrainingSettings.__dataclass_fields__}
    return SearchTrainingSettings(
        **shared,
        jit_compile=config.compiled,
        query_lengths=tuple(sorted({min(16, max_tokens), min(_LONGEST_QUERY, max_tokens)})),
        document_lengths=(*lengths, max_tokens),
        seed=seed,
    )
