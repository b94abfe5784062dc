"""The REST port: a taken one is an error, and requests under way are finished before the end."""

import threading
import urllib.request

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from serving.model_server.rest_server import RestServer


@pytest.fixture
def slow():
    """An application whose answer waits for an event, and tells by another that it has been asked."""
    asked, may_answer = threading.Event(), threading.Event()

    def answer(_):
        asked.set()
        assert may_answer.wait(20)
        return PlainTextResponse("done")

    return Starlette(routes=[Route("/", answer)]), asked, may_answer


def test_a_request_under_way_is_finished_before_the_end(slow):
    app, asked, may_answer = slow
    server = RestServer(app, "127.0.0.1", 0, drain_seconds=20.0)
    url = f"http://127.0.0.1:{server.start()}/"
    answers = []
    client = threading.Thread(target=lambda: answers.append(urllib.request.urlopen(url, timeout=20).read()))
    client.start()
    assert asked.wait(20)
    server.begin_stop()
    may_answer.set()
    server.stop()
    client.join(20)
    assert answers == [b"done"]
    with pytest.raises(OSError):
        urllib.request.urlopen(url, timeout=5)


def test_a_taken_port_is_an_error(slow):
    first = RestServer(slow[0], "127.0.0.1", 0, drain_seconds=1.0)
    port = first.start()
    with pytest.raises(OSError, match=rf"^cannot listen on 127\.0\.0\.1:{port} for REST: Address already in use"):
        RestServer(slow[0], "127.0.0.1", port, drain_seconds=1.0).start()
    first.stop()
