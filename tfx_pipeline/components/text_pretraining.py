"""TFX component: a text encoder that has been pretrained on the catalogue's text."""

import json
import logging
import shutil
from functools import partial
from pathlib import Path
from typing import cast

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
from trainer.text_files import read_tensors
from trainer.text_modes import Mode
from trainer.text_training.pretraining import pretrain
from trainer.text_training.pretraining_settings import PretrainingSettings
from trainer.warm_start.continuation import Continuation
from trainer.warm_start.text_start import earlier_encoder, fine_tuned_origin

HISTORY_FILE, HEADS_FILE = "pretraining.json", "masked_language_model.safetensors"
logger = logging.getLogger(__name__)


@component
def TextPretraining(
    examples: InputArtifact[standard_artifacts.Examples],
    transform_graph: InputArtifact[standard_artifacts.TransformGraph],
    checkpoint: Parameter[str],
    max_tokens: Parameter[int],
    settings: Parameter[str],
    version: Parameter[str],
    encoder: OutputArtifact[standard_artifacts.Model],
    fine_tuning: Parameter[str] = "",
    continuation: Parameter[str] = "",
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
        fine_tuning: Mode of the fine-tuning for search that comes after it; '' for none.
        continuation: `Continuation` as JSON; '' for a training from scratch. An earlier encoder that was pretrained
            goes on with its heads; one that was then fine-tuned is handed on as it is, without a history.
    """
    del version
    catalogue = read_catalogue([f"{examples.uri}/Split-{CATALOGUE}/*"], tft.TFTransformOutput(transform_graph.uri))
    folder = Path(checkpoint) if checkpoint else None
    target = Path(path_utils.serving_model_dir(encoder.uri)) / ENCODER_FOLDER
    target.parent.mkdir(parents=True)
    how = Continuation.from_json(continuation) if continuation else None
    earlier = earlier_encoder(how, fine_tuned_origin(folder, True, cast("Mode", fine_tuning) or None), folder)
    if earlier is not None and earlier.is_tuned:
        # Masked words would undo part of what the fine-tuning has learned since.
        logger.info("text encoder: not pretrained again, it was fine-tuned after its pretraining")
        shutil.copytree(earlier.folder, target)
        return
    options = PretrainingSettings.from_dict(json.loads(settings))
    start = folder if earlier is None else earlier.folder
    trained = TextEncoder.load(start, max_tokens, mode="full")
    target.mkdir()
    history = pretrain(
        trained,
        [text for text in catalogue.texts.tolist() if text],
        title_pairs(catalogue),
        options if earlier is None else earlier.shortened(options),
        partial(report_progress, "pretraining the text encoder"),
        read_checkpoint(start).weights if earlier is None else read_tensors(earlier.folder / HEADS_FILE),
        target / HEADS_FILE,
    )
    trained.save_folder(target)
    fine_tuned_origin(folder, True, None).save(target)
    history.save(target.parent / HISTORY_FILE)


def title_pairs(catalogue: Catalogue) -> list[tuple[str, str]]:
    """Title and description of each item that has both; joined by a space they are its text."""
    pairs = []
    for title, text in zip(catalogue.titles.tolist(), catalogue.texts.tolist(), strict=True):
        description = text[len(title) + 1 :]
        if title.strip() and description.strip() and text.startswith(f"{title} "):
            pairs.append((title, description))
    return pairs
