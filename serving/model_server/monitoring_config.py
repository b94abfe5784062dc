"""TensorFlow Serving's `--monitoring_config_file`: whether and where the metrics are to be had."""

from pathlib import Path
from typing import Any

from serving.model_server.text_proto import message_class, read_text_proto

DEFAULT_PATH = "/monitoring/prometheus/metrics"

# Names and numbers of tensorflow_serving/config/monitoring_config.proto.
_PROTO = """
name: "shoprank/monitoring_config.proto" package: "shoprank" syntax: "proto3"
message_type {
  name: "PrometheusConfig"
  field { name: "enable" number: 1 type: TYPE_BOOL label: LABEL_OPTIONAL }
  field { name: "path" number: 2 type: TYPE_STRING label: LABEL_OPTIONAL }
}
message_type {
  name: "MonitoringConfig"
  field {
    name: "prometheus_config" number: 1 type: TYPE_MESSAGE label: LABEL_OPTIONAL
    type_name: ".shoprank.PrometheusConfig"
  }
}
"""
MonitoringConfig: Any = message_class(_PROTO, "shoprank.MonitoringConfig")


def read_metrics_path(file: Path | None) -> str | None:
    """Return the path of the metrics on the REST port; None if they are not asked for.

    Args:
        file: Text form of a `MonitoringConfig`; without one there are no metrics, as in TensorFlow Serving.

    Raises:
        ValueError: The file cannot be read, is no `MonitoringConfig`, or its path does not begin with a slash.
    """
    if file is None:
        return None
    config = read_text_proto(file, MonitoringConfig()).prometheus_config
    if not config.enable:
        return None
    path: str = config.path or DEFAULT_PATH
    if not path.startswith("/"):
        raise ValueError(f"{file}: prometheus_config.path: must begin with /, is {path!r}")
    return path
