from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf

from trainer.query_side import QuerySide, decays, decays_in_days, neighbour_weights

HISTORIES = [[3, 1, 1], [], [5]]
MakeQuery = Callable[..., QuerySide]


def test_steps_count_back_from_the_latest(make_query: MakeQuery) -> None:
    assert make_query(HISTORIES).steps.numpy().tolist() == [[3, 2, 1, 0, 0, 0], [0] * 6, [1, 0, 0, 0, 0, 0]]


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_blocks_make_a_unit_vector(make_query: MakeQuery, share: float) -> None:
    query = make_query(HISTORIES, text=[True, False, True])
    assert query.has_text.numpy().tolist() == [1, 0, 1]
    preference, text = (block.numpy() for block in query.blocks(share))
    np.testing.assert_allclose((preference**2).sum(axis=1) + (text**2).sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose((text**2).sum(axis=1), [share, 0, share], atol=1e-6)
    np.testing.assert_allclose(preference[1], query.preference.numpy()[1], atol=1e-6)


def test_decays_start_at_one_and_leave_padding_out() -> None:
    weights = decays(tf.constant([[3.0, 2.0, 1.0, 0.0]]), (2.0, 1e9)).numpy()
    np.testing.assert_allclose(weights[0, :, 0], [np.exp(-1), np.exp(-0.5), 1, 0], rtol=1e-6)
    np.testing.assert_allclose(weights[0, :, 1], [1, 1, 1, 0], rtol=1e-6)


def test_decays_in_days_go_by_the_ages_and_leave_padding_out(make_query: MakeQuery) -> None:
    ages = np.array([[30.0, 1.5, 0.0, 9.0, 9.0, 9.0], [5.0] * 6, [100.0, 1.0, 1.0, 1.0, 1.0, 1.0]], np.float32)
    weights = decays_in_days(make_query(HISTORIES)._replace(ages=tf.constant(ages)), (2.0, 1e9)).numpy()
    assert weights.shape == (3, 6, 2)
    np.testing.assert_allclose(weights[0, :, 0], [np.exp(-15), np.exp(-0.75), 1, 0, 0, 0], rtol=1e-5)
    np.testing.assert_allclose(weights[0, :, 1], [1, 1, 1, 0, 0, 0], rtol=1e-5)
    assert not weights[1].any()
    np.testing.assert_allclose(weights[2, 0], [np.exp(-50), 1], rtol=1e-4)


def test_neighbours_are_asked_by_events_and_by_days_ago(make_query: MakeQuery) -> None:
    ages = np.array([[200.0, 90.0, 0.0, 7.0, 7.0, 7.0], [5.0] * 6, [45.0, -1.0, -1.0, -1.0, -1.0, -1.0]], np.float32)
    query = make_query([[3, 2, 1], [], [5]])._replace(ages=tf.constant(ages))
    by_events, by_days = neighbour_weights(query)
    steps = np.exp([-2 / 64, -1 / 64, 0])
    np.testing.assert_allclose(by_events, [[*steps, 0, 0, 0], [0] * 6, [1, 0, 0, 0, 0, 0]], rtol=1e-6)
    days = np.exp([-200 / 90, -1, 0])
    np.testing.assert_allclose(by_days, [[*days, 0, 0, 0], [0] * 6, [np.exp(-0.5), 0, 0, 0, 0, 0]], rtol=1e-6)


def test_the_events_of_one_item_speak_with_one_voice_at_most(make_query: MakeQuery) -> None:
    """Item 1 comes up three times and item 4 twice: long ago, in days, so that both together stay below 1."""
    history, ages = [1, 4, 4, 1, 2, 1], np.array([[300.0, 200.0, 180.0, 45.0, 45.0, 0.0]], np.float32)
    weights = neighbour_weights(make_query([history])._replace(ages=tf.constant(ages)))
    for found, alone in zip(weights, (np.exp(-np.arange(5, -1, -1) / 64), np.exp(-ages[0] / 90)), strict=True):
        together = {item: sum(alone[place] for place in range(6) if history[place] == item) for item in history}
        expected = [weight / max(together[item], 1) for weight, item in zip(alone, history, strict=True)]
        np.testing.assert_allclose(found[0], expected, rtol=1e-5)
    by_events, by_days = (found[0].numpy() for found in weights)
    assert by_events[[1, 2]].sum() == pytest.approx(1) and by_days[[0, 3, 5]].sum() == pytest.approx(1)
    np.testing.assert_allclose(by_days[[1, 2]], np.exp(-ages[0, [1, 2]] / 90), rtol=1e-5)
