"""TensorFlow Serving's `--ssl_config_file`: the key and the certificates of the gRPC port."""

import os
import ssl
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc

from serving.model_server.text_proto import message_class, read_text_proto

if TYPE_CHECKING:
    from collections.abc import Iterator

# Names and numbers of tensorflow_serving/config/ssl_config.proto.
_PROTO = """
name: "shoprank/ssl_config.proto" package: "shoprank" syntax: "proto3"
message_type {
  name: "SSLConfig"
  field { name: "server_key" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL }
  field { name: "server_cert" number: 2 type: TYPE_STRING label: LABEL_OPTIONAL }
  field { name: "custom_ca" number: 3 type: TYPE_STRING label: LABEL_OPTIONAL }
  field { name: "client_verify" number: 4 type: TYPE_BOOL label: LABEL_OPTIONAL }
}
"""
SSLConfig: Any = message_class(_PROTO, "shoprank.SSLConfig")


def read_server_credentials(path: Path) -> grpc.ServerCredentials:
    """Read the credentials of a server from the text form of an `SSLConfig`.

    Its fields hold the PEM texts themselves, not names of files. With `client_verify` a client must have a certificate
    that `custom_ca` signed.

    Raises:
        ValueError: The file cannot be read, a PEM text is missing or wrong, or the key is not the certificate's; the
            message names the file and the field, and never has the key.
    """
    config = read_text_proto(path, SSLConfig(), secret=True)
    _check_certificates(path, "server_cert", config.server_cert)
    _check_key(path, config.server_key, config.server_cert)
    if config.custom_ca:
        _check_certificates(path, "custom_ca", config.custom_ca)
    elif config.client_verify:
        raise ValueError(f"{path}: client_verify: needs custom_ca, which is empty")
    return grpc.ssl_server_credentials(
        [(config.server_key.encode(), config.server_cert.encode())],
        root_certificates=config.custom_ca.encode() or None,
        require_client_auth=config.client_verify,
    )


def _check_certificates(path: Path, field: str, text: str) -> None:
    # gRPC itself finds a bad text only when the first client connects.
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_verify_locations(cadata=text)
    except (ssl.SSLError, ValueError) as error:
        raise ValueError(f"{path}: {field}: not a PEM certificate") from error


def _check_key(path: Path, key: str, certificate: str) -> None:
    try:
        with _in_memory(key) as key_file, _in_memory(certificate) as certificate_file:
            # Without the password OpenSSL would ask the terminal for one.
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate_file, key_file, password="")
    except (ssl.SSLError, ValueError) as error:
        raise ValueError(f"{path}: server_key: not the PEM private key of server_cert, or encrypted") from error


@contextmanager
def _in_memory(text: str) -> "Iterator[str]":
    # `load_cert_chain` takes file names alone, and a private key has no business on the disk.
    descriptor = os.memfd_create("pem", os.MFD_CLOEXEC)
    try:
        os.write(descriptor, text.encode())
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)
