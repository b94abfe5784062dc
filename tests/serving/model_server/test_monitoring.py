"""The metrics, read as Prometheus reads them."""

from pathlib import Path

import grpc
import pytest
from prometheus_client.parser import text_string_to_metric_families

from serving.model_server.answering import FinishedRequest
from serving.model_server.monitoring import Monitoring


def finished(model="shoprank", version=1, code=grpc.StatusCode.OK, seconds=0.004, **changes):
    values = {"method": "Predict", "entrypoint": "grpc", "signature": "recommend", "request": None, "response": None}
    return FinishedRequest(model=model, version=version, code=code, seconds=seconds, **values | changes)


def read(monitoring):
    """Sample name -> label values joined, in the order of the labels' names -> value."""
    samples = {}
    for family in text_string_to_metric_families(monitoring.render().decode()):
        for sample in family.samples:
            values = ",".join(sample.labels[name] for name in sorted(sample.labels))
            # This reader ends the name of every counter in `_total`.
            name = sample.name.removesuffix("_total") if ":" in sample.name else sample.name
            samples.setdefault(name, {})[values] = sample.value
    return samples


def test_requests_have_the_names_and_labels_of_tensorflow_serving():
    monitoring = Monitoring()
    monitoring.record(finished())
    monitoring.record(finished(entrypoint="rest", method="Classify", seconds=1.5))
    monitoring.record(finished(code=grpc.StatusCode.INVALID_ARGUMENT))
    lines = monitoring.render().decode().splitlines()
    assert "# TYPE :tensorflow:serving:request_count counter" in lines
    assert ':tensorflow:serving:request_count{model_name="shoprank",status="OK"} 2.0' in lines
    assert ':tensorflow:serving:request_count{model_name="shoprank",status="INVALID_ARGUMENT"} 1.0' in lines
    samples = read(monitoring)
    assert samples[":tensorflow:serving:request_latency_count"] == {
        "Predict,GRPC,shoprank,OK": 1,
        "Classify,REST,shoprank,OK": 1,
        "Predict,GRPC,shoprank,INVALID_ARGUMENT": 1,
    }
    assert samples[":tensorflow:serving:request_latency_sum"]["Classify,REST,shoprank,OK"] == 1.5e6
    assert samples["shoprank_signature_latency_microseconds_count"] == {"shoprank,recommend": 1}


def test_latency_buckets_are_those_of_tensorflow_serving():
    monitoring = Monitoring()
    monitoring.record(finished(seconds=17e-6))
    buckets = read(monitoring)[":tensorflow:serving:request_latency_bucket"]
    bounds = [float(values.split(",")[2]) for values in buckets]
    assert len(bounds) == 34
    assert bounds[:3] == [10, 18, 32.4]
    assert bounds[32] == pytest.approx(10 * 1.8**32, rel=1e-5)
    assert list(buckets.values())[:2] == [0, 1]


def test_names_that_clients_make_up_take_no_memory():
    monitoring = Monitoring()
    for number in range(100):
        monitoring.record(finished(f"made up {number}", None, grpc.StatusCode.NOT_FOUND))
    assert read(monitoring)[":tensorflow:serving:request_count"] == {"(unknown),NOT_FOUND": 100}
    # A model that is known but has no version to answer counts under its name.
    monitoring.set_available("shoprank", set())
    monitoring.record(finished(version=None, code=grpc.StatusCode.NOT_FOUND))
    assert read(monitoring)[":tensorflow:serving:request_count"]["shoprank,NOT_FOUND"] == 1


def test_loads_and_versions():
    monitoring = Monitoring()
    monitoring.record_load(Path("/models/shoprank/1"), 2.5, True)
    monitoring.record_load(Path("/models/shoprank/2"), 0.1, False)
    monitoring.set_available("shoprank", {1, 2})
    monitoring.set_available("shoprank", {2, 3})
    samples = read(monitoring)
    assert samples[":tensorflow:cc:saved_model:load_attempt_count"] == {
        "/models/shoprank/1,success": 1,
        "/models/shoprank/2,fail": 1,
    }
    assert samples[":tensorflow:cc:saved_model:load_latency"] == {"/models/shoprank/1": 2.5e6}
    assert samples["shoprank_model_version_available"] == {"shoprank,2": 1, "shoprank,3": 1}
    monitoring.set_available("shoprank", set())
    assert "shoprank_model_version_available" not in read(monitoring)


def test_batches_and_their_queue():
    monitoring = Monitoring()
    waiting = [1, 2, 3]
    monitoring.watch_queue(lambda: len(waiting))
    monitoring.record_batch(5, [0.001, 0.003])
    samples = read(monitoring)
    assert samples["shoprank_batching_queue_length"] == {"": 3}
    assert samples["shoprank_batch_size_sum"] == {"model_server_batch_threads": 5}
    assert samples[":tensorflow:serving:batching_session:queuing_latency_sum"] == {"model_server_batch_threads": 4000}
    assert samples[":tensorflow:serving:batching_session:queuing_latency_count"] == {"model_server_batch_threads": 2}
    waiting.clear()
    assert read(monitoring)["shoprank_batching_queue_length"] == {"": 0}


def test_records_of_the_request_log():
    monitoring = Monitoring()
    monitoring.record_logged("shoprank", 5, 0)
    monitoring.record_logged("shoprank", 0, 2)
    assert read(monitoring)["shoprank_request_log_records_total"] == {"shoprank,written": 5, "shoprank,lost": 2}


def test_two_servers_of_one_process_count_apart():
    one, other = Monitoring(), Monitoring()
    one.record(finished())
    assert ":tensorflow:serving:request_count" not in read(other)
