"""What `auto` comes to on machines of different kinds."""

from pathlib import Path

import pytest
import tensorflow as tf

from trainer.distribution.precision import chosen_precision


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ("processor : 0\nflags\t\t: fpu avx2 avx512_bf16 fma\n", "mixed_bfloat16"),
        ("processor : 0\nflags\t\t: fpu amx_bf16\n", "mixed_bfloat16"),
        ("processor : 0\nflags\t\t: fpu avx2 avx512f\nbugs : avx512_bf16\n", "float32"),
        ("processor : 0\n", "float32"),
        (None, "float32"),
    ],
)
def test_bfloat16_where_the_processor_has_it(
    facts: str | None, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tf.config, "list_logical_devices", lambda kind: [])
    path = tmp_path / "cpuinfo"
    if facts is not None:
        path.write_text(facts)
    assert chosen_precision("auto", path) == expected
    assert chosen_precision("float32", path) == "float32"


def test_not_beside_a_gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tf.config, "list_logical_devices", lambda kind: [kind])
    (tmp_path / "cpuinfo").write_text("flags : amx_bf16\n")
    assert chosen_precision("auto", tmp_path / "cpuinfo") == "float32"
