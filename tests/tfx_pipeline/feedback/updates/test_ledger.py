from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfx_pipeline.errors import PipelineError
from tfx_pipeline.feedback.ledger import LEDGER_FILE, NEVER, Ledger, request_hashes


@pytest.fixture
def version(tmp_path: Path) -> Path:
    (tmp_path / LEDGER_FILE).parent.mkdir()
    return tmp_path


def test_a_trained_version_has_learned_from_nothing(tmp_path: Path) -> None:
    ledger = Ledger.load(tmp_path)
    assert (len(ledger.requests), ledger.made_from, len(ledger.versions)) == (0, NEVER, 0)
    assert not ledger.holds(request_hashes(["a"])).any()


def test_what_was_saved_is_loaded(version: Path) -> None:
    ledger = Ledger().folded(request_hashes(["a", "b"]), made_from=7).shared_by([8, 7])
    ledger.save(version)
    loaded = Ledger.load(version)
    assert loaded.holds(request_hashes(["b", "c", "a"])).tolist() == [True, False, True]
    assert (loaded.made_from, loaded.versions.tolist()) == (7, [7, 8])


@settings(derandomize=True, deadline=None, max_examples=30)
@given(st.lists(st.lists(st.text(max_size=4), max_size=6), max_size=5))
def test_requests_in_any_number_of_parts(parts: list[list[str]]) -> None:
    ledger = Ledger()
    for part in parts:
        ledger = ledger.folded(request_hashes(part), made_from=1)
    everything = [request for part in parts for request in part]
    assert len(ledger.requests) == len(set(everything))
    assert ledger.holds(request_hashes(everything)).all()
    assert not ledger.holds(request_hashes(["longer than any of them"])).any()


def test_a_hash_is_the_same_everywhere() -> None:
    # As `printf r1 | b2sum -l 64` prints it, its bytes in reverse.
    assert [hex(value) for value in request_hashes(["r1"])] == ["0x30bd695b0c8add83"]


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"requests": np.array([2, 1], np.uint64)}, "not a ledger of feedback: requests: not sorted and unique"),
        ({"requests": np.array([1, 1], np.uint64)}, "not a ledger of feedback: requests: not sorted and unique"),
        (
            {"requests": np.array([1.0])},
            r"not a ledger of feedback: requests: expected a list of uint64, got float64 \[1\]",
        ),
        (
            {"versions": np.array([[1]])},
            r"not a ledger of feedback: versions: expected a list of int64, got int64 \[1, 1\]",
        ),
        ({"made_from": None}, "no field made_from"),
    ],
)
def test_a_file_that_is_no_ledger(version: Path, arrays: dict[str, np.ndarray | None], message: str) -> None:
    whole = {"requests": np.zeros(0, np.uint64), "made_from": np.int64(0), "versions": np.zeros(0, np.int64), **arrays}
    np.savez(version / LEDGER_FILE, **{name: array for name, array in whole.items() if array is not None})
    with pytest.raises(PipelineError, match=f"^{version / LEDGER_FILE}: {message}$"):
        Ledger.load(version)
