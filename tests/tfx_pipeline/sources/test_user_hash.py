"""Keyed hashes against hashlib, and a key that nothing shows."""

import hashlib
import pickle
import subprocess
import sys

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.sources.user_hash import UserHash, hash_ids, hash_user_id, user_hash
from tfx_pipeline.table_config import PrivacyConfig

VARIABLE, KEY = "SHOPRANK_USER_KEY", "a secret of the shop, 32 letters"
HASHED = PrivacyConfig(hash_user_ids=True)
NEEDS = "data.privacy.hash_user_ids needs a secret key in the environment variable SHOPRANK_USER_KEY"


def reference(user_id: str, key: str = KEY) -> str:
    return hashlib.blake2b(user_id.encode(), digest_size=16, key=key.encode()).hexdigest()


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, KEY)


@given(st.lists(st.text(st.characters(blacklist_categories=["Cs"])), max_size=20))
def test_hashes_are_those_of_hashlib(ids: list[str]) -> None:
    expected = [reference(each) if each.strip() else each for each in ids]
    assert hash_ids(pa.array(ids, pa.string()), KEY.encode()).to_pylist() == expected


def test_dictionaries_are_hashed_as_strings_are() -> None:
    ids = pa.array(["b", "", "a", "b"])
    assert hash_ids(ids.dictionary_encode(), KEY.encode()).equals(hash_ids(ids, KEY.encode()))
    assert hash_ids(ids[2:], KEY.encode()).to_pylist() == [reference("a"), reference("b")]


def test_another_key_gives_other_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    hash_them, ids = UserHash(VARIABLE), pa.array(["a", "b"])
    before, fingerprint = hash_them(ids), hash_them.fingerprint()
    monkeypatch.setenv(VARIABLE, KEY[::-1])
    assert set(before.to_pylist()).isdisjoint(hash_them(ids).to_pylist())
    assert hash_them.fingerprint() != fingerprint


def test_a_client_hashes_as_ingestion_does() -> None:
    assert hash_user_id("u1", HASHED) == UserHash(VARIABLE)(pa.array(["u1"]))[0].as_py() == reference("u1")
    assert hash_user_id("", HASHED) == ""
    assert hash_user_id("u1", PrivacyConfig()) == "u1"
    assert user_hash(PrivacyConfig()) is None


def test_another_process_gives_the_same_hashes() -> None:
    # The environment carries the key, the pickle does not.
    pickled = pickle.dumps(user_hash(HASHED))
    assert KEY.encode() not in pickled
    program = "import pickle, sys, pyarrow; print(pickle.loads(sys.stdin.buffer.read())(pyarrow.array(['u1']))[0])"
    done = subprocess.run([sys.executable, "-c", program], input=pickled, capture_output=True, check=True)
    assert done.stdout.decode().strip() == reference("u1")


def test_the_key_is_not_shown() -> None:
    hashing = UserHash(VARIABLE)
    hashing(pa.array(["u1"]))
    assert KEY not in repr(hashing) + str(vars(hashing)) + hashing.fingerprint() + HASHED.model_dump_json()


@pytest.mark.parametrize(
    ("key", "message"),
    [
        (None, f"{NEEDS}, which is not set"),
        ("", f"{NEEDS}, which is not set"),
        ("fifteen letters", f"{NEEDS}, which has fewer than 16 characters"),
        ("x" * 65, f"{NEEDS}, which has more than 64 bytes"),
        ("ä" * 33, f"{NEEDS}, which has more than 64 bytes"),
    ],
)
def test_unusable_keys(monkeypatch: pytest.MonkeyPatch, key: str | None, message: str) -> None:
    monkeypatch.delenv(VARIABLE)
    if key is not None:
        monkeypatch.setenv(VARIABLE, key)
    for use in (lambda: user_hash(HASHED), lambda: hash_user_id("u1", HASHED), UserHash(VARIABLE).fingerprint):
        with pytest.raises(DataError) as error:
            use()
        assert str(error.value) == message


def test_keys_of_16_characters_and_64_bytes_do(monkeypatch: pytest.MonkeyPatch) -> None:
    for key in ("x" * 16, "ä" * 32):
        monkeypatch.setenv(VARIABLE, key)
        assert hash_user_id("u1", HASHED) == reference("u1", key)
