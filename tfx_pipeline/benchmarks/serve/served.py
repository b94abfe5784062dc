"""A model server over a generated servable: how large it is, how soon it answers and what it needs."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from serving.model_server.process import ServerProcess, start_server


@dataclass(frozen=True)
class Served:
    """A server that answers.

    Attributes:
        server: Its process.
        size: Bytes of the version directory that it serves.
        seconds: From the start of the process until the model was available, warm-up included.
        memory: Bytes that the process holds then.
    """

    server: ServerProcess
    size: int
    seconds: float
    memory: int


@contextmanager
def served(base: Path, log_file: Path, flags: Sequence[str] = ()) -> Iterator[Served]:
    """Start a server over a directory of versions, of which the highest is served, and stop it in the end.

    Args:
        base: Directory of numbered versions.
        log_file: Where the server writes what it has to say.
        flags: Further flags of the server.
    """
    newest = max((each for each in base.iterdir() if each.name.isdigit()), key=lambda each: int(each.name))
    start = time.perf_counter()
    with start_server(base, log_file=log_file, startup_timeout=600.0, flags=flags) as server:
        seconds = time.perf_counter() - start
        yield Served(server, _size(newest), seconds, memory_of(server.pid))


def memory_of(process: int) -> int:
    """Bytes of memory that a process holds."""
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines()
    held = next(line for line in status if line.startswith("VmRSS:"))
    return int(held.split()[1]) * 1024


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
