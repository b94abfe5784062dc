"""Which directories count as versions."""

from serving.model_server.version_directory import find_versions, fingerprint


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
