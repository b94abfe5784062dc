import pytest

from trainer.history import CausalAttention, GRUHistory, RecencyMean, history_encoder


def test_encoders_by_name() -> None:
    mean = history_encoder("recency_mean", 8, decays_in_events=(2.0,))
    assert isinstance(mean, RecencyMean) and mean.output_width(6) == 6
    gru = history_encoder("gru", 8)
    assert isinstance(gru, GRUHistory) and gru.output_width(6) == 8
    attention = history_encoder("causal_attention", 8, blocks=1, heads=4)
    assert isinstance(attention, CausalAttention) and attention.output_width(6) == 8
    assert (len(attention.blocks), attention.heads) == (1, 4)


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(ValueError) as error:
        history_encoder("transformer", 8)
    assert str(error.value) == "name: one of recency_mean, gru, causal_attention, not 'transformer'"
