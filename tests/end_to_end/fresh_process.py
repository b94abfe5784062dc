"""Run in a process of its own: answers of a SavedModel with nothing imported but TensorFlow and TF-Text.

Arguments: the SavedModel, a JSON file with the inputs of each signature, and the JSON file to write.
"""

import json
import sys

import tensorflow as tf
import tensorflow_text  # noqa: F401


def main(model: str, questions: str, answers: str) -> None:
    loaded = tf.saved_model.load(model)
    outputs = {}
    with open(questions, encoding="utf-8") as file:
        for signature, inputs in json.load(file).items():
            function = loaded.signatures[signature]
            specification = function.structured_input_signature[1]
            tensors = {name: tf.constant(value, specification[name].dtype) for name, value in inputs.items()}
            outputs[signature] = {name: _plain(value) for name, value in function(**tensors).items()}
    foreign = sorted(name for name in ("keras", "tfx", "trainer", "tensorflow_transform") if name in sys.modules)
    with open(answers, "w", encoding="utf-8") as file:
        json.dump({"outputs": outputs, "foreign": foreign}, file)


def _plain(value: tf.Tensor) -> list:
    if value.dtype == tf.string:
        return _decode(value.numpy().tolist())
    return value.numpy().tolist()


def _decode(value: object) -> object:
    return [_decode(each) for each in value] if isinstance(value, list) else value.decode()


if __name__ == "__main__":
    main(*sys.argv[1:])
