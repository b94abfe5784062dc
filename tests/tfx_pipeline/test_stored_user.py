"""The id of a user in a run, and that asking a server does not wait for what it does not need."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tfx_pipeline.config import parse_config
from tfx_pipeline.sources.user_hash import hash_user_id
from tfx_pipeline.stored_user import stored_user_id

HEAVY = {"pandas", "pyarrow", "pydantic", "tensorflow", "tfx", "scipy"}


def write_config(run_dir: Path, **privacy: object) -> None:
    document = {
        "run_dir": str(run_dir),
        "data": {"events": {"path": "e.csv"}, "privacy": privacy},
        "objectives": {"purchase": {"event_types": ["purchase"]}},
    }
    config = parse_config(document, "test")
    (run_dir / "config.yaml").write_text(yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False))


def test_an_id_is_what_the_run_stores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOPRANK_USER_KEY", "a key of sixteen characters or more")
    assert stored_user_id("4711", tmp_path) == "4711"
    write_config(tmp_path)
    assert stored_user_id("4711", tmp_path) == "4711"
    write_config(tmp_path, hash_user_ids=True)
    privacy = parse_config(yaml.safe_load((tmp_path / "config.yaml").read_text()), "test").data.privacy
    assert stored_user_id("4711", tmp_path) == hash_user_id("4711", privacy) != "4711"


def test_a_configuration_in_other_words_is_read_in_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOPRANK_USER_KEY", "a key of sixteen characters or more")
    write_config(tmp_path)
    path = tmp_path / "config.yaml"
    path.write_text(path.read_text().replace("hash_user_ids: false", "hash_user_ids: yes"))
    assert stored_user_id("4711", tmp_path) != "4711"


def test_a_question_imports_nothing_heavy(tmp_path: Path) -> None:
    write_config(tmp_path)
    program = f"""
import sys
from pathlib import Path
import tfx_pipeline.cli_questions, tfx_pipeline.questions, tfx_pipeline.answers
from tfx_pipeline.stored_user import stored_user_id
stored_user_id("4711", Path({str(tmp_path)!r}))
print(sorted({HEAVY!r} & set(sys.modules)))
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
