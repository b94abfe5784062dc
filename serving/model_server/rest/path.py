"""Paths of the REST API: which model, which version, and what is asked of it."""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from tensorflow_serving.apis import model_pb2

from serving.model_server.errors import invalid_argument

_VERSION = r"(?:(?:/versions/(?P<version>\d+))|(?:/labels/(?P<label>[^/:]+)))?"
_PATHS = {
    "POST": re.compile(rf"/v1/models/(?P<model>[^/:]+){_VERSION}:(?P<action>classify|regress|predict)", re.I | re.A),
    "GET": re.compile(rf"/v1/models(?:/(?P<model>[^/:]+))?{_VERSION}(?:/(?P<action>metadata))?", re.I | re.A),
}
_INT64_END = 2**63
STATUS = "status"


@dataclass(frozen=True)
class Call:
    """What a request's method and path ask for.

    Attributes:
        action: "predict", "classify", "regress", "metadata" or "status".
        model_spec: ModelSpec with the name and the version or label.
    """

    action: str
    model_spec: Any


def parse_path(method: str, path: str) -> Call:
    """Return what a request asks for.

    Args:
        method: HTTP method.
        path: Path as it was sent, with its percent signs.

    Raises:
        RequestError: INVALID_ARGUMENT for a path that is none of the API's.
    """
    match = _PATHS[method].fullmatch(path) if method in _PATHS else None
    if match is None:
        raise invalid_argument(f"Malformed request: {method} {path}")
    if not match["model"]:
        raise invalid_argument("Missing model name in request.")
    spec = model_pb2.ModelSpec(name=unquote(match["model"]))
    if match["version"]:
        # Python refuses to read numbers of thousands of digits.
        if len(match["version"]) > len(str(_INT64_END)) or int(match["version"]) >= _INT64_END:
            raise invalid_argument(f"Failed to convert version: {match['version']} to numeric.")
        spec.version.value = int(match["version"])
    if match["label"]:
        spec.version_label = unquote(match["label"])
    return Call((match["action"] or STATUS).lower(), spec)
