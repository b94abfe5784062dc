"""Retries, deadlines, keep-alive, message size and encryption, against servers of a few lines."""

import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from shutil import which
from typing import Any

import grpc
import pytest

from serving import messages
from serving.connection import Connection, ServingError
from serving.connection_settings import ConnectionSettings, Retries, Tls, open_channel

REQUEST = messages.GetModelStatusRequest(model_spec=messages.ModelSpec(name="shoprank"))
QUICK = Retries(attempts=4, first_seconds=0.01, longest_seconds=0.02)
Answer = Callable[[int, Any], bytes]


class Servers:
    """Starts servers that answer the nth call as they are told, and stops them."""

    def __init__(self) -> None:
        self._servers: list[Any] = []
        self.calls: list[float] = []

    def start(self, answer: Answer, credentials: Any = None) -> int:
        def handle(request: bytes, context: Any) -> bytes:
            self.calls.append(time.monotonic())
            return answer(len(self.calls), context)

        server = grpc.server(ThreadPoolExecutor(2), options=[("grpc.so_reuseport", 0)])
        handler = grpc.unary_unary_rpc_method_handler(handle)
        methods = {"GetModelStatus": handler}
        server.add_generic_rpc_handlers(
            (grpc.method_handlers_generic_handler("tensorflow.serving.ModelService", methods),)
        )
        address = "localhost:0"
        port = server.add_secure_port(address, credentials) if credentials else server.add_insecure_port(address)
        server.start()
        self._servers.append(server)
        return int(port)

    def stop(self) -> None:
        for server in self._servers:
            server.stop(0)


@pytest.fixture
def servers() -> Iterator[Servers]:
    started = Servers()
    yield started
    started.stop()


def refuse(context: Any, code: grpc.StatusCode) -> bytes:
    context.abort(code, "not now")
    raise AssertionError


def ask(port: int, timeout: float = 10, settings: ConnectionSettings | None = None) -> Any:
    connection = Connection(f"localhost:{port}", timeout, settings or ConnectionSettings(QUICK))
    try:
        return connection.call("ModelService/GetModelStatus", REQUEST, messages.GetModelStatusResponse)
    finally:
        connection.close()


def test_unavailable_is_sent_again_until_it_is_answered(servers: Servers) -> None:
    port = servers.start(lambda call, context: b"" if call == 3 else refuse(context, grpc.StatusCode.UNAVAILABLE))
    assert list(ask(port).model_version_status) == []
    assert len(servers.calls) == 3


def test_after_the_last_attempt_the_error_is_told(servers: Servers) -> None:
    port = servers.start(lambda _, context: refuse(context, grpc.StatusCode.UNAVAILABLE))
    with pytest.raises(ServingError, match=rf"^localhost:{port}: UNAVAILABLE: not now$"):
        ask(port)
    assert len(servers.calls) == QUICK.attempts


@pytest.mark.parametrize("code", [code for code in grpc.StatusCode if code.name not in ("OK", "UNAVAILABLE")])
def test_no_other_code_is_sent_again(servers: Servers, code: grpc.StatusCode) -> None:
    port = servers.start(lambda _, context: refuse(context, code))
    with pytest.raises(ServingError) as error:
        ask(port)
    assert error.value.code == code.name
    assert len(servers.calls) == 1


def test_one_attempt_is_one(servers: Servers) -> None:
    port = servers.start(lambda _, context: refuse(context, grpc.StatusCode.UNAVAILABLE))
    with pytest.raises(ServingError, match="not now"):
        ask(port, settings=ConnectionSettings(Retries(attempts=1)))
    assert len(servers.calls) == 1


def test_no_attempt_after_the_deadline(servers: Servers) -> None:
    port = servers.start(lambda _, context: refuse(context, grpc.StatusCode.UNAVAILABLE))
    started = time.monotonic()
    with pytest.raises(ServingError):
        ask(port, 0.3, ConnectionSettings(Retries(attempts=5, first_seconds=30, longest_seconds=30)))
    assert time.monotonic() - started < 5
    assert len(servers.calls) < 5
    assert servers.calls[-1] < started + 0.3 + 0.2


def test_where_no_server_is() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    with pytest.raises(ServingError, match="no model server can be reached there") as error:
        ask(port)
    assert error.value.code == "UNAVAILABLE"


