import pyarrow as pa

from tfx_pipeline.benchmarks.baseline_data.amazon_industrial import sequences


def test_the_rows_of_a_user_make_one_sequence() -> None:
    rows = pa.table(
        {
            "user_id": ["a", "b", "a"],
            "history_item_id": ["3 1", "7", "3 1 2"],
            "item_id": ["2", "7", "9"],
        }
    )
    assert sequences(rows) == {"a": [3, 1, 2, 9], "b": [7, 7]}
