import unicodedata

import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from trainer.lexical.words import MAX_CHARACTERS, MAX_WORDS, words, words_in_graph

SCRIPTS = {
    "Red CHAIR, 10mm; left_arm (2x)": ["red", "chair", "10mm", "left_arm", "2x"],
    "Straße ÉCOLE naïve İstanbul": ["straße", "école", "naïve", "i̇stanbul"],
    "ΟΔΥΣΣΕΥΣ ΣΑΣ.": ["οδυσσευς", "σας"],
    "Красное кресло": ["красное", "кресло"],
    "红色椅子 chair": ["红", "色", "椅", "子", "chair"],
    "USBケーブル": ["usb", "ケ", "ー", "ブ", "ル"],
    "의자 빨간색": ["의자", "빨간색"],
    "कुर्सी लाल": ["कुर्सी", "लाल"],
    "كُرْسِيّ أحمر": ["كُرْسِيّ", "أحمر"],
    "cafe\u0301": ["cafe\u0301"],
    "❤️ 🪑 \u200d": [],
    "a\x00b\x07c": ["a", "b", "c"],
    "": [],
}


NEW_CAPITALS = "\u2c2f\ua7c0\ua7d0\ua7d6\ua7d8" + "".join(map(chr, range(0x10570, 0x10596)))
"""Unicode 14 gave them small letters, which Python 3.11 knows and TensorFlow does not."""


def in_graph(texts: list[str]) -> list[list[str]]:
    found = words_in_graph(tf.constant([text.encode() for text in texts], tf.string))
    return [[word.decode() for word in row] for row in found.to_list()]


@pytest.mark.parametrize("text", SCRIPTS, ids=ascii)
def test_finds_the_words_of_a_script(text: str) -> None:
    assert words(text) == SCRIPTS[text]
    assert in_graph([text]) == [SCRIPTS[text]]


characters = st.characters(exclude_categories=["Cs"], exclude_characters=NEW_CAPITALS)
dense = st.sampled_from("aZ09_ ,-ΣσςİıßǅЖ椅红の゙ー々ア가\u0301\u0308\ufe0f\u20e3\u200d\x00\n")


@settings(max_examples=150, deadline=None)
@given(st.lists(st.text(st.one_of(characters, dense), max_size=24), min_size=1, max_size=20))
def test_both_rules_are_equal(texts: list[str]) -> None:
    assert in_graph(texts) == [words(text)[:MAX_WORDS] for text in texts]


def test_both_rules_are_equal_for_every_character() -> None:
    letters = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000 and chr(code) not in NEW_CAPITALS]
    texts = [" ".join(f"{letter}x" for letter in letters[start : start + 40]) for start in range(0, len(letters), 40)]
    sample = [text for text in texts if any(unicodedata.category(letter)[0] in "LMN" for letter in text[::3])]
    found = in_graph(sample)
    assert len(found) > 3000
    assert found == [words(text)[:MAX_WORDS] for text in sample]


@pytest.mark.parametrize("text", [b"red\xffchair", b"red \xe6\xa4 chair", b"\x80red\xc0chair\xf5"])
def test_bytes_that_are_no_text_part_words(text: bytes) -> None:
    assert words_in_graph(tf.constant([text])).to_list() == [[b"red", b"chair"]]


def test_a_long_query_is_cut() -> None:
    assert in_graph(["椅" * 100_000]) == [["椅"] * MAX_WORDS]
    assert in_graph(["a" * 100_000]) == [["a" * MAX_CHARACTERS]]


def test_the_texts_of_a_batch_keep_apart() -> None:
    assert in_graph(["", "red chair", " ", "椅子"]) == [[], ["red", "chair"], [], ["椅", "子"]]
