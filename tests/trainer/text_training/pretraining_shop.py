"""A shop with titles that have something to learn, and an encoder of random weights that knows their words."""

import keras
import keras_hub
import numpy as np

from trainer.text_checkpoint import TokenizerConfig
from trainer.text_encoder import TextEncoder
from trainer.text_tokenizer import TextTokenizer

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
GOODS = {"milk": "whole fresh", "bread": "rye white", "cheese": "old young", "soap": "green mild", "brush": "soft hard"}


def titles(count: int, seed: int = 0) -> list[str]:
    """Titles in which the kind of thing decides the words that go with it."""
    random = np.random.default_rng(seed)
    made = []
    for number in range(count):
        noun = list(GOODS)[random.integers(len(GOODS))]
        adjective = random.choice(GOODS[noun].split())
        made.append(f"{adjective} {noun} for {noun}s no {number}")
    return made


def backbone(vocabulary_size: int, width: int = 16, dtype: str = "float32") -> keras_hub.models.BertBackbone:
    """A small network with weights of its own."""
    keras.utils.set_random_seed(0)
    return keras_hub.models.BertBackbone(
        vocabulary_size, 1, 2, width, 2 * width, dropout=0.1, max_sequence_length=40, dtype=dtype
    )


def encoder_of(words: list[str], max_tokens: int = 24, mode: str = "full") -> TextEncoder:
    """An encoder whose vocabulary has these words, the digits and the endings `##s` and of digits."""
    digits = [str(digit) for digit in range(10)]
    endings = ["##s", *(f"##{digit}" for digit in digits)]
    vocabulary = [*SPECIAL, *sorted({*words, "no", "for", *digits}), *endings]
    tokenizer = TextTokenizer(vocabulary, TokenizerConfig(), max_tokens)
    return TextEncoder(backbone(len(vocabulary)), tokenizer, mode=mode)


def shop_encoder(mode: str = "full") -> TextEncoder:
    """An encoder that knows the words of `titles`."""
    return encoder_of([*GOODS, *" ".join(GOODS.values()).split()], mode=mode)
