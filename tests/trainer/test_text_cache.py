import logging
from pathlib import Path

import numpy as np
import pytest

from trainer.text_cache import TextCache, text_key


@pytest.fixture
def cache(tmp_path: Path) -> TextCache:
    return TextCache(tmp_path / "new" / "folder", "abc", 3)


@pytest.fixture
def vectors() -> dict[bytes, np.ndarray]:
    rows = np.random.default_rng(0).normal(size=(2, 3)).astype(np.float32)
    return {text_key("milk"): rows[0], text_key("牛奶"): rows[1]}


def test_what_is_written_is_read(cache: TextCache, vectors: dict[bytes, np.ndarray]) -> None:
    assert cache.read() == {}
    cache.write(vectors)
    again = cache.read()
    assert again.keys() == vectors.keys()
    assert all((again[key] == vectors[key]).all() for key in vectors)
    assert [path.name for path in cache.path.parent.iterdir()] == ["text-abc.npz"]


def test_keys_follow_the_text_alone() -> None:
    assert text_key("milk") == text_key("milk")
    assert len({text_key(text) for text in ("milk", "Milk", "milk ", "")}) == 4


@pytest.mark.parametrize("contents", ["truncated", "empty", "text", "other width", "not finite", "other arrays"])
def test_a_spoilt_file_is_as_good_as_none(
    cache: TextCache, vectors: dict[bytes, np.ndarray], contents: str, caplog: pytest.LogCaptureFixture
) -> None:
    cache.write(vectors)
    keys = np.frombuffer(b"".join(vectors), np.uint8).reshape(-1, 16)
    if contents == "truncated":
        cache.path.write_bytes(cache.path.read_bytes()[:200])
    elif contents == "empty":
        cache.path.write_bytes(b"")
    elif contents == "text":
        cache.path.write_text("not a cache")
    elif contents == "other width":
        np.savez(cache.path, keys=keys, vectors=np.zeros((2, 4), np.float32))
    elif contents == "not finite":
        np.savez(cache.path, keys=keys, vectors=np.full((2, 3), np.nan, np.float32))
    else:
        np.savez(cache.path, keys=keys)
    with caplog.at_level(logging.WARNING):
        assert cache.read() == {}
    assert len(caplog.records) == 1
    assert caplog.records[0].getMessage().startswith(f"{cache.path}: unusable text cache, built anew: ")
    cache.write(vectors)
    assert cache.read().keys() == vectors.keys()


def test_a_failed_write_leaves_the_old_file(
    cache: TextCache, vectors: dict[bytes, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.write(vectors)

    def full_disk(*_: object, **__: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(np, "savez", full_disk)
    with pytest.raises(OSError, match="disk full"):
        cache.write({text_key("tea"): np.zeros(3, np.float32)})
    assert cache.read().keys() == vectors.keys()
    assert [path.name for path in cache.path.parent.iterdir()] == ["text-abc.npz"]
