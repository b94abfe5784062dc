import time

import numpy as np
import pytest
import tensorflow as tf
from tokenizers import BertWordPieceTokenizer

from tests.trainer.text_strings import strings_of_many_scripts
from trainer.text_checkpoint import TokenizerConfig, bundled_folder, read_checkpoint
from trainer.text_tokenizer import TextTokenizer

LATIN = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
LATIN += ["milk", "whole", "creme", "brule", "##e", "##s", "un", "##aff", "##able", "a", "b", "ab", "!", ",", "-", "%"]
LATIN += ["2", "straße", "Milk", "crème", "[", "]", "sep"]
CHINESE = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "牛", "奶", "茶", "tea", "##茶", "，"]


def make_tokenizer(vocabulary: list[str], max_tokens: int = 16, **settings: bool) -> TextTokenizer:
    return TextTokenizer(vocabulary, TokenizerConfig.model_validate(settings), max_tokens)


def tokens_of(tokenizer: TextTokenizer, vocabulary: list[str], text: str | bytes) -> list[str]:
    return [vocabulary[token] for token in tokenizer(tf.constant([text]))["token_ids"].numpy()[0]]


@pytest.fixture(scope="module")
def latin() -> TextTokenizer:
    return make_tokenizer(LATIN)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("   \t\n", []),
        ("WHOLE Milk", ["whole", "milk"]),
        ("Crème Brûlée", ["creme", "brule", "##e"]),
        ("cre\u0300me", ["creme"]),
        ("milks", ["milk", "##s"]),
        ("unaffable", ["un", "##aff", "##able"]),
        ("unaffablex milk", ["[UNK]", "milk"]),
        ("coffee, milk!", ["[UNK]", ",", "milk", "!"]),
        ("a-b 2%", ["a", "-", "b", "2", "%"]),
        ("STRAßE", ["straße"]),
        ("a\u200bb", ["ab"]),
        ("a\u00a0b\u3000a\u2028b", ["a", "b", "a", "b"]),
        ("a\x00\ufffdb", ["ab"]),
        (b"a\xffb", ["ab"]),
        ("[SEP]", ["[", "sep", "]"]),
        ("a" * 101, ["[UNK]"]),
    ],
)
def test_words_by_the_hugging_face_rule(latin: TextTokenizer, text: str | bytes, words: list[str]) -> None:
    assert tokens_of(latin, LATIN, text) == ["[CLS]", *words, "[SEP]"]


def test_cased_vocabulary_keeps_case_and_accents() -> None:
    tokenizer = make_tokenizer(LATIN, do_lower_case=False)
    assert tokens_of(tokenizer, LATIN, "Milk crème") == ["[CLS]", "Milk", "crème", "[SEP]"]


def test_accents_may_stay_although_the_text_is_lowercased() -> None:
    tokenizer = make_tokenizer(LATIN, strip_accents=False)
    assert tokens_of(tokenizer, LATIN, "MILK Crème") == ["[CLS]", "milk", "crème", "[SEP]"]


@pytest.mark.parametrize(
    ("split", "words"),
    [(True, ["牛", "奶", "，", "tea", "茶", "[UNK]"]), (False, ["[UNK]", "，", "tea", "##茶", "[UNK]"])],
)
def test_chinese_characters_are_words_of_their_own(split: bool, words: list[str]) -> None:
    tokenizer = make_tokenizer(CHINESE, tokenize_chinese_chars=split)
    assert tokens_of(tokenizer, CHINESE, "牛奶，TEA茶 糖") == ["[CLS]", *words, "[SEP]"]


def test_trims_words_and_keeps_both_ends() -> None:
    tokenizer = make_tokenizer(LATIN, max_tokens=5)
    assert tokens_of(tokenizer, LATIN, "a b a b a b") == ["[CLS]", "a", "b", "a", "[SEP]"]


def test_pads_to_the_longest_of_the_batch(latin: TextTokenizer) -> None:
    batch = latin(tf.constant(["milk", "", "whole milk"]))
    assert batch["token_ids"].dtype == batch["padding_mask"].dtype == tf.int32
    np.testing.assert_array_equal(batch["token_ids"], [[2, 5, 3, 0], [2, 3, 0, 0], [2, 6, 5, 3]])
    np.testing.assert_array_equal(batch["padding_mask"], [[1, 1, 1, 0], [1, 1, 0, 0], [1, 1, 1, 1]])


def test_no_text_is_no_row(latin: TextTokenizer) -> None:
    assert latin(tf.constant([], tf.string))["token_ids"].shape[0] == 0


@pytest.mark.parametrize("lowercase", [True, False])
def test_agrees_with_the_reference_tokenizer(lowercase: bool) -> None:
    """Hugging Face's own, on the bundled vocabulary."""
    texts = strings_of_many_scripts(500)
    reference = BertWordPieceTokenizer(str(bundled_folder() / "vocab.txt"), lowercase=lowercase)
    settings = TokenizerConfig(do_lower_case=lowercase)
    batch = TextTokenizer(read_checkpoint(None).vocabulary, settings, 512)(tf.constant(texts))
    for text, tokens, mask in zip(texts, batch["token_ids"].numpy(), batch["padding_mask"].numpy(), strict=True):
        assert tokens[mask == 1].tolist() == reference.encode(text).ids, repr(text)


@pytest.mark.parametrize(
    ("text", "count"),
    [("a" * 100_000, 3), (" " * 90_000 + "milk", 2), ("牛" * 33_000, 16), ("a b " * 25_000, 16), ("\x00" * 100_000, 2)],
)
def test_a_text_of_100_kilobytes_is_not_read_to_its_end(latin: TextTokenizer, text: str, count: int) -> None:
    start = time.process_time()
    assert latin(tf.constant([text]))["token_ids"].shape == (1, count)
    assert time.process_time() - start < 1


def test_rebuilds_from_its_configuration(latin: TextTokenizer) -> None:
    again = TextTokenizer.from_config(latin.get_config())
    assert tokens_of(again, LATIN, "unaffable MILK") == tokens_of(latin, LATIN, "unaffable MILK")
