import tensorflow as tf

from trainer.servable import request_ids


def test_request_ids_do_not_repeat_after_a_restart() -> None:
    def first_ids() -> list[bytes]:
        tf.random.set_seed(7)
        return tf.function(request_ids)(tf.constant(3)).numpy().tolist()

    try:
        ids = first_ids() + first_ids()
    finally:
        tf.random.set_seed(None)
    assert len(set(ids)) == 6


def test_no_request_needs_no_id() -> None:
    assert request_ids(tf.constant(0)).shape == [0]
