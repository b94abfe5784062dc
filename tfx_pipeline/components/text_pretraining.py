"""TFX component: a text encoder that has been pretrained on the catalogue's text."""

import json
from functools import partial
from pathlib import Path

import tensorflow_transform as tft
from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.types import standard_artifacts
from tfx.utils import path_utils

from trainer.catalogue import Catalogue, read_catalogue
from trainer.features import CATALOGUE
from trainer.progress import report_progress
from trainer.shop_encoder import ENCODER_FOLDER
from trainer.text_checkpoint import read_checkpoint
from trainer.text_encoder import TextEncoder
from trainer.text_training.pretraining import pretrain
from trainer.text_training.pretraining_settings import PretrainingSettings

HISTORY_FILE = "pretraining.json"


@component
def TextPretraining(
    examples: InputArtifact[standard_artifacts.Examples],
    transform_graph: InputArtifact[standard_artifacts.TransformGraph],
    checkpoint: Parameter[str],
    max_tokens: Parameter[int],
    settings: Parameter[str],
    version: Parameter[str],
    encoder: OutputArtifact[standard_artifacts.Model],
) -> None:
    """Go on with the encoder's pretraining on the texts of the catalogue, which have neither labels nor times.

    Args:
        examples: Transformed examples with the catalogue split.
        transform_graph: The transform graph that made them.
        checkpoint: Folder of the text encoder, '' for the bundled one.
        max_tokens: Tokens of a text that are trained on.
        settings: `PretrainingSettings` as JSON.
        version: Hash of the code and of the content of the checkpoint.
        encoder: Under the serving folder of the artifact text_encoder, a folder for `TextEncoder.load`, and the
            history of the pretraining in pretraining.json.
    """
    del version
    catalogue = read_catalogue([f"{examples.uri}/Split-{CATALOGUE}/*"], tft.TFTransformOutput(transform_graph.uri))
    folder = Path(checkpoint) if checkpoint else None
    trained = TextEncoder.load(folder, max_tokens, mode="full")
    history = pretrain(
        trained,
        [text for text in catalogue.texts.tolist() if text],
        title_pairs(catalogue),
        PretrainingSettings.from_dict(json.loads(settings)),
        partial(report_progress, "pretraining the text encoder"),
        read_checkpoint(folder).weights,
    )
    serving = Path(path_utils.serving_model_dir(encoder.uri))
    trained.save_folder(serving / ENCODER_FOLDER)
    history.save(serving / HISTORY_FILE)


def title_pairs(catalogue: Catalogue) -> list[tuple[str, str]]:
    """Title and description of each item that has both; joined by a space they are its text."""
    pairs = []
    for title, text in zip(catalogue.titles.tolist(), catalogue.texts.tolist(), strict=True):
        description = text[len(title) + 1 :]
        if title.strip() and description.strip() and text.startswith(f"{title} "):
            pairs.append((title, description))
    return pairs
