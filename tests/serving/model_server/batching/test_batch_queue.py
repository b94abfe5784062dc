"""Which batch comes out of the queue, and when; without threads."""

import time

import grpc
import numpy as np
import pytest

from serving.model_server.batching.batch_queue import FULL, BatchQueue
from serving.model_server.batching.parameters import BatchingParameters
from serving.model_server.batching.request import BatchRequest, Caller
from serving.model_server.errors import RequestError

LONG = 10**9  # microseconds


def request(rows=1, deadline=None, is_active=None):
    return BatchRequest({"x": np.zeros(rows)}, rows, Caller(deadline, is_active))


def rows(batch):
    return None if batch is None else [one.rows for one in batch.requests]


def test_requests_fill_a_batch_and_then_the_next():
    queue = BatchQueue(BatchingParameters(max_batch_size=4))
    for size in (1, 2, 3, 1, 4):
        queue.add("a", request(size))
    assert len(queue) == 5
    assert [rows(queue.take(idle=True)) for _ in range(4)] == [[1, 2], [3, 1], [4], None]
    assert len(queue) == 0


def test_kinds_are_not_mixed_and_take_turns():
    queue = BatchQueue(BatchingParameters(max_batch_size=1))
    for kind in "aaab":
        queue.add(kind, request())
    assert [queue.take(idle=True).kind for _ in range(4)] == ["a", "b", "a", "a"]


def test_a_full_queue_refuses_and_takes_again_once_there_is_room():
    queue = BatchQueue(BatchingParameters(max_batch_size=2, max_enqueued_batches=2))
    for size in (2, 1):
        queue.add("a", request(size))
    with pytest.raises(RequestError) as error:
        queue.add("a", request(2))
    assert (error.value.code, str(error.value)) == (grpc.StatusCode.UNAVAILABLE, FULL)
    queue.add("a", request(1))
    queue.add("b", request(2))
    assert rows(queue.take(idle=True)) == [2]
    queue.add("a", request(2))


def test_whoever_is_gone_makes_room_and_is_never_taken():
    queue = BatchQueue(BatchingParameters(max_batch_size=1, max_enqueued_batches=2))
    gone, late = request(is_active=lambda: False), request(deadline=time.monotonic() - 1)
    for one in (gone, late):
        queue.add("a", one)
    queue.add("a", request())
    assert (gone.error.code, late.error.code) == (grpc.StatusCode.CANCELLED, grpc.StatusCode.DEADLINE_EXCEEDED)
    assert gone.woken.is_set() and late.woken.is_set()
    queue.add("b", request(is_active=lambda: False))
    assert [rows(queue.take(idle=True)) for _ in range(2)] == [[1], None]
    assert len(queue) == 0


def test_a_request_can_be_taken_back():
    queue = BatchQueue(BatchingParameters())
    first, second = request(1), request(2)
    queue.add("a", first)
    queue.add("a", second)
    queue.remove(first)
    queue.remove(request())
    assert rows(queue.take(idle=True)) == [2]


def test_while_others_run_a_batch_waits_until_it_is_full_or_old_enough():
    queue = BatchQueue(BatchingParameters(max_batch_size=2, batch_timeout_micros=LONG))
    queue.add("a", request())
    assert queue.take(idle=False) is None
    queue.add("a", request())
    assert rows(queue.take(idle=False)) == [1, 1]
    for size in (1, 2):
        queue.add("a", request(size))
    assert rows(queue.take(idle=False)) == [1], "it is closed: the next request did not fit"
    at_once = BatchQueue(BatchingParameters(max_batch_size=2, batch_timeout_micros=0))
    at_once.add("a", request())
    assert rows(at_once.take(idle=False)) == [1]


def test_when_nothing_runs_none_waits():
    queue = BatchQueue(BatchingParameters(max_batch_size=2, batch_timeout_micros=LONG))
    queue.add("a", request())
    assert rows(queue.take(idle=True)) == [1]
