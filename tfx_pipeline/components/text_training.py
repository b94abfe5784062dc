"""TFX component: the networks of the shop's text, fine-tuned for search on its own queries, or what stands in."""

import json
import logging
import shutil
from pathlib import Path
from typing import Any

import tensorflow_transform as tft
from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.types import standard_artifacts
from tfx.utils import path_utils

from tfx_pipeline.components.artifacts import ShopTables
from tfx_pipeline.config import SplitConfig
from tfx_pipeline.search_pairs import FEWEST_QUERIES, shop_pairs
from tfx_pipeline.split_tables import read_split
from tfx_pipeline.text_config import TextConfig
from tfx_pipeline.text_networks import TextNetworks
from trainer.catalogue import read_catalogue
from trainer.features import CATALOGUE
from trainer.item_texts import FUSION_FILE
from trainer.search_fusion import SearchFusion
from trainer.search_index import DENSE
from trainer.shop_encoder import ENCODER_FOLDER, encoder_folder
from trainer.warm_start.continuation import Continuation
from trainer.warm_start.text_start import earlier_encoder, fine_tuned_origin

HISTORY_FILE = "search_training.json"
logger = logging.getLogger(__name__)


@component
def TextTraining(
    tables: InputArtifact[ShopTables],
    examples: InputArtifact[standard_artifacts.Examples],
    transform_graph: InputArtifact[standard_artifacts.TransformGraph],
    text: Parameter[str],
    split: Parameter[str],
    event_types: Parameter[str],
    seed: Parameter[int],
    version: Parameter[str],
    encoder: OutputArtifact[standard_artifacts.Model],
    continuation: Parameter[str] = "",
    base: InputArtifact[standard_artifacts.Model] = None,
) -> None:
    """Fine-tune the encoder on the best pairs of query and item that the shop has.

    Args:
        tables: The tables on the data contract; of the events only those of the training window are learned from.
        examples: Transformed examples with the catalogue split.
        transform_graph: The transform graph that made them.
        text: `TextConfig` as JSON.
        split: `SplitConfig` as JSON.
        event_types: JSON list of the event types that say that an item was what somebody looked for.
        seed: Of all draws.
        version: Hash of the code and of the content of the checkpoint.
        encoder: Under the serving folder of the artifact what the training did, search_training.json, and the search
            fusion that was chosen on held-out queries, fusion.json; and the networks of `trainer.shop_encoder`: an
            encoder, unless there was nothing to learn from, or held-out queries were not better for it: then the one
            that training started from, but for the checkpoint; and a cross-encoder, where one is wanted and is no worse
            than BM25.
        continuation: `Continuation` as JSON; '' for a training from scratch. Where the earlier model has an encoder
            that was fine-tuned in the same way, training goes on from that one.
        base: A pretrained encoder to start from, as TextPretraining writes it.
    """
    del version
    config = TextConfig.model_validate_json(text)
    catalogue = read_catalogue([f"{examples.uri}/Split-{CATALOGUE}/*"], tft.TFTransformOutput(transform_graph.uri))
    decided = read_split(Path(tables.uri), SplitConfig.model_validate_json(split))
    found = shop_pairs(config.training.pairs, Path(tables.uri), decided, json.loads(event_types), catalogue)
    before = Path(path_utils.serving_model_dir(base.uri)) if base else None
    origin = fine_tuned_origin(config.checkpoint, base is not None, config.training.mode)
    earlier = earlier_encoder(Continuation.from_json(continuation) if continuation else None, origin, config.checkpoint)
    if earlier is not None and not earlier.is_tuned:
        # It was only pretrained, and went on as such: `base`.
        earlier = None
    start = encoder_folder(before, config.checkpoint) if earlier is None else earlier.folder
    kept = None if earlier is None and before is None else start
    artifact = Path(path_utils.serving_model_dir(encoder.uri))
    artifact.mkdir(parents=True)
    fusion = SearchFusion.equal(*config.terms, DENSE)
    record: dict[str, Any] = {"trained": False}
    if found.kind == "none":
        logger.info("text encoder: not fine-tuned, the shop has no %d queries with an item each", FEWEST_QUERIES)
        if kept is not None:
            shutil.copytree(kept, artifact / ENCODER_FOLDER)
    else:
        networks = TextNetworks(config, start, seed, origin, earlier)
        fusion, record = networks.train(found, artifact, kept)
    fusion.save(artifact / FUSION_FILE)
    record = {"pairs": found.kind, "number_of_pairs": len(found.pairs), **record}
    (artifact / HISTORY_FILE).write_text(json.dumps(record, indent=1), encoding="utf-8")
