"""The requests that docs/rest_api.md shows are understood."""

import json
import re
import shlex
from pathlib import Path
from urllib.parse import urlsplit

PAGE = Path(__file__).parents[4] / "docs" / "rest_api.md"
CALLS = [shlex.split(line) for line in re.findall(r"^curl .*$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)]


def read_call(words):
    from serving.model_server.rest.path import parse_path

    assert words[1] == "-d"
    return parse_path("POST", urlsplit(f"http://{words[3]}").path), json.loads(words[2])


def test_predict_fits_the_servable():
    from tensorflow_serving.apis import predict_pb2

    from serving.model_server.rest.predict_json import Form, read_predict_body
    from serving.model_server.signature import InputTensor, Signature
    from trainer.signature_inputs import INPUTS

    forms = []
    for call, body in (read_call(words) for words in CALLS):
        if call.action != "predict":
            continue
        specs = INPUTS[body["signature_name"]]
        inputs = {
            name: InputTensor(int(spec.dtype.as_datatype_enum), tuple(size or -1 for size in spec.shape))
            for name, spec in specs.items()
        }
        signature = Signature(body["signature_name"], "tensorflow/serving/predict", inputs, {}, {})
        tensors = predict_pb2.PredictRequest().inputs
        forms.append(read_predict_body(body, signature, tensors))
        assert set(signature.read_inputs(tensors)) == set(specs)
    assert forms == [Form.ROW, Form.COLUMN]


def test_examples_are_understood():
    from tensorflow_serving.apis import classification_pb2

    from serving.model_server.rest.example_json import read_example_body

    ((call, body),) = [(call, body) for call, body in map(read_call, CALLS) if call.action == "classify"]
    request = classification_pb2.ClassificationRequest(model_spec=call.model_spec)
    read_example_body(body, request.input)
    assert len(request.input.example_list_with_context.examples) == 2
