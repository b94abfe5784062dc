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
