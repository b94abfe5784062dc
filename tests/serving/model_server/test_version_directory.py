"""Which directories count as versions."""

from serving.model_server.version_directory import SAVED_MODEL, find_incomplete, find_versions, fingerprint


def test_only_numbered_directories_with_a_saved_model_count(tmp_path):
    for name in ("1", "20", "3", "latest", "-4", "5.tmp", "٣"):
        (tmp_path / name).mkdir()
        if name != "3":
            (tmp_path / name / "saved_model.pb").touch()
    (tmp_path / "6").touch()
    assert find_versions(tmp_path) == {1: tmp_path / "1", 20: tmp_path / "20"}


def test_a_missing_base_path_has_no_versions(tmp_path):
    assert find_versions(tmp_path / "nowhere") == {}


def test_the_fingerprint_changes_with_the_content(tmp_path):
    (tmp_path / "variables").mkdir()
    before = fingerprint(tmp_path)
    (tmp_path / "variables" / "variables.index").write_bytes(b"x")
    assert fingerprint(tmp_path) != before
    assert fingerprint(tmp_path) == fingerprint(tmp_path)


def test_a_number_that_no_request_can_name_is_no_version(tmp_path):
    for name in (str(2**63 - 1), str(2**63)):
        (tmp_path / name).mkdir()
        (tmp_path / name / SAVED_MODEL).touch()
    assert list(find_versions(tmp_path)) == [2**63 - 1]


def test_a_directory_without_a_saved_model_is_incomplete(tmp_path):
    for name in ("1", "2", "temporary"):
        (tmp_path / name).mkdir()
    (tmp_path / "1" / SAVED_MODEL).touch()
    assert find_incomplete(tmp_path) == {2: tmp_path / "2"}


def test_a_fingerprint_follows_every_file_and_needs_no_directory(tmp_path):
    (tmp_path / "variables").mkdir()
    (tmp_path / "variables" / "data").write_bytes(b"1")
    before = fingerprint(tmp_path)
    (tmp_path / "variables" / "data").write_bytes(b"12")
    assert len(before) == len(fingerprint(tmp_path)) == 1
    assert before != fingerprint(tmp_path)
    assert fingerprint(tmp_path / "gone") == frozenset()
