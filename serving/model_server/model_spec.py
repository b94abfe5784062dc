"""Which model and version a request's ModelSpec asks for."""

from typing import Any

from serving.model_server.errors import invalid_argument


def read_model_spec(request: Any) -> tuple[str, int | None]:
    """Return the model's name and the version, None for whichever is in service.

    Raises:
        RequestError: INVALID_ARGUMENT without a model_spec, or with a version label: labels need a server
            configuration, which this server has not.
    """
    if not request.HasField("model_spec"):
        raise invalid_argument("the request has no model_spec")
    spec = request.model_spec
    choice = spec.WhichOneof("version_choice")
    if choice == "version_label":
        raise invalid_argument(f"version label {spec.version_label!r} is unknown")
    return spec.name, spec.version.value if choice == "version" else None
