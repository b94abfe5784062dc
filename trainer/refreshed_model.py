"""A served model put together again over more items."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import keras
import numpy as np
import tensorflow_transform as tft

from trainer import features
from trainer.bandit.posterior import LinearPosterior
from trainer.calibration.calibration import Calibration
from trainer.catalogue import vocabulary
from trainer.catalogue_refresh import refreshed_package
from trainer.damaged_files import read_whole
from trainer.eval_traffic import EvalTraffic, no_traffic
from trainer.export import build_retrieval_graph, build_servable, export_servable
from trainer.hyperparameters import Hyperparameters
from trainer.item_records import ItemRecord, merged
from trainer.item_texts import text_vectors
from trainer.item_transform import ItemTransform
from trainer.model_parts import ModelParts
from trainer.retrieval_package import RetrievalPackage
from trainer.shop_encoder import load_cross_encoder, load_shop_encoder

_WARMUP_USERS = 8


class RefreshedModel:
    """The parts of a model, read back; then its catalogue of today; then the new SavedModel.

    Attributes:
        added: Items of the last records that the model did not have.
        updated: Items of the last records that it had.
    """

    def __init__(self, parts: ModelParts, posterior: Path, version: str) -> None:
        """Read the parts.

        Args:
            parts: Where they are.
            posterior: File of the bandit posterior.
            version: What `model_version` will answer.

        Raises:
            DamagedFileError: A file is missing or cannot be read.
            TextCheckpointError: The text encoder cannot be read.
        """
        self._settings = Hyperparameters.from_json(parts.hyperparameters)
        self._trained = RetrievalPackage.load(parts.package)
        self._transform = read_whole(parts.transform, lambda path: tft.TFTransformOutput(str(path)))
        self._items = read_whole(parts.transform, lambda _: ItemTransform(self._transform))
        self._ranker = read_whole(parts.ranker, lambda path: keras.saving.load_model(path, compile=False))
        self._calibration = read_whole(parts.calibration, Calibration.load)
        self._posterior = read_whole(posterior, LinearPosterior.load)
        self._encoder = load_shop_encoder(parts.package, self._settings)
        self._cross_encoder = load_cross_encoder(parts.package)
        self._version = version
        self._package = self._trained
        self.added = self.updated = 0

    @property
    def items(self) -> int:
        """Items in the catalogue."""
        return len(self._package.catalogue)

    @property
    def hidden(self) -> int:
        """Items of the catalogue that are in no answer."""
        return len(self._package.catalogue.hidden)

    def refresh(
        self,
        earlier: Sequence[ItemRecord],
        records: Sequence[ItemRecord],
        cache: Path | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        """Take the records of earlier refreshes and new ones into the catalogue that was trained on.

        Args:
            earlier: What earlier refreshes were told.
            records: What this one is told; it wins.
            cache: Folder for encoder vectors by content.
            progress: Called with the texts done and all texts.
        """
        known = {*self._trained.catalogue.item_ids, *(record.item_id for record in earlier)}
        self.updated = sum(record.item_id in known for record in records)
        self.added = len(records) - self.updated
        encode: Callable[[Sequence[str]], np.ndarray] = partial(
            text_vectors, encoder=self._encoder, reducer=self._trained.reducer, cache=cache, progress=progress
        )
        values = self._settings.objective_values
        self._package = refreshed_package(self._trained, merged(earlier, records), self._items, encode, values)

    def export(self, folder: Path, traffic: Path | None = None) -> None:
        """Write the SavedModel into a folder that does not exist.

        Args:
            folder: Where to.
            traffic: The served model's `EvalTraffic`; some known users stand for it where there is none.

        Raises:
            DamagedFileError: The traffic cannot be read.
        """
        networks = (self._encoder, self._cross_encoder)
        parts = (self._ranker, self._posterior, *networks, self._transform, self._settings, self._version)
        users = list(vocabulary(self._transform, features.USER_ID))
        asked = no_traffic(users[:_WARMUP_USERS])
        if traffic is not None:
            # Who was forgotten since is no longer in the vocabulary.
            asked = read_whole(traffic, EvalTraffic.load).of_users(frozenset(users))
        retrieval = build_retrieval_graph(self._package, True, self._transform, self._settings, served=True)
        servable = build_servable(self._package, retrieval, *parts, self._calibration)
        export_servable(servable, self._package, asked, folder)
