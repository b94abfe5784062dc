from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from trainer.text_checkpoint import BertConfig, TextCheckpoint, TokenizerConfig
from trainer.text_tokenizer import TextTokenizer

LATIN = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
LATIN += ["milk", "whole", "creme", "brule", "##e", "##s", "un", "##aff", "##able", "a", "b", "ab", "!", ",", "-", "%"]
LATIN += ["2", "straße", "Milk", "crème", "[", "]", "sep"]
CHINESE = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "牛", "奶", "茶", "tea", "##茶", "，"]


def make_tokenizer(vocabulary: list[str], max_tokens: int = 16, **settings: bool) -> TextTokenizer:
    config = BertConfig(
        model_type="bert",
        vocab_size=len(vocabulary),
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=1,
        intermediate_size=8,
    )
    tokenizer = TokenizerConfig.model_validate(settings)
    return TextTokenizer(TextCheckpoint(Path(), config, tokenizer, tuple(vocabulary), "mean", ""), max_tokens)


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
