"""Configuration files in text form, and what is said of bad ones."""

import pytest

from serving.model_server.monitoring_config import MonitoringConfig
from serving.model_server.text_proto import read_text_proto


def test_a_missing_file(tmp_path):
    with pytest.raises(ValueError, match=r"/none: cannot be read: No such file or directory$"):
        read_text_proto(tmp_path / "none", MonitoringConfig())


def test_a_file_that_is_no_text(tmp_path):
    (tmp_path / "file").write_bytes(b"\xff\xfe")
    with pytest.raises(ValueError, match="/file: not UTF-8 text$"):
        read_text_proto(tmp_path / "file", MonitoringConfig())


def test_the_place_and_the_reason_of_an_error_are_named_unless_the_file_is_secret(tmp_path):
    (tmp_path / "file").write_text('prometheus_config {\n  pfad: "geheim"\n}\n')
    where = r"/file: not a MonitoringConfig in text form: line 2, column 3"
    with pytest.raises(ValueError, match=rf'{where}: Message type .* has no field named "pfad"') as error:
        read_text_proto(tmp_path / "file", MonitoringConfig())
    assert "\n" not in str(error.value)
    with pytest.raises(ValueError, match=rf"{where}$") as error:
        read_text_proto(tmp_path / "file", MonitoringConfig(), secret=True)
    assert error.value.__suppress_context__
