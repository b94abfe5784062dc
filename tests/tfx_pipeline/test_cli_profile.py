"""The three verbs on the command line."""

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from tfx_pipeline.attributes.fill import FilledAttribute
from tfx_pipeline.attributes.printing import print_filled
from tfx_pipeline.cli_profile import add_profile_verbs

app = typer.Typer()
add_profile_verbs(app)


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(app, [*map(str, words)], env={"COLUMNS": "200"})


def test_a_run_without_a_version(tmp_path: Path) -> None:
    shown = run("profile", "7", "--run-dir", tmp_path)
    versions = tmp_path / "serving" / "shoprank"
    assert (shown.exit_code, shown.stdout) == (1, "")
    assert shown.stderr == f"shoprank: {versions}: no version to ask about a user; a run that is blessed pushes one\n"


@pytest.mark.parametrize("verb", ["attributes", "automation"])
def test_a_folder_that_is_no_run(tmp_path: Path, verb: str) -> None:
    shown = run(verb, tmp_path, "--output", tmp_path / "out")
    assert (shown.exit_code, shown.stdout) == (1, "")
    assert shown.stderr == f"shoprank: {tmp_path}: no run directory, config.yaml is missing\n"


@pytest.mark.parametrize("words", [["profile"], ["attributes", "run"], ["profile", "7", "--level", "4"]])
def test_what_is_missing_or_out_of_range_is_a_wrong_use(words: list[str]) -> None:
    assert run(*words).exit_code == 2


@pytest.mark.slow
def test_an_automation_scan_of_a_shop(tmp_path: Path) -> None:
    rows = [f"u{user},i{(user + turn) % 9},buy,{turn * 86_400 + 977 * user}" for user in range(4) for turn in range(12)]
    rows += [f"bot,i{turn % 9},buy,{turn * 600}" for turn in range(99)]
    (tmp_path / "events.csv").write_text("user_id,item_id,event_type,timestamp\n" + "\n".join(rows) + "\n")
    (tmp_path / "shop.yaml").write_text(
        "run_dir: run\ndata:\n  events: {path: events.csv}\nobjectives:\n  buy: {event_types: [buy]}\n"
        "automation: {threshold: 2.0}\n"
    )
    shown = run("automation", tmp_path / "shop.yaml", "--output", tmp_path / "list")
    assert shown.exit_code == 0, shown.stderr
    assert "Behaviour that looks automated (score from 2 on): " in shown.stdout
    assert (tmp_path / "list" / "users.csv").read_text().startswith("user_id,score,events,reasons\n")


def test_what_was_filled_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    print_filled(
        [
            FilledAttribute("brand", 1200, 900, 0.71, 250, 0.8, 0.91),
            FilledAttribute("category", 3, 0, None, 19, 0.0, None),
            FilledAttribute("price_band", 3, 0, None, 20, 0.0, None),
        ]
    )
    shown = " ".join(capsys.readouterr().out.split())
    assert all(word in shown for word in ("brand", "1,200", "900", "0.71", "250", "80.0 %", "91.0 %", "–"))
    assert "brand: nothing" not in shown
    assert "category: nothing is filled in; it takes 20 held-out items with the attribute" in shown
    assert "price_band: nothing is filled in; no 20 answers on held-out items are right" in shown
