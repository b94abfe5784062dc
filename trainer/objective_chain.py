"""Which objective is only possible after which: a purchase that is conditioned on the click, say."""

from collections.abc import Mapping


def chain_order(given: Mapping[str, str | None]) -> list[str]:
    """The objectives in an order in which each comes after the one that it is conditioned on.

    Args:
        given: For each objective the one that it is conditioned on, or None.

    Raises:
        ValueError: An objective is conditioned on one that does not exist, or in a circle on itself.
    """
    order: list[str] = []
    for name, condition in given.items():
        if condition is not None and condition not in given:
            raise ValueError(f"{name}.given: no objective is called '{condition}'; there are {', '.join(given)}")
        _add(name, given, order, [])
    return order


def _add(name: str, given: Mapping[str, str | None], order: list[str], path: list[str]) -> None:
    if name in order:
        return
    if name in path:
        raise ValueError(f"{name}.given: conditioned on itself: {' -> '.join([*path, name])}")
    condition = given.get(name)
    if condition is not None:
        _add(condition, given, order, [*path, name])
    order.append(name)
