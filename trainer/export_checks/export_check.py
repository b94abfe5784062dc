"""The check of an exported model, by a process of its own."""

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

CHECK_FILE = "export_check.json"
_SECONDS = 300


@dataclass(frozen=True)
class ExportCheck:
    """What a check found.

    Attributes:
        failure: What failed; '' where nothing did.
        size: Bytes of all files of the model.
        load_seconds: Time to load it; 0 where it came to no loading.
        ops: Different ops in its graph.
        calls: Calls of its signatures that were compared.
        batches: Rows of these calls.
    """

    failure: str
    size: int
    load_seconds: float = 0.0
    ops: int = 0
    calls: int = 0
    batches: tuple[int, ...] = ()

    def save(self, folder: Path) -> None:
        """Write `export_check.json`; the folder is made."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / CHECK_FILE).write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> "ExportCheck":
        """Read what `save` wrote."""
        values = json.loads((folder / CHECK_FILE).read_text(encoding="utf-8"))
        return cls(**{**values, "batches": tuple(values["batches"])})


def check_export(saved_model: Path, calls: Path) -> ExportCheck:
    """Load a model in a fresh process that knows TensorFlow and TF-Text alone, and ask it again.

    Args:
        saved_model: Folder of the model.
        calls: What it answered before it was saved, see `trainer.export_checks.recorded_calls`.
    """
    size = sum(path.stat().st_size for path in saved_model.rglob("*") if path.is_file())
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / CHECK_FILE
        command = [sys.executable, "-m", "trainer.export_checks.fresh_process"]
        root = str(Path(__file__).resolve().parents[2])
        path = os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])
        environment = {**os.environ, "PYTHONPATH": path, "TF_CPP_MIN_LOG_LEVEL": "3"}
        try:
            done = subprocess.run(
                [*command, str(saved_model), str(calls), str(result)],
                capture_output=True,
                text=True,
                timeout=_SECONDS,
                env=environment,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return ExportCheck(f"{saved_model}: the check took longer than {_SECONDS} s", size)
        if done.returncode or not result.exists():
            last = (done.stderr.strip() or "no message").splitlines()[-1]
            return ExportCheck(f"{saved_model}: the checking process ended with {done.returncode}: {last}", size)
        values = json.loads(result.read_text(encoding="utf-8"))
    batches = tuple(values.pop("batches", ()))
    return ExportCheck(**{"failure": "", **values}, size=size, batches=batches)
