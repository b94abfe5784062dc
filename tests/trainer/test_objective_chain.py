import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainer.objective_chain import chain_order


def test_each_comes_after_what_it_is_conditioned_on() -> None:
    chain = {"purchase": "cart", "cart": "click", "click": None, "rating": "purchase", "share": None}
    assert chain_order(chain) == ["click", "cart", "purchase", "rating", "share"]
    assert chain_order({"purchase": None}) == ["purchase"]


@settings(derandomize=True, max_examples=50)
@given(st.permutations(range(6)), st.lists(st.booleans(), min_size=6, max_size=6))
def test_any_order_of_the_file(order: list[int], linked: list[bool]) -> None:
    condition = {f"{place}": f"{place - 1}" if place and linked[place] else None for place in order}
    found = chain_order(condition)
    assert sorted(found) == sorted(condition)
    for name, before in condition.items():
        assert before is None or found.index(before) < found.index(name)


@pytest.mark.parametrize(
    ("chain", "message"),
    [
        ({"buy": "view", "add": None}, "buy.given: no objective is called 'view'; there are buy, add"),
        ({"buy": "buy"}, "buy.given: conditioned on itself: buy -> buy"),
        ({"a": "b", "b": "c", "c": "a"}, "a.given: conditioned on itself: a -> b -> c -> a"),
        ({"d": "a", "a": "b", "b": "a"}, "a.given: conditioned on itself: d -> a -> b -> a"),
    ],
)
def test_chains_that_lead_nowhere(chain: dict[str, str | None], message: str) -> None:
    with pytest.raises(ValueError) as error:
        chain_order(chain)
    assert str(error.value) == message
