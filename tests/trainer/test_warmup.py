import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from trainer.bandit.settings import POLICIES
from trainer.signature_inputs import INPUTS
from trainer.warmup import sample_requests, write_warmup

ITEM_IDS, USER_IDS = ["item-é", "item-2"], [f"user-{number}" for number in range(7)]
Logs = list[tuple[str, dict[str, np.ndarray]]]


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Logs:
    """Signature and inputs of what a server would replay."""
    folder = tmp_path_factory.mktemp("model")
    write_warmup(folder, "shop", sample_requests(ITEM_IDS, USER_IDS, "crème"))
    parsed = []
    for record in tf.data.TFRecordDataset(str(folder / "assets.extra" / "tf_serving_warmup_requests")):
        request = prediction_log_pb2.PredictionLog.FromString(record.numpy()).predict_log.request
        assert request.model_spec.name == "shop"
        inputs = {name: tf.make_ndarray(tensor) for name, tensor in request.inputs.items()}
        parsed.append((request.model_spec.signature_name, inputs))
    return parsed


def test_every_signature_is_warmed_up(logs: Logs) -> None:
    assert {signature for signature, _ in logs} == set(INPUTS)


def test_inputs_are_exactly_those_of_the_signature(logs: Logs) -> None:
    for signature, inputs in logs:
        specification = INPUTS[signature]
        assert set(inputs) == set(specification)
        for name, value in inputs.items():
            assert specification[name].shape.is_compatible_with(value.shape), (signature, name)
            assert tf.as_dtype(value.dtype) == specification[name].dtype, (signature, name)
        assert len({len(value) for value in inputs.values()}) == 1


def test_batches_with_and_without_text_and_a_stranger(logs: Logs) -> None:
    slates = [inputs for signature, inputs in logs if signature == "recommend"]
    assert {(len(inputs["query"]), inputs["query"][0].decode()) for inputs in slates} == {
        *((1, ""), (1, "crème"), (8, ""), (8, "crème")),
    }
    assert all(inputs["user_id"][-1] == b"" for inputs in slates)


def test_every_policy_is_warmed_up(logs: Logs) -> None:
    asked = {policy.decode() for name, inputs in logs if name == "recommend" for policy in inputs["policy"]}
    assert asked == set(POLICIES)


def test_a_shop_with_few_users() -> None:
    requests = sample_requests(ITEM_IDS[:1], [], "milk")
    assert {len(inputs["user_id"]) for _, inputs in requests if "user_id" in inputs} == {1}


def test_the_example_names_the_item(logs: Logs) -> None:
    (inputs,) = (inputs for signature, inputs in logs if signature == "serving_default")
    example = tf.train.Example.FromString(inputs["examples"][0])
    assert example.features.feature["item_id"].bytes_list.value[0].decode() == "item-é"
