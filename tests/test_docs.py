"""What docs/data.md says of settings, columns and rules must be what the code understands."""

import gzip
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from pydantic import BaseModel

from tfx_pipeline.components.distribution_comparator import MAX_ROWS
from tfx_pipeline.config import Config, SplitConfig, load_config, parse_config
from tfx_pipeline.leakage.checks import CHECKS
from tfx_pipeline.sources import contract
from tfx_pipeline.sources.ingest import ingest
from tfx_pipeline.sources.jsonl_reader import SAMPLE_OBJECTS
from tfx_pipeline.table_config import BigQueryConfig, CsvConfig, DataConfig, PrivacyConfig, RulesConfig, TableConfig
from tfx_pipeline.validation_config import ValidationConfig

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "data.md").read_text(encoding="utf-8")
PAGES = sorted((ROOT / "docs").glob("*.md"))
YAML_BLOCK = re.compile(r"```yaml\n(.*?)```", re.DOTALL)
BLOCKS = [
    pytest.param(block[1], id=f"{page.name}:{text[: block.start()].count(chr(10)) + 1}")
    for page in PAGES
    for text in [page.read_text(encoding="utf-8")]
    for block in YAML_BLOCK.finditer(text)
]
REASONS = [
    value for name, value in vars(contract).items() if name.isupper() and isinstance(value, str) and " " in value
]


def completed(block: dict[str, Any]) -> dict[str, Any]:
    """A configuration of which a document shows a part: sections, or tables of the section `data`."""
    sections = {name: value for name, value in block.items() if name in Config.model_fields}
    tables = {name: value for name, value in block.items() if name not in Config.model_fields}
    data = {**sections.pop("data", {}), **tables}
    data.setdefault("events", {"path": "events.csv"})
    return {"run_dir": "run", "objectives": {"purchase": {"event_types": ["purchase"]}}, **sections, "data": data}


def rows_of(section: str) -> list[list[str]]:
    """The cells of the tables of a section of the page."""
    text = PAGE.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]


@pytest.mark.parametrize("block", BLOCKS)
def test_yaml_blocks_are_valid(block: str) -> None:
    parse_config(completed(yaml.safe_load(block)), "block")


def test_a_wrong_block_would_be_noticed() -> None:
    with pytest.raises(ValueError, match=r"block: data\.events\.paths: Extra inputs are not permitted"):
        parse_config(completed({"events": {"path": "a.csv", "paths": "b.csv"}}), "block")


@pytest.mark.parametrize(
    "section", [TableConfig, CsvConfig, BigQueryConfig, RulesConfig, PrivacyConfig, ValidationConfig, SplitConfig]
)
def test_every_setting_is_named(section: type[BaseModel]) -> None:
    code = set(re.findall(r"\w+", " ".join(re.findall(r"```yaml.*?```|`[^`\n]+`", PAGE, re.DOTALL))))
    assert set(section.model_fields) <= code


def test_every_table_is_named() -> None:
    tables = {name for name, field in DataConfig.model_fields.items() if "TableConfig" in str(field.annotation)}
    assert "serving_log" in tables
    assert {f"`data.{name}`" for name in tables} <= set(re.findall(r"`data\.\w+`", PAGE))


@pytest.mark.parametrize(
    "columns",
    [contract.EVENT_COLUMNS, contract.ITEM_COLUMNS, contract.USER_COLUMNS, contract.JUDGMENT_COLUMNS],
    ids=["events", "items", "users", "judgments"],
)
def test_the_contract_tables_have_every_column_and_its_kind(columns: tuple[contract.Column, ...]) -> None:
    cells = [row[first : first + 2] for row in rows_of("The data contract") for first in range(0, len(row) - 1)]
    told = {(name, kind) for names, kind in cells for name in re.findall(r"`(\w+)`", names)}
    assert {(column.name, column.kind) for column in columns} <= told


def test_every_reason_has_a_rule() -> None:
    told = {reason.strip() for row in rows_of("Rules") for reason in re.sub(r"\(0, 1\]", "(0; 1]", row[0]).split(",")}
    assert len(REASONS) > 15
    assert {reason.replace("(0, 1]", "(0; 1]") for reason in REASONS} <= told


