"""Run the example shops and write what they measured to docs/measurements.md.

    .venv/bin/python benchmarks/shops.py

The demo must have run before. A shop whose data is not there is left out with a word.
"""

import subprocess
import sys
from datetime import datetime
from pathlib import Path

from tfx_pipeline.config import load_config
from tfx_pipeline.run_summary import RunSummary, WindowMetrics, load_run_summary

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ("online_retail", "movielens_100k")
PAGE = ROOT / "docs" / "measurements.md"

HEADER = """# Measurements

Written by `.venv/bin/python benchmarks/shops.py`: the demo as `make demo` left it, then `examples/*.yaml` with the
same settings as the demo. Greedy policy, whole catalogue, users with a history. Standard errors in brackets.
"""


def main() -> None:
    """Run what is missing, then write the page."""
    sections = [HEADER, _section("Complete Journey data (`make demo`)", load_run_summary(_metrics(ROOT / "runs/demo")))]
    for name in EXAMPLES:
        example = ROOT / "examples" / f"{name}.yaml"
        config = load_config(example)
        missing = [path for path in map(Path, config.data.events.paths) if not path.exists()]
        if missing:
            sections.append(f"## {name}\n\nNot measured: {missing[0].name} is not there.\n")
            continue
        subprocess.run(
            [sys.executable, "-m", "tfx_pipeline.cli", "run", "--config", str(example)], check=True, cwd=ROOT
        )
        sections.append(_section(f"`examples/{name}.yaml`", load_run_summary(_metrics(config.run_dir))))
    PAGE.write_text("\n".join(sections), encoding="utf-8")


def _metrics(run_dir: Path) -> Path:
    return run_dir / "metrics.json"


def _section(title: str, summary: RunSummary) -> str:
    rows = ", ".join(f"{table.rows_kept:,} of {table.rows_read:,} {table.name} kept" for table in summary.tables)
    gates = "\n".join(
        f"- {'passed' if gate.passed else 'FAILED'}: {gate.name}: {gate.reason}" for gate in summary.gates
    )
    windows = "\n".join(_window(window) for window in summary.windows)
    return f"## {title}\n\n{rows}.\n\n{windows}\n{gates}\n"


def _window(window: WindowMetrics) -> str:
    metrics = window.table.headline_metrics
    lines = [
        f"{window.name} window, {_moment(window.start)} to {_moment(window.end)}:\n",
        f"| items | users | model | {' | '.join(metrics)} |",
        "|---" * (3 + len(metrics)) + "|",
    ]
    for row in sorted(window.table.rows, key=lambda row: row.items):
        cells = [_cell(row.metrics[name], row.standard_errors[name]) for name in metrics]
        lines.append(f"| {row.items} | {row.users:,} | {row.model} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _moment(moment: datetime | int) -> str:
    """A day; where the shop has no times, the place in the order of its events."""
    return f"{moment:%Y-%m-%d}" if isinstance(moment, datetime) else f"event {moment:,}"


def _cell(mean: float | None, error: float | None) -> str:
    if mean is None:
        return "-"
    return f"{mean:.4f}" if error is None else f"{mean:.4f} ({error:.4f})"


if __name__ == "__main__":
    main()
