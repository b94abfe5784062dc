"""The page of batching has every parameter with its default, and a file that the server reads."""

import re
from dataclasses import fields
from pathlib import Path

from serving.model_server.batching.parameters import BatchingParameters, read_batching_parameters

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "batching.md").read_text(encoding="utf-8")


def test_every_parameter_is_there_with_its_default() -> None:
    shown = dict(re.findall(r"^\| `(\w+)` \| (.+?) \| .+ \|$", PAGE, re.MULTILINE))
    in_words = {"num_batch_threads": "one a core", "allowed_batch_sizes": "any", "pad_variable_length_inputs": "false"}
    assert shown == {field.name: str(field.default) for field in fields(BatchingParameters)} | in_words


def test_the_file_is_one_that_the_server_reads(tmp_path: Path) -> None:
    (text,) = re.findall(r"```text\n(max_batch_size .+?)```", PAGE, re.DOTALL)
    (tmp_path / "batching.txt").write_text(text)
    expected = BatchingParameters(32, 1000, 100, 2, (1, 2, 4, 8, 16, 32), True)
    assert read_batching_parameters(tmp_path / "batching.txt") == expected
