"""The list of forgotten users: what is on it, and whom it leaves out."""

import pickle
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfx_pipeline.sources import forgotten_users
from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.sources.forgotten_users import FORGOTTEN_USERS_FILE, ForgottenUsers, digest, hash_of

IDS = st.text(st.characters(blacklist_categories=["Cs"]), max_size=3)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / FORGOTTEN_USERS_FILE


def test_a_list_that_does_not_exist_names_nobody(path: Path) -> None:
    assert ForgottenUsers(path).mask(pa.array(["a", ""])).tolist() == [False, False]
    assert len(ForgottenUsers(path)) == 0
    assert digest(path) == ""


def test_only_whole_ids_are_masked(path: Path) -> None:
    forgotten_users.add(path.parent, "12")
    ids = pa.array(["121", "12", "", "1", "012", "12 ", "12"])
    expected = [False, True, False, False, False, False, True]
    assert ForgottenUsers(path).mask(ids).tolist() == expected
    assert ForgottenUsers(path).mask(ids.dictionary_encode()).tolist() == expected
    assert ForgottenUsers(path).mask(ids[1:2]).tolist() == [True]
    assert ForgottenUsers(path).mask(ids[:0]).tolist() == []


@given(st.sets(IDS.filter(bool), max_size=4), st.lists(IDS, max_size=12))
def test_the_mask_is_membership(tmp_path_factory: pytest.TempPathFactory, forgotten: set[str], ids: list[str]) -> None:
    folder = tmp_path_factory.mktemp("run")
    for user in forgotten:
        forgotten_users.add(folder, user)
    mask = ForgottenUsers(folder / FORGOTTEN_USERS_FILE).mask(pa.array(ids, pa.string()))
    assert mask.tolist() == [each in forgotten for each in ids]


def test_the_file_has_hashes_and_no_ids(path: Path) -> None:
    for user in ("anna", "ben", "anna"):
        forgotten_users.add(path.parent, user)
    assert path.read_text() == f"{hash_of('anna')}\n{hash_of('ben')}\n"


def test_workers_need_not_reach_the_file(path: Path) -> None:
    forgotten_users.add(path.parent, "anna")
    sent = pickle.dumps(ForgottenUsers(path))
    path.unlink()
    assert pickle.loads(sent).mask(pa.array(["anna"])).tolist() == [True]


def test_the_digest_is_that_of_the_set(tmp_path: Path) -> None:
    digests = []
    for number, users in enumerate((["a"], ["a", "b"], ["b", "a"])):
        for user in users:
            forgotten_users.add(tmp_path / str(number), user)
        digests.append(digest(tmp_path / str(number) / FORGOTTEN_USERS_FILE))
    assert digests[1] == digests[2] != digests[0] != ""


def test_an_empty_id_is_refused(path: Path) -> None:
    with pytest.raises(DataError, match="^the id of the user to forget is empty$"):
        forgotten_users.add(path.parent, "")
    assert not path.exists()


@pytest.mark.parametrize(
    ("content", "line"), [("anna\n", 1), (f"{hash_of('a')}\n\n", 2), (f"{hash_of('a')}0\n", 1), ("\xff", 1)]
)
def test_what_is_no_hash_is_told(path: Path, content: str, line: int) -> None:
    path.write_text(content, encoding="latin-1")
    for read in (ForgottenUsers, digest, lambda path: forgotten_users.add(path.parent, "b")):
        with pytest.raises(DataError) as error:
            read(path)
        assert str(error.value) == f"{path}: line {line} is not a hash of 32 hexadecimal digits"


def test_a_folder_is_no_list(path: Path) -> None:
    path.mkdir()
    with pytest.raises(DataError) as error:
        ForgottenUsers(path)
    assert str(error.value) == f"{path}: Is a directory"
