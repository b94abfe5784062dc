"""A cache must see changed input."""

from collections.abc import Callable

import pytest

from tfx_pipeline.config import DataConfig
from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.sources.fingerprint import fingerprint


def test_it_follows_the_contents(shop: Callable[..., DataConfig]) -> None:
    original = fingerprint(shop())
    assert fingerprint(shop()) == original
    assert len(original) == 32
    variants = [("a", "bc"), ("ab", "c"), ("ab", ""), ("ab", None), ("", "ab")]
    hashes = {original, *(fingerprint(shop(events, items)) for events, items in variants)}
    assert len(hashes) == 1 + len(variants)


def test_it_does_not_follow_the_place(shop: Callable[..., DataConfig]) -> None:
    data = shop()
    original = fingerprint(data)
    data.events.path = data.events.path.rename(data.events.path.with_name("moved.csv"))
    assert fingerprint(data) == original


def test_a_missing_file(shop: Callable[..., DataConfig]) -> None:
    data = shop()
    data.events.path.unlink()
    with pytest.raises(DataError, match=r"events\.csv: No such file or directory$"):
        fingerprint(data)
