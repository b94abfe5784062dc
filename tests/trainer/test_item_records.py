import json
from pathlib import Path

import pytest

from trainer.item_records import ItemRecord, merged, read_records, write_records


def test_what_a_later_record_does_not_say_stays() -> None:
    first = ItemRecord("a", "milk", "fresh", "food", "Farm", 1.5, False)
    assert first.then(ItemRecord("a", title="oat milk", price=0.0)) == ItemRecord(
        "a", "oat milk", "fresh", "food", "Farm", 0.0, False
    )
    assert first.then(ItemRecord("a", available=True)).available is True


def test_one_record_an_item_in_the_order_of_first_mention() -> None:
    earlier = [ItemRecord("b", "bread"), ItemRecord("a", "milk")]
    later = [ItemRecord("c", "cheese"), ItemRecord("a", price=2.0)]
    assert merged(earlier, later) == [
        ItemRecord("b", "bread"),
        ItemRecord("a", "milk", price=2.0),
        ItemRecord("c", "cheese"),
    ]


def test_records_come_back(tmp_path: Path) -> None:
    records = [
        ItemRecord("a", "Käse\u2028\n'\"", "x" * 1000, "food > cheese", "日本", 0.1, True),
        ItemRecord("b"),
    ]
    path = tmp_path / "new" / "records.jsonl"
    write_records(records, path)
    assert read_records(path) == records
    assert len(path.read_text(encoding="utf-8").split("\n")) == 3


def test_no_file_holds_no_records(tmp_path: Path) -> None:
    assert read_records(tmp_path / "none.jsonl") == []


@pytest.mark.parametrize("line", ["{", "[1]", json.dumps({"id": "a"}), json.dumps({"title": "no id"})])
def test_a_line_of_another_kind_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "records.jsonl"
    path.write_text('{"item_id": "a"}\n' + line + "\n")
    with pytest.raises(ValueError, match=rf"^{path}, line 2: not an item record: "):
        read_records(path)


def test_numbers_of_the_shop_are_kept_until_another_is_said() -> None:
    first = ItemRecord("a", price=2.0, numbers={"margin": 0.5, "stock": 3.0})
    known = first.then(ItemRecord("a", numbers={"margin": 0.7}))
    assert known == ItemRecord("a", price=2.0, numbers={"margin": 0.7, "stock": 3.0})
    assert (known.value("price"), known.value("margin"), known.value("colour")) == (2.0, 0.7, None)
