"""Batches run in the threads of their requests; a gate in the place of a graph decides when a batch ends."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import grpc
import numpy as np
import pytest

from serving.model_server.batching.parameters import BatchingParameters
from serving.model_server.batching.request import BatchRequest, Caller
from serving.model_server.batching.scheduler import BatchScheduler
from serving.model_server.errors import RequestError

LONG = 10**9  # microseconds


class Gate:
    """Runs batches one `open` at a time and keeps what was run."""

    def __init__(self, **parameters):
        self.scheduler = BatchScheduler(BatchingParameters(**parameters), self.run_batch)
        self.batches = []
        self.threads = []
        self._permits = threading.Semaphore(0)
        self._pool = ThreadPoolExecutor(8)

    def run_batch(self, batch):
        self.batches.append([one.rows for one in batch.requests])
        self.threads.append(threading.current_thread())
        assert self._permits.acquire(timeout=30)
        for one in batch.requests:
            one.finish({"rows": one.rows})

    def open(self, times=1):
        self._permits.release(times)

    def ask(self, rows, kind="a", **caller):
        request = BatchRequest({"x": np.zeros(rows)}, rows, Caller(**caller))

        def run():
            self.scheduler.run(kind, request)
            return request.answer()

        return self._pool.submit(run)

    def wait(self, running=None, queued=None):
        deadline = time.monotonic() + 30
        while (running is not None and len(self.batches) < running) or (
            queued is not None and self.scheduler.queue_length() != queued
        ):
            assert time.monotonic() < deadline, f"{self.batches} ran, {self.scheduler.queue_length()} wait"
            time.sleep(0.001)


def test_a_lone_request_runs_at_once_in_its_own_thread():
    gate = Gate(batch_timeout_micros=LONG)
    gate.open()
    request = BatchRequest({"x": np.zeros(3)}, 3, Caller())
    gate.scheduler.run("a", request)
    assert request.answer() == {"rows": 3}
    assert gate.threads == [threading.current_thread()]


def test_what_queues_up_behind_a_batch_runs_as_one():
    gate = Gate(num_batch_threads=1, batch_timeout_micros=0)
    first = gate.ask(1)
    gate.wait(running=1)
    others = [gate.ask(rows) for rows in (2, 3, 4)]
    gate.wait(queued=3)
    gate.open(2)
    assert first.result(30) == {"rows": 1}
    assert sorted(one.result(30)["rows"] for one in others) == [2, 3, 4]
    assert [sorted(rows) for rows in gate.batches] == [[1], [2, 3, 4]]


def test_as_many_batches_run_at_a_time_as_told():
    gate = Gate(num_batch_threads=2, batch_timeout_micros=0)
    answers = [gate.ask(1), gate.ask(1, kind="b")]
    gate.wait(running=2)
    answers.append(gate.ask(1, kind="c"))
    gate.wait(queued=1)
    assert len(gate.batches) == 2
    gate.open(3)
    assert [one.result(30) for one in answers] == [{"rows": 1}] * 3


def test_beside_a_running_batch_the_next_one_waits_until_it_is_full():
    gate = Gate(num_batch_threads=2, max_batch_size=2, batch_timeout_micros=LONG)
    answers = [gate.ask(1)]
    gate.wait(running=1)
    answers.append(gate.ask(1))
    gate.wait(queued=1)
    answers.append(gate.ask(1))
    gate.wait(running=2, queued=0)
    gate.open(2)
    assert [one.result(30) for one in answers] == [{"rows": 1}] * 3
    assert gate.batches == [[1], [1, 1]]


def test_beside_a_running_batch_the_next_one_waits_no_longer_than_told():
    gate = Gate(num_batch_threads=2, max_batch_size=2, batch_timeout_micros=20_000)
    answers = [gate.ask(1)]
    gate.wait(running=1)
    start = time.monotonic()
    answers.append(gate.ask(1))
    gate.wait(running=2)
    assert time.monotonic() - start >= 0.02
    gate.open(2)
    assert [one.result(30) for one in answers] == [{"rows": 1}] * 2


def test_a_batch_that_waits_starts_when_the_other_ends():
    gate = Gate(num_batch_threads=2, batch_timeout_micros=LONG)
    answers = [gate.ask(1)]
    gate.wait(running=1)
    answers.append(gate.ask(2))
    gate.wait(queued=1)
    gate.open(2)
    assert [one.result(30)["rows"] for one in answers] == [1, 2]


def test_a_request_whose_deadline_passes_in_the_queue_is_not_run():
    gate = Gate(num_batch_threads=1)
    first = gate.ask(1)
    gate.wait(running=1)
    late = gate.ask(2, deadline=time.monotonic() + 0.01)
    with pytest.raises(RequestError, match="^Deadline exceeded before the request was run$") as error:
        late.result(30)
    assert error.value.code == grpc.StatusCode.DEADLINE_EXCEEDED
    assert gate.scheduler.queue_length() == 0
    gate.open()
    first.result(30)
    assert gate.batches == [[1]]


def test_nobody_waits_beyond_the_deadline_for_a_running_batch():
    gate = Gate(num_batch_threads=1)
    first = gate.ask(1)
    gate.wait(running=1)
    leader = gate.ask(2)
    gate.wait(queued=1)
    late = gate.ask(3, deadline=time.monotonic() + 0.3)
    while gate.scheduler.queue_length() < 2 and not late.done():
        time.sleep(0.001)
    gate.open()
    first.result(30)
    gate.wait(running=2)
    with pytest.raises(RequestError):
        late.result(30)
    assert not leader.done()
    gate.open()
    assert leader.result(30) == {"rows": 2}


def test_a_client_that_is_gone_frees_its_place():
    gate = Gate(num_batch_threads=1, max_batch_size=2, max_enqueued_batches=1)
    gone = threading.Event()
    first = gate.ask(1)
    gate.wait(running=1)
    vanished = gate.ask(2, is_active=lambda: not gone.is_set())
    gate.wait(queued=1)
    with pytest.raises(RequestError) as full:
        gate.ask(2).result(30)
    assert full.value.code == grpc.StatusCode.UNAVAILABLE
    gone.set()
    stays = gate.ask(2)
    with pytest.raises(RequestError, match="^The client is gone$") as error:
        vanished.result(30)
    assert error.value.code == grpc.StatusCode.CANCELLED
    gate.open(2)
    assert (first.result(30), stays.result(30)) == ({"rows": 1}, {"rows": 2})
    assert gate.batches == [[1], [2]]
