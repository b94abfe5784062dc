"""What the verbs about versions print."""

import json
from dataclasses import asdict
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from serving.assignment import SampleRatio
from tfx_pipeline.number_format import ABSENT, format_count
from tfx_pipeline.operations.changes import Done
from tfx_pipeline.operations.models_config import config_path
from tfx_pipeline.operations.version_list import Version, VersionList

BROKEN_SPLIT = 0.001
"""A p-value below says that the split is broken: it is asked again and again, so it is stricter than usual."""


def print_done(done: Done, run_dir: Path) -> None:
    """Print what a verb did, and on which servers."""
    lines = [_headline(done)]
    if done.servers:
        lines.append(f"taken by {', '.join(done.servers)}; written to {config_path(run_dir)}")
    if done.unreachable:
        only = "" if done.servers else f"only {config_path(run_dir)} was written; "
        lines.append(f"no server at {', '.join(done.unreachable)}: {only}one that starts with that file takes it")
    change = done.change
    if change.canary is not None:
        lines.append(f'clients send users by Assignment(share={change.share:g}, salt="{change.canary}")')
        if change.stable is not None and change.canary > change.stable:
            lines.append(f"requests without a label take the highest version, which is {change.canary}")
    _print(lines)


def print_versions(listed: VersionList) -> None:
    """Print a row for each version, and what is known of the whole."""
    table = Table(box=SIMPLE_HEAD)
    for name in ("version", "size", "written (UTC)", "state", "labels", "users"):
        table.add_column(name, no_wrap=name != "state", justify="right" if name in ("version", "size") else "left")
    for version in listed.versions:
        table.add_row(*_cells(version))
    Console().print(table)
    _print(_facts(listed))


def versions_json(listed: VersionList) -> str:
    """The versions as JSON, with the names of the fields."""
    return json.dumps(asdict(listed), indent=2)


def _headline(done: Done) -> str:
    change = done.change
    if change.verb == "canary":
        return f"version {change.canary} is the canary, for {change.share:.1%} of the users; {change.stable} is stable"
    if change.stable is None:
        return "the highest version is served, and each later one as it comes; nothing is pinned"
    ended = "" if done.ended_canary in (None, change.stable) else f"; the canary {done.ended_canary} has ended"
    if change.verb == "rollback":
        back = "version {} stays stable" if change.before == change.stable else "back to version {}, which is stable"
        return back.format(change.stable) + ended
    before = "" if change.before in (None, change.stable) else f", in place of {change.before}"
    return f"version {change.stable} is stable{before}{ended}"


def _cells(version: Version) -> list[str]:
    return [
        str(version.version),
        ABSENT if version.size_bytes is None else f"{version.size_bytes / 1e6:,.1f} MB",
        ABSENT if version.written is None else version.written[:16].replace("T", " "),
        escape(": ".join(filter(None, (version.state, version.error)))) or ABSENT,
        ", ".join(version.labels) or ABSENT,
        f"{version.share:.1%}" if version.share else ABSENT,
    ]


def _facts(listed: VersionList) -> list[str]:
    lines = []
    if not listed.reachable:
        lines.append(f"no server at {listed.server}: states are unknown, labels are those of the file")
    if not listed.pinned:
        lines.append("nothing is pinned: the highest version is served, and each later one as it comes")
    if listed.since is not None:
        lines.append(f"stable since {listed.since[:16].replace('T', ' ')} UTC")
    if listed.sample_ratio is not None:
        lines.append(_ratio_line(listed.sample_ratio))
    return lines


def _ratio_line(ratio: SampleRatio) -> str:
    users = format_count(ratio.stable + ratio.canary)
    expected = format_count(round(ratio.expected_canary))
    verdict = "the split is broken, do not compare" if ratio.p_value < BROKEN_SPLIT else "as it should be"
    canary = format_count(ratio.canary)
    return (
        f"of {users} users in the log {canary} saw the canary, expected {expected}: p = {ratio.p_value:.2g}, {verdict}"
    )


def _print(lines: list[str]) -> None:
    console = Console()
    for line in lines:
        console.print(line, highlight=False, soft_wrap=True, markup=False)
