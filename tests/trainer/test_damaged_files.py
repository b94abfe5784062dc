from pathlib import Path

import numpy as np
import pytest

from trainer.damaged_files import DamagedFileError, read_whole


def test_a_sound_file_is_read(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.arange(3))
    assert read_whole(tmp_path / "a.npy", np.load).tolist() == [0, 1, 2]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DamagedFileError, match=rf"^{tmp_path / 'a.npy'}: is missing$"):
        read_whole(tmp_path / "a.npy", np.load)


def test_a_damaged_file_is_named_once_with_the_reason(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    path.write_bytes(b"no array")
    with pytest.raises(DamagedFileError, match=rf"^{path}: cannot be read: [^\n]+$"):
        read_whole(tmp_path, lambda _: read_whole(path, np.load))


def test_an_error_without_words_has_its_name(tmp_path: Path) -> None:
    def fail(path: Path) -> None:
        raise EOFError

    with pytest.raises(DamagedFileError, match=rf"^{tmp_path}: cannot be read: EOFError$"):
        read_whole(tmp_path, fail)
