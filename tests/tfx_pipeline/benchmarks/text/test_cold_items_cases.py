"""Which rows ask for an item without history, and what holding items out leaves."""

from tfx_pipeline.benchmarks.quality.data.amazon_industrial import Row
from tfx_pipeline.benchmarks.quality.snapshot import Shop
from tfx_pipeline.benchmarks.text.cold_items_cases import held_out_cases, never_seen


def row(user: str, history: list[int], next_item: int) -> Row:
    return {"user": user, "history": history, "next": next_item}


def test_never_seen_looks_at_histories_and_next_items() -> None:
    asked = [row("a", [9], item) for item in (0, 1, 2)]
    assert never_seen(asked, [row("b", [0], 1)]) == [asked[2]]


def test_a_held_out_item_is_in_no_history_of_its_own_rows() -> None:
    rows = [row(str(number), [number, (number + 3) % 20, (number + 7) % 20], (number + 3) % 20) for number in range(20)]
    cases = held_out_cases(Shop(20), rows, 4, seed=1)
    assert 0 < len(cases) <= 20
    removed = 0
    for case in range(len(cases)):
        target = int(cases.targets.values[case])
        history = cases.history_of(case).tolist()
        original = rows[(target - 3) % 20]["history"]
        assert history and target not in history
        assert history == [item for item in original if item in history], "the order stays"
        removed += len(original) - len(history)
    assert removed > len(cases), "other items of the part are removed too"


def test_a_row_without_history_left_is_dropped() -> None:
    assert len(held_out_cases(Shop(3), [row("a", [1, 1], 1), row("b", [], 2)], 2, seed=0)) == 0
