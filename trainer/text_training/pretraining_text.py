"""The shop's text as tokens, in a part to train on and a part that is held out."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from trainer.text_corpus import CorpusEncoder, tokenize_corpus
from trainer.text_training.digest_order import digest_shares
from trainer.text_training.next_sentence import RowFormat, TokenizedPairs, TrainingRow, pair_rows, text_row
from trainer.text_training.whole_word_masking import WordPieces

Pair = tuple[str, str]
Part = tuple[list[str], list[Pair]]
"""Single texts, and pairs of sentences."""


@dataclass(frozen=True)
class PretrainingText:
    """Tokens of texts and pairs, without special tokens.

    Attributes:
        texts: Tokens of each text, int32.
        pairs: Tokens of each pair.
    """

    texts: Sequence[np.ndarray]
    pairs: TokenizedPairs

    def __len__(self) -> int:
        return len(self.texts) + len(self.pairs)

    def rows(self, form: RowFormat, random: np.random.Generator) -> list[TrainingRow]:
        """Rows of all texts and pairs, the second sentences drawn anew; see `text_row` and `pair_rows`."""
        return [text_row(tokens, form) for tokens in self.texts] + pair_rows(self.pairs, form, random)


def split_texts(texts: Sequence[str], pairs: Sequence[Pair], share: float, maximum: int) -> tuple[Part, Part]:
    """Hold out a share of the distinct texts: those with the smallest digests, which are so in later catalogues too.

    A pair counts as the text of its two sentences. Where that text is among the texts too, the pair alone is kept, so
    that nothing that is held out is trained on.

    Args:
        texts: Texts; equal ones count once, empty ones not at all.
        pairs: First and second sentences.
        share: Share to hold out.
        maximum: Most to hold out; at least one is.

    Returns:
        Texts and pairs to train on, and those that are held out.

    Raises:
        ValueError: There are fewer than two.
    """
    paired = {f"{first} {second}": (first, second) for first, second in pairs}
    distinct = sorted({text for text in texts if text.strip()} | set(paired))
    if len(distinct) < 2:
        raise ValueError(f"texts: {len(distinct)} distinct, pretraining needs at least 2")
    count = min(max(1, round(share * len(distinct))), maximum)
    order = np.argsort(digest_shares(distinct), kind="stable")
    train, held_out = ([distinct[row] for row in np.sort(rows)] for rows in (order[count:], order[:count]))
    return _part(train, paired), _part(held_out, paired)


def _part(texts: list[str], paired: dict[str, Pair]) -> Part:
    return [text for text in texts if text not in paired], [paired[text] for text in texts if text in paired]


def tokenize_part(encoder: CorpusEncoder, part: Part, pieces: WordPieces) -> PretrainingText:
    """Tokenize texts and pairs; what has no word that the vocabulary knows is left out.

    Args:
        encoder: Has the tokenizer.
        part: The texts and pairs.
        pieces: The vocabulary.
    """
    texts, pairs = part
    singles, first, second = (
        _tokens(encoder, sentences) for sentences in (texts, [pair[0] for pair in pairs], [pair[1] for pair in pairs])
    )
    whole = [row for row in range(len(pairs)) if _has_words(first[row], pieces) and _has_words(second[row], pieces)]
    kept = TokenizedPairs.of_tokens([first[row] for row in whole], [second[row] for row in whole])
    return PretrainingText([tokens for tokens in singles if _has_words(tokens, pieces)], kept)


def _has_words(tokens: np.ndarray, pieces: WordPieces) -> bool:
    return not pieces.special[tokens].all()


def _tokens(encoder: CorpusEncoder, sentences: Sequence[str]) -> list[np.ndarray]:
    tokenized = tokenize_corpus(encoder, sentences)
    # The tokenizer puts [CLS] before and [SEP] behind each.
    return [tokens[1:-1] for tokens in np.split(tokenized.tokens, np.cumsum(tokenized.lengths))[:-1]]
