"""The peer of ingestion: stock TFX, which reads a CSV file into examples, one a row, and computes their statistics."""

import time
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq

from tfx_pipeline.runners import IN_PROCESS, run_locally
from tfx_pipeline.table_config import TableConfig


def write_contract_csv(table: TableConfig, destination: Path) -> int:
    """Write events as a CSV file that has the columns of the contract.

    Args:
        table: Events in one Parquet file.
        destination: The file to write.

    Returns:
        The number of rows.
    """
    sources = {name: column for name, column in table.columns.items() if isinstance(column, str)}
    read = pq.read_table(table.paths[0], columns=list(sources.values()))
    columns = {name: read[column] for name, column in sources.items()}
    constants = {name: pa.array([value] * len(read)) for name, value in table.constants.items()}
    arrow_csv.write_csv(pa.table({**columns, **constants}), destination)
    return len(read)


def time_stock_components(folder: Path, scratch: Path) -> float:
    """Run `CsvExampleGen` and `StatisticsGen` with TFX's local runner and Beam's in-process runner.

    Args:
        folder: Has the CSV file.
        scratch: An existing folder for what they write.

    Returns:
        Seconds of wall clock, without imports.
    """
    from tfx.components import CsvExampleGen, StatisticsGen
    from tfx.orchestration import metadata, pipeline
    from tfx.orchestration.local import local_dag_runner  # noqa: F401, imported here so that it is not timed

    example_gen = CsvExampleGen(input_base=str(folder))
    statistics_gen = StatisticsGen(examples=example_gen.outputs["examples"])
    dag = pipeline.Pipeline(
        pipeline_name="stock",
        pipeline_root=str(scratch / "stock"),
        components=[example_gen, statistics_gen],
        metadata_connection_config=metadata.sqlite_metadata_connection_config(str(scratch / "metadata.db")),
        beam_pipeline_args=IN_PROCESS,
    )
    start = time.perf_counter()
    run_locally(dag)
    return time.perf_counter() - start
