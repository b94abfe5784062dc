"""TFX component: the text vectors of the catalogue, as a model that the towers start from."""

import json
from dataclasses import replace
from functools import partial
from pathlib import Path

import tensorflow_transform as tft
from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.types import standard_artifacts
from tfx.utils import path_utils

from trainer.catalogue import read_catalogue
from trainer.features import CATALOGUE
from trainer.item_texts import FUSION_FILE, ItemTexts
from trainer.progress import report_progress
from trainer.search_fusion import SearchFusion
from trainer.search_index import DENSE
from trainer.shop_encoder import encoder_folder, hand_on_networks
from trainer.text_encoder import TextEncoder


@component
def TextEncoding(
    examples: InputArtifact[standard_artifacts.Examples],
    transform_graph: InputArtifact[standard_artifacts.TransformGraph],
    checkpoint: Parameter[str],
    max_tokens: Parameter[int],
    dimension: Parameter[int],
    terms: Parameter[str],
    cache: Parameter[str],
    version: Parameter[str],
    texts: OutputArtifact[standard_artifacts.Model],
    trained: InputArtifact[standard_artifacts.Model] = None,
) -> None:
    """Encode each distinct text of the catalogue once.

    Args:
        examples: Transformed examples with the catalogue split.
        transform_graph: The transform graph that made them.
        checkpoint: Folder of the text encoder, '' for the bundled one.
        max_tokens: Tokens of a text that are read.
        dimension: Length of the reduced vectors.
        terms: JSON list of what the lexical indexes are over.
        cache: Folder for vectors by content, shared by runs.
        version: Hash of the code and of the content of the checkpoint.
        texts: `ItemTexts` under the serving folder of the artifact, with the trained networks where there are some.
        trained: Networks trained on the shop's text, instead of the checkpoint.
    """
    del version
    catalogue = read_catalogue([f"{examples.uri}/Split-{CATALOGUE}/*"], tft.TFTransformOutput(transform_graph.uri))
    artifact = Path(path_utils.serving_model_dir(texts.uri))
    fusion = SearchFusion.equal(*json.loads(terms), DENSE)
    if trained is not None:
        source = Path(path_utils.serving_model_dir(trained.uri))
        hand_on_networks(source, artifact)
        fusion = SearchFusion.load(source / FUSION_FILE) if (source / FUSION_FILE).exists() else fusion
    encoder = TextEncoder.load(encoder_folder(artifact, Path(checkpoint) if checkpoint else None), max_tokens)
    progress = partial(report_progress, "encoding texts")
    item_texts = ItemTexts.encode(catalogue, encoder, dimension, Path(cache), progress)
    replace(item_texts, fusion=fusion).save(artifact)
