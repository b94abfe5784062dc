"""TLS of the gRPC port, with certificates made here."""

import datetime
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import grpc
import pytest

from serving.model_server.health import Health
from serving.model_server.tls import SSLConfig, read_server_credentials

pytest.importorskip("cryptography", reason="makes the certificates")


class Identity:
    """A private key and its certificate, signed by itself or by another identity."""

    def __init__(self, name, signer=None):
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec

        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        signer = signer or self
        now = datetime.datetime.now(datetime.timezone.utc)
        builder = (
            x509.CertificateBuilder()
            .subject_name(self._name)
            .issuer_name(signer._name)
            .public_key(self._key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=signer is self, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        )
        certificate = builder.sign(signer._key, hashes.SHA256())
        pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
        self.certificate = certificate.public_bytes(pem).decode()
        self.key = self._key.private_bytes(pem, pkcs8, serialization.NoEncryption()).decode()
        secret = serialization.BestAvailableEncryption(b"secret")
        self.encrypted_key = self._key.private_bytes(pem, pkcs8, secret).decode()


@pytest.fixture(scope="module")
def identity():
    return Identity("server")


@pytest.fixture(scope="module")
def authority():
    return Identity("authority")


def write(path, **fields):
    path.write_text(str(SSLConfig(**fields)))
    return path


@contextmanager
def listening(path):
    server = grpc.server(ThreadPoolExecutor(2))
    Health(lambda: []).add_to(server)
    port = server.add_secure_port("localhost:0", read_server_credentials(path))
    server.start()
    yield f"localhost:{port}"
    server.stop(None)


def ask(channel):
    """The code of one call."""
    from grpc_health.v1 import health_pb2, health_pb2_grpc

    with channel:
        try:
            health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=10)
        except grpc.RpcError as error:
            return error.code().name
    return "OK"


def secure(target, root, *key_and_certificate):
    texts = [text.encode() for text in (root, *key_and_certificate)]
    return grpc.secure_channel(target, grpc.ssl_channel_credentials(*texts))


def test_only_clients_that_know_the_certificate_get_through(tmp_path, identity):
    path = write(tmp_path / "ssl", server_key=identity.key, server_cert=identity.certificate)
    with listening(path) as target:
        assert ask(secure(target, identity.certificate)) == "OK"
        assert ask(secure(target, Identity("other").certificate)) == "UNAVAILABLE"
        assert ask(grpc.insecure_channel(target)) == "UNAVAILABLE"


def test_client_verify_wants_a_certificate_of_the_authority(tmp_path, identity, authority):
    client, stranger = Identity("client", authority), Identity("stranger")
    fields = {"server_key": identity.key, "server_cert": identity.certificate, "custom_ca": authority.certificate}
    with listening(write(tmp_path / "ssl", client_verify=True, **fields)) as target:
        assert ask(secure(target, identity.certificate, client.key, client.certificate)) == "OK"
        assert ask(secure(target, identity.certificate)) == "UNAVAILABLE"
        assert ask(secure(target, identity.certificate, stranger.key, stranger.certificate)) == "UNAVAILABLE"


def bad_files(identity):
    good = {"server_key": identity.key, "server_cert": identity.certificate}
    no_key = "server_key: not the PEM private key of server_cert, or encrypted"
    return [
        ({}, "server_cert: not a PEM certificate"),
        (good | {"server_cert": "/etc/server.crt"}, "server_cert: not a PEM certificate"),
        (good | {"server_cert": identity.certificate[:200]}, "server_cert: not a PEM certificate"),
        (good | {"server_key": ""}, no_key),
        (good | {"server_key": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"}, no_key),
        (good | {"server_key": Identity("other").key}, no_key),
        (good | {"server_key": identity.encrypted_key}, no_key),
        (good | {"custom_ca": "x"}, "custom_ca: not a PEM certificate"),
        (good | {"client_verify": True}, "client_verify: needs custom_ca, which is empty"),
    ]


def test_bad_files_are_one_clear_line(tmp_path, identity):
    for fields, message in bad_files(identity):
        path = write(tmp_path / "ssl", **fields)
        with pytest.raises(ValueError) as error:
            read_server_credentials(path)
        assert str(error.value) == f"{path}: {message}"


def test_a_key_never_shows_in_an_error(tmp_path, identity):
    path = tmp_path / "ssl"
    path.write_text(f'server_key: "{identity.key}"')
    with pytest.raises(ValueError, match="not a SSLConfig in text form: line 1, column ") as error:
        read_server_credentials(path)
    assert "PRIVATE" not in str(error.value)