def test_requests_take_turns_between_the_addresses_of_a_name() -> None:
    both = [Servers(), Servers()]
    ports = [one.start(lambda *_: b"") for one in both]
    target = "ipv4:" + ",".join(f"127.0.0.1:{port}" for port in ports)
    connection = Connection(target, 10, ConnectionSettings(round_robin=True))
    for _ in range(20):
        connection.call("ModelService/GetModelStatus", REQUEST, messages.GetModelStatusResponse)
    connection.close()
    for one in both:
        one.stop()
    assert all(one.calls for one in both)


def test_a_message_above_the_limit(servers: Servers) -> None:
    status = messages.GetModelStatusResponse()
    status.model_version_status.add(version=1).status.error_message = "x" * 5000
    port = servers.start(lambda *_: status.SerializeToString())
    assert ask(port).model_version_status[0].version == 1
    with pytest.raises(ServingError, match="larger than max") as error:
        ask(port, settings=ConnectionSettings(max_message_bytes=4000))
    assert error.value.code == "RESOURCE_EXHAUSTED"


def test_keep_alive_is_passed_on(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    port = servers.start(lambda *_: b"")
    assert ask(port, settings=ConnectionSettings(keepalive_seconds=60.5)) is not None
    given: dict[str, Any] = {}
    monkeypatch.setattr(grpc, "insecure_channel", lambda _, options: given.update(options))
    open_channel("localhost:1", ConnectionSettings(keepalive_seconds=60.5))
    assert given["grpc.keepalive_time_ms"] == 60500
    assert given["grpc.keepalive_permit_without_calls"] == 1
    given.clear()
    open_channel("localhost:1", ConnectionSettings())
    assert not [name for name in given if "keepalive" in name]


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate authority, and a server and a client that it knows."""
    if which("openssl") is None:
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("certificates")

    def openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True, timeout=60)

    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    openssl("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=authority", "-days", "2")
    for name in ("server", "client"):
        (folder / f"{name}.ext").write_text(f"subjectAltName=DNS:{name}.example\n")
        openssl("req", *key, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}.example")
        authority = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2")
        openssl("x509", "-req", "-in", f"{name}.csr", *authority, "-extfile", f"{name}.ext", "-out", f"{name}.pem")
    return folder


def test_tls_with_a_certificate_of_the_client(servers: Servers, certificates: Path) -> None:
    def content(name: str) -> bytes:
        return (certificates / name).read_bytes()

    credentials = grpc.ssl_server_credentials(
        [(content("server.key"), content("server.pem"))], content("ca.pem"), require_client_auth=True
    )
    port = servers.start(lambda *_: b"", credentials)
    root, once = certificates / "ca.pem", Retries(attempts=1)
    own = {"client_certificate": certificates / "client.pem", "client_key": certificates / "client.key"}

    known = Tls(root, **own, server_name="server.example")
    assert ask(port, settings=ConnectionSettings(once, tls=known)) is not None
    wrong = [Tls(root, server_name="server.example"), Tls(root, **own, server_name="other.example"), Tls(**own), None]
    for tls in wrong:
        with pytest.raises(ServingError) as error:
            ask(port, settings=ConnectionSettings(once, tls=tls))
        assert error.value.code == "UNAVAILABLE"
    assert len(servers.calls) == 1


def test_a_certificate_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"none\.pem"):
        Connection("localhost:1", 1, ConnectionSettings(tls=Tls(tmp_path / "none.pem")))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Retries(attempts=0), "attempts: must be from 1 to 5, is 0"),
        (lambda: Retries(attempts=6), "attempts: must be from 1 to 5, is 6"),
        (
            lambda: Retries(first_seconds=2),
            "first_seconds and longest_seconds: must be above 0 and in order, are 2 and 1",
        ),
        (lambda: Tls(client_key=Path("k")), "client_certificate and client_key: give both or neither"),
        (lambda: ConnectionSettings(keepalive_seconds=0), "keepalive_seconds: must be above 0, is 0"),
        (lambda: ConnectionSettings(max_message_bytes=0), "max_message_bytes: must be above 0, is 0"),
    ],
)
def test_wrong_settings(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError) as error:
        make()
    assert str(error.value) == message
