"""Every message that the page quotes is in the code."""

import ast
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from tfx_pipeline.cli import app

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "troubleshooting.md"
PLACEHOLDER = re.compile(r"\b[A-Z][A-Z]+\b")
MESSAGES = re.findall(r"^```text\n(.*?)\n```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
SHORTEST_PART = 8
# Part of the library's message, not of ours.
OF_LIBRARIES = {"FILE: FIELD: Extra inputs are not permitted"}


@cache
def texts_of_the_code() -> tuple[str, ...]:
    """All constant parts of the strings in our packages and set-up scripts, whitespace as one space."""
    texts = []
    for package in ("tfx_pipeline", "trainer", "serving"):
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.JoinedStr):
                    texts.append(
                        "".join(part.value if isinstance(part, ast.Constant) else "\0" for part in node.values)
                    )
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    texts.append(node.value)
    texts += [path.read_text(encoding="utf-8") for path in (ROOT / "scripts").glob("*.sh")]
    return tuple(texts)


def unknown_parts(message: str) -> list[str]:
    """The fixed parts of a message that no string of the code has; short ones are punctuation."""
    parts = [part.strip(" :;,()") for part in PLACEHOLDER.split(message)]
    long = [part for part in parts if len(part) >= SHORTEST_PART] or [max(parts, key=len)]
    return [part for part in long if not any(part in text for text in texts_of_the_code())]


@pytest.mark.parametrize("message", MESSAGES)
def test_a_quoted_message_is_in_the_code(message: str) -> None:
    if message not in OF_LIBRARIES:
        assert unknown_parts(message) == []


def test_a_message_that_nobody_says_would_be_noticed() -> None:
    assert len(MESSAGES) > 20
    assert unknown_parts("FILE: this row is not to our liking: ROW") == ["this row is not to our liking"]


CONFIG: dict[str, Any] = {
    "run_dir": "run",
    "data": {"events": {"path": "orders.csv", "constants": {"event_type": "purchase"}}},
    "objectives": {"purchase": {"event_types": ["purchase"]}},
}


@pytest.mark.parametrize(
    ("events", "rows", "message"),
    [
        ({"paths": "orders.csv"}, "", "data.events.paths: Extra inputs are not permitted"),
        ({"columns": {"user_id": "customer"}}, "", "user_id needs column 'customer', but the file has user_id"),
        ({"columns": {"buyer": "user_id"}}, "", "columns maps 'buyer', which is none of user_id"),
        ({"path": "orders-*.csv"}, "", "no file matches this pattern"),
        ({}, ",i,2024-01-01\n", "1 of 2 rows are bad, more than the share of 0.01 that max_bad_share allows"),
        ({"constants": {"event_type": "view"}}, "", "none of 1 rows is left"),
        ({"path": "orders.xls"}, "", "cannot read this kind of file, only"),
    ],
)
def test_the_messages_appear_when_the_page_says(
    events: dict[str, Any], rows: str, message: str, tmp_path: Path
) -> None:
    for name in ("orders.csv", "orders.xls"):
        (tmp_path / name).write_text("user_id,item_id,timestamp\nu,i,2024-01-01\n" + rows)
    data = {**CONFIG["data"], "events": {**CONFIG["data"]["events"], **events}}
    (tmp_path / "shop.yaml").write_text(yaml.safe_dump({**CONFIG, "data": data}))

    result = CliRunner().invoke(app, ["check", "--config", str(tmp_path / "shop.yaml")])

    assert result.exit_code == 1
    assert message in result.stderr
