import json
import re
from pathlib import Path

from tfx_pipeline.orchestrators.compile_pipeline import IMAGE, STAGE
from tfx_pipeline.orchestrators.run_folder import FOLDER

ROOT = Path(__file__).resolve().parents[3]
TEXT = (ROOT / "deploy" / "pipeline" / "Containerfile").read_text(encoding="utf-8")


def test_what_it_copies_is_in_the_repository() -> None:
    copied = [words.split() for words in re.findall(r"^COPY (?!--from)(.*)$", TEXT, re.MULTILINE)]
    sources = [source for *sources, _ in copied for source in sources]
    assert {"tfx_pipeline", "trainer", "serving", "requirements/py310.txt"} <= set(sources)
    assert [source for source in sources if not (ROOT / source).exists()] == []


def test_it_starts_what_the_compiled_pipeline_starts() -> None:
    [entry] = re.findall(r"^ENTRYPOINT (.*)$", TEXT, re.MULTILINE)
    assert tuple(json.loads(entry)) == STAGE
    assert f"mkdir -p {FOLDER} " in TEXT and f"-t {IMAGE} " in TEXT
