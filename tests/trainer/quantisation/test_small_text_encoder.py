import numpy as np
import pytest
import tensorflow as tf

from trainer.quantisation.export_settings import Precision
from trainer.quantisation.small_text_encoder import SmallTextEncoder, served_text_encoder
from trainer.text_encoder import TextEncoder

TEXTS = ["whole milk", "mild soap for old cheese", "brush", "bread bread bread"]


def bytes_of(variables: list[tf.Variable]) -> int:
    return sum(variable.shape.num_elements() * variable.dtype.size for variable in variables)


@pytest.mark.parametrize(("precision", "cosine", "share"), [("float16", 0.9999, 0.6), ("int8", 0.99, 0.5)])
def test_vectors_are_near_those_of_the_encoder(
    text_encoder: TextEncoder, precision: Precision, cosine: float, share: float
) -> None:
    small = SmallTextEncoder(text_encoder, precision)
    before = [weight.numpy() for weight in text_encoder.weights]
    encode = tf.function(small, input_signature=[tf.TensorSpec([None], tf.string)], autograph=False)
    ours, theirs = encode(tf.constant(TEXTS)).numpy(), text_encoder(tf.constant(TEXTS)).numpy()
    assert (ours * theirs).sum(axis=1).min() > cosine
    np.testing.assert_allclose(np.linalg.norm(ours, axis=1), 1.0, rtol=1e-5)
    assert bytes_of(small.tf_variables()) < share * bytes_of(text_encoder.tf_variables())
    for weight, value in zip(text_encoder.weights, before, strict=True):
        np.testing.assert_array_equal(weight, value)


def test_the_graph_reads_no_matrix_of_the_encoder(text_encoder: TextEncoder) -> None:
    small = SmallTextEncoder(text_encoder, "int8")
    encode = tf.function(small, input_signature=[tf.TensorSpec([None], tf.string)], autograph=False)
    read = {id(captured) for captured in encode.get_concrete_function().captured_inputs}
    matrices = [weight.value for weight in text_encoder.weights if len(weight.shape) > 1]
    assert not read & {id(variable.handle) for variable in matrices}
    known = {id(variable.handle) for variable in small.tf_variables()}
    resources = [each for each in encode.get_concrete_function().captured_inputs if each.dtype == tf.resource]
    assert len(known & {id(each) for each in resources}) == len(known)


def test_in_float32_the_encoder_is_served_itself(text_encoder: TextEncoder) -> None:
    assert served_text_encoder(text_encoder, "float32") is text_encoder
