import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.string_arrays import pack_strings, unpack_strings

TEXTS = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=12), max_size=8)


@given(TEXTS, TEXTS)
def test_strings_come_back(first: list[str], second: list[str]) -> None:
    arrays = {
        name: part
        for key, texts in (("titles", first), ("texts", second))
        for name, part in pack_strings(key, np.array(texts, dtype=object)).items()
    }
    for key, texts in (("titles", first), ("texts", second)):
        found = unpack_strings(key, arrays)
        assert found.dtype == object and found.shape == (len(texts),)
        assert found.tolist() == texts


def test_one_long_string_costs_no_more_than_itself() -> None:
    arrays = pack_strings("texts", np.array(["a"] * 999 + ["ä" * 4_000], dtype=object))
    assert sum(part.nbytes for part in arrays.values()) == 999 + 8_000 + 8 * 1_000


def test_parts_that_do_not_fit() -> None:
    arrays = pack_strings("texts", np.array(["a", "bc"], dtype=object))
    with pytest.raises(ValueError, match=r"^texts: 2 bytes for strings of 3$"):
        unpack_strings("texts", {**arrays, "texts.utf8": arrays["texts.utf8"][:2]})
    with pytest.raises(KeyError):
        unpack_strings("titles", arrays)
