"""How a client connects: retries, keep-alive, message size and encryption."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc

MOST_ATTEMPTS = 5
"""gRPC makes no more, whatever it is told."""
_MIB = 2**20


@dataclass(frozen=True)
class Retries:
    """When a request is sent again: after UNAVAILABLE alone, and never past the deadline of the request.

    gRPC itself sends again, as its proposal A6 says: the wait before attempt n + 1 is drawn at random up to
    `min(first_seconds * 2 ** (n - 1), longest_seconds)`, so that many clients do not come back at the same moment.

    Attributes:
        attempts: Times that a request is sent at most; 1 never sends again.
        first_seconds: Longest wait before the second attempt.
        longest_seconds: Longest wait before any attempt.
    """

    attempts: int = 4
    first_seconds: float = 0.05
    longest_seconds: float = 1.0

    def __post_init__(self) -> None:
        """Refuse what gRPC would cut or ignore."""
        if not 1 <= self.attempts <= MOST_ATTEMPTS:
            raise ValueError(f"attempts: must be from 1 to {MOST_ATTEMPTS}, is {self.attempts}")
        if not 0 < self.first_seconds <= self.longest_seconds:
            raise ValueError(
                "first_seconds and longest_seconds: must be above 0 and in order, "
                f"are {self.first_seconds:g} and {self.longest_seconds:g}"
            )


@dataclass(frozen=True)
class Tls:
    """Encryption, and who the client is; files are PEM.

    Attributes:
        root_certificate: Whom to trust; the system's authorities without one.
        client_certificate: Certificate that the client shows, with `client_key`.
        client_key: Its private key.
        server_name: Name that the server's certificate has, where that is not the host of the address.
    """

    root_certificate: Path | None = None
    client_certificate: Path | None = None
    client_key: Path | None = None
    server_name: str = ""

    def __post_init__(self) -> None:
        """Refuse half of a client's identity."""
        if (self.client_certificate is None) != (self.client_key is None):
            raise ValueError("client_certificate and client_key: give both or neither")


@dataclass(frozen=True)
class ConnectionSettings:
    """Settings of a connection.

    Attributes:
        retries: When a request is sent again.
        keepalive_seconds: Seconds between two pings that find out whether the server is still there; None sends none.
            Balancers and firewalls drop connections that are silent for minutes. A server refuses pings that come more
            often than it allows, by default every 300 s while no data flows.
        max_message_bytes: Largest message in either direction; a larger one ends with RESOURCE_EXHAUSTED.
        round_robin: Whether requests take turns between all addresses that the target's name has. Otherwise one
            connection to the first address that answers has them all.
        tls: Encryption; None for none.
    """

    retries: Retries = field(default_factory=Retries)
    keepalive_seconds: float | None = None
    max_message_bytes: int = 64 * _MIB
    round_robin: bool = False
    tls: Tls | None = None

    def __post_init__(self) -> None:
        """Refuse numbers that mean nothing."""
        if self.keepalive_seconds is not None and self.keepalive_seconds <= 0:
            raise ValueError(f"keepalive_seconds: must be above 0, is {self.keepalive_seconds:g}")
        if self.max_message_bytes <= 0:
            raise ValueError(f"max_message_bytes: must be above 0, is {self.max_message_bytes}")


def open_channel(target: str, settings: ConnectionSettings) -> Any:
    """Make a channel; it connects with the first call.

    Args:
        target: `host:port`.
        settings: How to connect.

    Raises:
        OSError: A certificate or key cannot be read.
    """
    options: list[tuple[str, str | int]] = [
        ("grpc.max_receive_message_length", settings.max_message_bytes),
        ("grpc.max_send_message_length", settings.max_message_bytes),
        # A web proxy of the environment knows nothing of a model server beside us.
        ("grpc.enable_http_proxy", 0),
    ]
    options += _keepalive_options(settings.keepalive_seconds)
    options += [
        ("grpc.enable_retries", int(settings.retries.attempts > 1)),
        ("grpc.service_config", json.dumps(_service_config(settings))),
    ]
    if settings.tls is None:
        return grpc.insecure_channel(target, options=options)
    if settings.tls.server_name:
        options.append(("grpc.ssl_target_name_override", settings.tls.server_name))
    return grpc.secure_channel(target, _credentials(settings.tls), options=options)


def _service_config(settings: ConnectionSettings) -> dict[str, Any]:
    """What gRPC calls so: its own retries and its own balancing."""
    retries = settings.retries
    config: dict[str, Any] = {}
    if settings.round_robin:
        config["loadBalancingConfig"] = [{"round_robin": {}}]
    if retries.attempts > 1:
        policy = {
            "maxAttempts": retries.attempts,
            "initialBackoff": f"{retries.first_seconds:.9f}s",
            "maxBackoff": f"{retries.longest_seconds:.9f}s",
            "backoffMultiplier": 2,
            "retryableStatusCodes": ["UNAVAILABLE"],
        }
        config["methodConfig"] = [{"name": [{}], "retryPolicy": policy}]
    return config


def _keepalive_options(seconds: float | None) -> list[tuple[str, str | int]]:
    if seconds is None:
        return []
    return [
        ("grpc.keepalive_time_ms", round(1000 * seconds)),
        ("grpc.keepalive_permit_without_calls", 1),
        # The default stops after two pings without data, which is when a silent connection needs them.
        ("grpc.http2.max_pings_without_data", 0),
    ]


def _credentials(tls: Tls) -> Any:
    root, certificate, key = (
        None if path is None else path.read_bytes()
        for path in (tls.root_certificate, tls.client_certificate, tls.client_key)
    )
    return grpc.ssl_channel_credentials(root, key, certificate)
