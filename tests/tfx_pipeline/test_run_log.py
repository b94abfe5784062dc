import logging
import os
import sys
from pathlib import Path

from tfx_pipeline.run_log import log_to


def test_everything_lands_in_the_file_and_stages_on_the_console(tmp_path: Path, capfd) -> None:
    log = tmp_path / "logs" / "run.log"
    with log_to(log) as console:
        print("from print")
        os.write(2, b"from C++\n")
        logging.getLogger("absl").info("Component Transform is running.")
        logging.info("Encoded 10 of 20 texts.")
        logging.info("chatter")
        console.print("told")
    print("after")
    written = log.read_text()
    for words in ("from print", "from C++", "Component Transform is running.", "chatter"):
        assert words in written
    out, err = capfd.readouterr()
    assert out.splitlines() == ["Transform", "  Encoded 10 of 20 texts.", "told", "after"]
    assert err == ""


def test_streams_and_handlers_are_given_back_after_an_error(tmp_path: Path, capfd) -> None:
    handlers = logging.getLogger().handlers[:]
    try:
        with log_to(tmp_path / "run.log"):
            raise ValueError("broken")
    except ValueError:
        pass
    assert logging.getLogger().handlers == handlers
    print("out")
    print("err", file=sys.stderr)
    assert capfd.readouterr() == ("out\n", "err\n")
