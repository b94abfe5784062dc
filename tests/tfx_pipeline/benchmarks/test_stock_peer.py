"""The CSV file that the peer reads."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from tfx_pipeline.benchmarks.stock_peer import write_contract_csv
from tfx_pipeline.table_config import TableConfig


def test_the_csv_has_the_columns_of_the_contract(tmp_path: Path) -> None:
    path = tmp_path / "events.parquet"
    pq.write_table(pa.table({"who": [7, 8], "what": ["a", 'b,"'], "unused": [1, 2], "paid": [0.5, 2.0]}), path)
    table = TableConfig(
        path=path,
        columns={"user_id": "who", "item_id": "what", "price": "paid"},
        constants={"event_type": "purchase"},
    )
    assert write_contract_csv(table, tmp_path / "events.csv") == 2
    assert pd.read_csv(tmp_path / "events.csv").to_dict("list") == {
        "user_id": [7, 8],
        "item_id": ["a", 'b,"'],
        "price": [0.5, 2.0],
        "event_type": ["purchase", "purchase"],
    }
