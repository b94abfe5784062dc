"""The networks of a shop's text, trained on its pairs of query and item: encoder, fusion and cross-encoder."""

import logging
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from tfx_pipeline.search_pairs import ShopPairs
from tfx_pipeline.text_config import SearchTrainingConfig, TextConfig
from trainer.search_fusion import SearchFusion
from trainer.search_index import DENSE
from trainer.shop_encoder import CROSS_ENCODER_FOLDER, ENCODER_FOLDER
from trainer.shop_fusion import shop_fusion
from trainer.text_checkpoint import read_checkpoint
from trainer.text_encoder import TextEncoder
from trainer.text_packing import ROW_LENGTHS
from trainer.text_training.adapter_file import restore_adapters, save_adapters
from trainer.text_training.cross_encoder import CrossEncoder
from trainer.text_training.cross_encoder_settings import CrossEncoderSettings
from trainer.text_training.cross_encoder_training import train_cross_encoder
from trainer.text_training.encoder_origin import EncoderOrigin
from trainer.text_training.hard_negatives import lexical_scores
from trainer.text_training.search_evaluation import mean_reciprocal_rank
from trainer.text_training.search_pairs import SearchPairs
from trainer.text_training.search_settings import SearchTrainingSettings
from trainer.text_training.search_training import train_search
from trainer.warm_start.text_start import EarlierEncoder

_LENGTHS = (16, 32, 64, 96, 128, 256)
_LONGEST_QUERY = 32
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class TextNetworks:
    """Trains what a configuration asks for.

    Attributes:
        config: The section `text`.
        start: Folder of the encoder to start from; None for the bundled one.
        seed: Of all draws.
        origin: How the trained encoder will have come about.
        earlier: The fine-tuned encoder of an earlier model, which is at `start` and goes on; None for another start.
    """

    config: TextConfig
    start: Path | None
    seed: int
    origin: EncoderOrigin
    earlier: EarlierEncoder | None = None

    def train(self, found: ShopPairs, artifact: Path, kept: Path | None) -> tuple[SearchFusion, dict[str, Any]]:
        """Train on pairs and write the networks that are better than what came in.

        Args:
            found: The pairs, some at least.
            artifact: Folder that gets the networks, see `trainer.shop_encoder`.
            kept: Folder of the encoder that is handed on where training makes none that is better; None hands on none.

        Returns:
            The search fusion and the record of the training.
        """
        keras.utils.set_random_seed(self.seed)
        random = np.random.default_rng(self.seed)
        options = training_settings(self.config.training, self.config.max_tokens, self.seed)
        training, held_out = found.pairs.limited(options.maximum_pairs, random).lasting_split(options.validation_share)
        encoder, record = self._encoder(found, training, held_out, options)
        if record["trained"]:
            self._save(encoder, artifact / ENCODER_FOLDER)
        elif kept is not None:
            shutil.copytree(kept, artifact / ENCODER_FOLDER)
        if self.config.reranked:
            record["cross_encoder"] = self._cross_encoder(found, training, held_out, artifact)
        return self._fusion(found, encoder, held_out), record

    def _encoder(
        self, found: ShopPairs, training: SearchPairs, held_out: SearchPairs, options: SearchTrainingSettings
    ) -> tuple[TextEncoder, dict[str, Any]]:
        settings, tokens = self.config.training, self.config.max_tokens
        encoder = TextEncoder.load(self.start, tokens, mode=settings.mode, precision=settings.precision)
        if self.earlier is not None:
            options = self.earlier.shortened(options)
            if settings.mode == "lora":
                restore_adapters(encoder, self.earlier.folder)
        history = train_search(encoder, found.documents, training, options, held_out)
        lexical = lexical_scores(held_out.queries.tolist(), found.documents)
        before, after = history.start_mrr, history.best_mrr
        record = {
            "trained": history.best_epoch > 0,
            "continued_from": self.earlier and self.earlier.how.version.name,
            "held_out_mrr": {"bm25": mean_reciprocal_rank(lexical, held_out), "before": before, "after": after},
            "settings": options.as_dict(),
            "history": history.as_dict(),
        }
        if history.best_epoch:
            return encoder, record
        logger.info("text encoder: left as it was, training did not raise the held-out MRR@10 of %s", before)
        return TextEncoder.load(self.start, tokens), record

    def _save(self, encoder: TextEncoder, folder: Path) -> None:
        encoder.save_folder(folder)
        self.origin.save(folder)
        if encoder.mode == "lora":
            save_adapters(encoder, folder)

    def _fusion(self, found: ShopPairs, encoder: TextEncoder, held_out: SearchPairs) -> SearchFusion:
        if found.kind == "descriptions":
            # Served items are found by the words of their titles, which these documents do not have.
            return SearchFusion.equal(*self.config.terms, DENSE)
        queries, answers = held_out.queries.tolist(), held_out.documents
        return shop_fusion(found.documents, encoder, self.config.dimension, self.config.terms, queries, answers)

    def _cross_encoder(
        self, found: ShopPairs, training: SearchPairs, held_out: SearchPairs, artifact: Path
    ) -> dict[str, Any]:
        """Train a cross-encoder, keep it if it orders BM25's answers no worse than BM25, and say what it did."""
        config = self.config.training
        positions = min(read_checkpoint(self.start).config.max_position_embeddings, ROW_LENGTHS[-1])
        tokens = min(_LONGEST_QUERY + self.config.max_tokens, positions)
        encoder = TextEncoder.load(self.start, tokens, mode="full", precision=config.precision)
        model = CrossEncoder(encoder, query_tokens=min(_LONGEST_QUERY, tokens // 2))
        settings = CrossEncoderSettings(
            maximum_pairs=config.maximum_pairs,
            maximum_steps=config.maximum_steps,
            jit_compile=config.compiled,
            seed=self.seed,
        )
        history = train_cross_encoder(model, found.documents, training, settings, held_out)
        kept = (history.best_mrr or 0.0) >= (history.start_mrr or 0.0)
        if kept:
            model.save_folder(artifact / CROSS_ENCODER_FOLDER)
        else:
            logger.info("cross-encoder: left out, it orders held-out answers worse than BM25 does")
        return {"kept": kept, "history": history.as_dict()}


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