def test_the_rules_have_their_defaults() -> None:
    told = {row[4].strip("`"): row[3] for row in rows_of("Rules") if len(row) == 5 and row[4].startswith("`")}
    defaults = {
        name: field.default for name, field in RulesConfig.model_fields.items() if name not in ("now", "return_types")
    }
    assert told == defaults


def test_the_checks_of_the_audit_are_told_as_they_are() -> None:
    told = {tuple(row) for row in rows_of("Gates") if len(row) == 2}
    assert {(check.name, check.rule) for check in CHECKS} <= told


def test_numbers_are_those_of_the_code() -> None:
    limits = ValidationConfig()
    assert f"the first {SAMPLE_OBJECTS:,} objects" in PAGE
    assert f"At most {MAX_ROWS:,} events of a side" in PAGE
    assert f"`drift_threshold` | largest distance between spans | {limits.drift_threshold}" in PAGE
    assert f"`skew_threshold` | largest distance from the serving log | {limits.skew_threshold}" in PAGE
    assert f"{DataConfig.model_fields['max_bad_share'].default:.0%}".replace("%", " %") + " by default" in PAGE


def test_the_clickstream_example_reads_what_it_describes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOPRANK_USER_KEY", "a key of sixteen characters or more")
    example = tmp_path / "examples" / "clickstream.yaml"
    example.parent.mkdir()
    shutil.copy(ROOT / "examples" / example.name, example)
    write_clickstream(tmp_path / "data" / "clickstream", described_event(example))
    config = load_config(example)
    tables = tmp_path / "tables"
    tables.mkdir()

    report = ingest(config.data, config.event_types, tables)

    assert (report.events.rows_read, report.events.rows_kept) == (5, 2)
    assert report.events.ignored == {"missing user_id": 1}
    assert report.events.dropped == {"item not in the items table": 1, "negative quantity": 1}
    assert report.returned == 1
    assert report.spans is not None and report.spans[1] - report.spans[0] == 1
    assert report.others["serving_log"].rows_kept == 1
    events = pa.concat_tables(map(pq.read_table, sorted((tables / "events").glob("*.parquet")))).to_pylist()
    cart, purchase = sorted(events, key=lambda event: event["timestamp"])
    assert (cart["event_type"], cart["device"], cart["query"], cart["position"]) == ("cart", "phone", "garden hose", 3)
    assert (purchase["event_type"], purchase["basket_id"], purchase["item_id"]) == ("purchase", "o-1", "00815")
    assert cart["user_id"] == purchase["user_id"] != "0042"
    assert pq.read_table(tables / "items.parquet").to_pylist()[0]["category"] == "Garden > Watering"


def described_event(example: Path) -> dict[str, Any]:
    """The line of a log that the comment of the example shows."""
    text = example.read_text(encoding="utf-8").partition("A line of a log:\n")[2].partition("run_dir:")[0]
    event: dict[str, Any] = json.loads(text.replace("#", ""))
    return event


def write_clickstream(folder: Path, event: dict[str, Any]) -> None:
    """Two days: an addition to the cart, a visitor, an order, an unlisted item, and the return of the order."""
    folder.mkdir(parents=True)
    order = {**event, "at": "2024-03-02T10:00:00+01:00", "action": "order", "order": {"number": "o-1"}}
    first_day = [event, {**event, "user": {"id": None, "email": None}}]
    second_day = [
        order,
        {**order, "product": {"sku": "gone", "price": 1.0}},
        {**order, "at": "2024-03-02T18:00:00+01:00", "count": -1},
    ]
    for day, events in (("01", first_day), ("02", second_day)):
        with gzip.open(folder / f"events-2024-03-{day}.jsonl.gz", "wt", encoding="utf-8") as file:
            file.writelines(json.dumps(each) + "\n" for each in events)
    product = {
        "sku": "00815",
        "name": "Hose",
        "department": "Garden",
        "aisle": "Watering",
        "maker": "Acme",
        "margin": 3.5,
    }
    pq.write_table(pa.Table.from_pylist([product]), folder / "products.parquet")
    served = {"user_id": "0042", "item_id": "00815", "event_type": "view", "timestamp": 1709283302120}
    line = json.dumps({**served, "device": "phone", "seconds_on_page": 5})
    (folder / "served-1.jsonl").write_text(line + "\n", encoding="utf-8")
