import numpy as np
import pytest

from trainer.privacy.secret_seeds import secret_seeds
from trainer.retrieval import TwoTowerModel


def states(model: TwoTowerModel) -> list[list[int]]:
    return [list(map(int, each.value)) for each in model.variables if each.name == "seed_generator_state"]


def test_layers_draw_from_other_seeds_and_get_their_own_back(sampled_towers: TwoTowerModel) -> None:
    model = sampled_towers
    own = states(model)
    assert len(own) >= 3
    with pytest.raises(KeyError), secret_seeds(model, np.random.default_rng(1)):
        inside = states(model)
        assert all(secret != public for secret, public in zip(inside, own, strict=True))
        raise KeyError
    assert states(model) == own
