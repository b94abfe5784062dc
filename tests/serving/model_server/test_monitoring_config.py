"""Whether and where there are metrics."""

import pytest

from serving.model_server.monitoring_config import read_metrics_path


def test_without_a_file_there_are_no_metrics():
    assert read_metrics_path(None) is None


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("", None),
        ("prometheus_config { enable: false path: '/m' }", None),
        ("prometheus_config { enable: true }", "/monitoring/prometheus/metrics"),
        ("prometheus_config { enable: true, path: '/m' }", "/m"),
    ],
)
def test_the_file_says_where(tmp_path, text, path):
    (tmp_path / "file").write_text(text)
    assert read_metrics_path(tmp_path / "file") == path


def test_a_path_begins_with_a_slash(tmp_path):
    (tmp_path / "file").write_text("prometheus_config { enable: true path: 'metrics' }")
    with pytest.raises(ValueError, match="/file: prometheus_config.path: must begin with /, is 'metrics'$"):
        read_metrics_path(tmp_path / "file")
