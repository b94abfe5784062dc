"""The networks that read a shop's text: those trained on it, or the checkpoint that the configuration names."""

import shutil
from pathlib import Path

from trainer.hyperparameters import Hyperparameters
from trainer.text_encoder import TextEncoder
from trainer.text_training.cross_encoder import CrossEncoder

ENCODER_FOLDER, CROSS_ENCODER_FOLDER = "text_encoder", "cross_encoder"
"""Where an artifact holds trained networks. Without the first the configured checkpoint is meant."""


def hand_on_networks(source: Path, artifact: Path) -> None:
    """Copy the trained networks of an artifact, as far as it has some, into a later one."""
    for name in (ENCODER_FOLDER, CROSS_ENCODER_FOLDER):
        if (source / name).exists():
            shutil.copytree(source / name, artifact / name, dirs_exist_ok=True)


def encoder_folder(artifact: Path | None, checkpoint: Path | None) -> Path | None:
    """The trained encoder of an artifact, if it has one, or else the configured checkpoint; None is the bundled one."""
    trained = None if artifact is None else artifact / ENCODER_FOLDER
    return trained if trained is not None and trained.exists() else checkpoint


def load_shop_encoder(artifact: Path, settings: Hyperparameters) -> TextEncoder:
    """Read the encoder that belongs to the text vectors of an artifact.

    Args:
        artifact: Folder of item texts or of a retrieval package.
        settings: Names the checkpoint for shops whose encoder was not trained.

    Raises:
        TextCheckpointError: The checkpoint cannot be read.
    """
    return TextEncoder.load(encoder_folder(artifact, settings.checkpoint), settings.text["max_tokens"])


def load_cross_encoder(artifact: Path) -> CrossEncoder | None:
    """Read the cross-encoder of an artifact, if one was trained.

    Raises:
        TextCheckpointError: It cannot be read.
    """
    folder = artifact / CROSS_ENCODER_FOLDER
    return CrossEncoder.load(folder) if folder.exists() else None
