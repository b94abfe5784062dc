from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from trainer.catalogue import Catalogue, read_catalogue

Write = Callable[[Path, list[dict]], list[str]]


def as_lists(example: dict[str, np.ndarray]) -> dict[str, list]:
    return {name: values.tolist() for name, values in example.items()}


@pytest.fixture(scope="module")
def items(transformed: Any) -> list[dict[str, list]]:
    return [as_lists(example) for example in transformed.examples[:3]]


@pytest.fixture(scope="module")
def files(items: list[dict], write_examples: Write, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    return write_examples(tmp_path_factory.mktemp("catalogue"), items)


def test_rows_follow_the_item_vocabulary(files: list[str], transformed: Any) -> None:
    catalogue = read_catalogue(files, transformed.output)
    assert len(catalogue) == 3
    milk, soap, text = (catalogue.item_ids.tolist().index(name) for name in ("milk-1", "soap-1", "text-1"))
    assert catalogue.titles[[milk, soap, text]].tolist() == ["Whole milk", "Soap", ""]
    assert catalogue.texts[[milk, soap, text]].tolist() == ["Whole milk 1 gallon, crème", "Soap", "ä" * 4_000]
    np.testing.assert_allclose(catalogue.prices[[milk, soap, text]], [-1, 1, 0], atol=1e-6)
    assert catalogue.price_known[[milk, soap, text]].tolist() == [1, 1, 0]
    assert catalogue.category_paths[[milk, soap, text]].tolist() == ["food > dairy > milk > whole", "care", ""]
    np.testing.assert_array_equal(catalogue.shop_prices[[milk, soap, text, -1]], [3, 7, np.nan, np.nan])


def test_what_is_unknown_takes_the_rows_after_the_last(files: list[str], transformed: Any) -> None:
    catalogue = read_catalogue(files, transformed.output)
    milk, soap, text = (catalogue.item_ids.tolist().index(name) for name in ("milk-1", "soap-1", "text-1"))
    assert catalogue.category_sizes == (3, 3, 3)
    assert catalogue.brand_size == 2
    assert catalogue.categories.dtype == catalogue.brands.dtype == np.int32
    assert catalogue.categories[[text, -1]].tolist() == [[2, 2, 2]] * 2
    assert catalogue.brands[[milk, soap, text, -1]].tolist() == [0, 1, 1, 1]
    assert (catalogue.prices[-1], catalogue.price_known[-1]) == (0, 0)
    lengths = [len(getattr(catalogue, name)) for name in ("categories", "brands", "prices", "price_known")]
    assert lengths == [4] * 4


def test_the_order_of_the_files_does_not_matter(
    items: list[dict], files: list[str], transformed: Any, write_examples: Write, tmp_path: Path
) -> None:
    parts = [write_examples(tmp_path / str(number), [item])[0] for number, item in enumerate(reversed(items))]
    expected, read = (read_catalogue(each, transformed.output) for each in (files, parts))
    for name in Catalogue.__dataclass_fields__:
        np.testing.assert_array_equal(getattr(read, name), getattr(expected, name))


@pytest.mark.parametrize("kept", [[0, 1], [0, 1, 1], [0, 1, 2, 2]])
def test_each_item_must_be_there_once(
    kept: list[int], items: list[dict], transformed: Any, write_examples: Write, tmp_path: Path
) -> None:
    files = write_examples(tmp_path, [items[row] for row in kept])
    with pytest.raises(ValueError) as caught:
        read_catalogue(files, transformed.output)
    assert str(caught.value) == f"{files}: the catalogue does not have one example for each of 3 items"


def test_a_catalogue_without_files_says_so(transformed: Any, tmp_path: Path) -> None:
    with pytest.raises(ValueError) as caught:
        read_catalogue([f"{tmp_path}/*"], transformed.output)
    assert str(caught.value) == f"['{tmp_path}/*']: the catalogue has no examples"


def test_values_are_prices_and_the_shops_own_numbers_as_they_came(
    files: list[str], items: list[dict], transformed: Any, write_examples: Write, tmp_path: Path
) -> None:
    with_margin = [{**item, **extra} for item, extra in zip(items, ({"item_margin": [0.5]}, {}, {}), strict=True)]
    catalogue = read_catalogue(write_examples(tmp_path, with_margin), transformed.output, ["price", None, "margin"])
    milk, soap, text = (catalogue.item_ids.tolist().index(name) for name in ("milk-1", "soap-1", "text-1"))
    assert catalogue.values[[milk, soap, text, -1]].tolist() == [[3, 1, 0.5], [7, 1, 0.5], [5, 1, 0.5], [5, 1, 0.5]]
    assert read_catalogue(files, transformed.output, [None]).values.shape == (0, 0)


def test_a_value_that_no_item_has_is_refused(files: list[str], transformed: Any) -> None:
    with pytest.raises(ValueError, match="no item has a value"):
        read_catalogue(files, transformed.output, ["margin"])


def test_prices_are_compared_with_those_of_the_category(files: list[str], transformed: Any) -> None:
    catalogue = read_catalogue(files, transformed.output)
    assert catalogue.price_against_category.tolist() == [0, 0, 0, 0]
