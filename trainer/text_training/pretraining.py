"""Domain-adaptive pretraining: an encoder goes on with BERT's objectives on a shop's own text."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import keras
import numpy as np
from safetensors.numpy import save_file

from trainer.text_backbone import copy_backbone
from trainer.text_encoder import TextEncoder
from trainer.text_training.batch_source import BatchSource
from trainer.text_training.next_sentence import RowFormat
from trainer.text_training.pretraining_batches import BatchMaker
from trainer.text_training.pretraining_history import PretrainingHistory
from trainer.text_training.pretraining_loop import Progress, train_until_best
from trainer.text_training.pretraining_model import PretrainingModel
from trainer.text_training.pretraining_settings import PretrainingSettings
from trainer.text_training.pretraining_text import Pair, split_texts, tokenize_part
from trainer.text_training.whole_word_masking import WordPieces


def pretrain(
    encoder: TextEncoder,
    texts: Sequence[str],
    pairs: Sequence[Pair],
    settings: PretrainingSettings,
    progress: Progress | None = None,
    head_weights: Mapping[str, np.ndarray] | None = None,
    heads_file: Path | None = None,
) -> PretrainingHistory:
    """Train the backbone of an encoder in place, on text without labels.

    Masked-language-model training goes on from the checkpoint on the text of the domain (Gururangan et al. 2020, "Don't
    Stop Pretraining", section 3); whole words are masked, anew in each epoch. Training ends where the perplexity on
    held-out text does not fall any more, and the encoder gets the weights that were best there; where none were better
    than its own, it keeps these. What an encoder was fine-tuned for before is partly lost: fine-tune it afterwards.
    The random seed of the process is set.

    Args:
        encoder: An encoder of mode `full`.
        texts: Texts of the shop.
        pairs: Pairs of a first and a second sentence, such as title and description; read where
            `settings.next_sentence_weight` is above 0.
        settings: The settings.
        progress: Called after every update with the updates that are done and all of them.
        head_weights: Tensors of the checkpoint by Hugging Face names, where it may have the heads
            (`cls.predictions.*`, `cls.seq_relationship.*`); a head that is missing begins at random.
        heads_file: Gets the trained heads by the same names, for a later call to go on with; None writes none.

    Raises:
        ValueError: The encoder has another mode, there is too little text, or a head does not fit.
    """
    if encoder.mode != "full":
        raise ValueError(f"encoder: mode is {encoder.mode!r}, pretraining changes all weights and needs 'full'")
    keras.utils.set_random_seed(settings.seed)
    source = _source(encoder, texts, pairs if settings.next_sentence_weight else [], settings)
    model = PretrainingModel(copy_backbone(encoder.backbone, settings.precision), settings.next_sentence_weight)
    heads = model.load_heads(head_weights or {})
    first = model.get_weights()
    evaluations, best = train_until_best(model, source, settings, progress)
    # The heads that are written must fit the encoder, also where no training helped.
    model.set_weights(first if best is None else best)
    if best is not None:
        encoder.backbone.set_weights(model.backbone.get_weights())
    if heads_file is not None:
        save_file(model.head_weights(), heads_file)
    return PretrainingHistory(len(source.train), len(source.held_out), tuple(heads), tuple(evaluations))


def _source(
    encoder: TextEncoder, texts: Sequence[str], pairs: Sequence[Pair], settings: PretrainingSettings
) -> BatchSource:
    tokenizer = encoder.tokenize
    pieces = WordPieces.of_vocabulary(tokenizer.vocabulary)
    parts = split_texts(texts, pairs, settings.held_out_share, settings.maximum_held_out)
    train, held_out = (tokenize_part(encoder, part, pieces) for part in parts)
    for part, name in ((train, "to train on"), (held_out, "to measure on")):
        if not len(part):
            raise ValueError(f"texts: none with a word that the vocabulary knows {name}")
    maker = BatchMaker(pieces, tokenizer.padding, settings.masked_share, settings.batch_tokens)
    form = RowFormat(tokenizer.start, tokenizer.end, encoder.max_tokens)
    return BatchSource(train, held_out, maker, form, settings.seed)
