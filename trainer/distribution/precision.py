"""Whether this machine computes in bfloat16."""

from pathlib import Path

import tensorflow as tf

AUTO = "auto"
_CPU_FACTS = Path("/proc/cpuinfo")
_CPU_FLAGS = {"amx_bf16", "avx512_bf16"}
"""What Linux calls the instructions for products of bfloat16 of Intel and AMD."""


def chosen_precision(precision: str, cpu_facts: Path = _CPU_FACTS) -> str:
    """The dtype policy for a precision of a configuration.

    Args:
        precision: `auto`, or the name of a policy, which is given back.
        cpu_facts: What Linux tells of the processor.

    Returns:
        For `auto`: `mixed_bfloat16` in the scope of a TPU, or on a CPU with instructions for it where there is no GPU;
        else `float32`.
    """
    if precision != AUTO:
        return precision
    is_tpu = isinstance(tf.distribute.get_strategy(), tf.distribute.TPUStrategy)
    is_cpu = not tf.config.list_logical_devices("GPU")
    return "mixed_bfloat16" if is_tpu or (is_cpu and _has_instructions(cpu_facts)) else "float32"


def _has_instructions(cpu_facts: Path) -> bool:
    if not cpu_facts.is_file():
        return False
    lines = cpu_facts.read_text(encoding="utf-8").splitlines()
    flags = next((line for line in lines if line.startswith("flags")), "")
    return not _CPU_FLAGS.isdisjoint(flags.split())
