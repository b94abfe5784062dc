"""The ops of the stock TensorFlow Serving image, as a list that is checked in.

`python -m trainer.export_checks.supported_ops > trainer/export_checks/tensorflow_serving_ops.txt` makes the list again.
Run it on the older of the two stacks: TensorFlow keeps its ops from release to release, so what TensorFlow 2.16 has,
TensorFlow Serving 2.18 has. The list is

- every op that a process knows after `import tensorflow`, but for those that run Python or want a TPU or TensorRT;
- every op that `import tensorflow_text` adds, which TensorFlow Serving links as `tensorflow_text:ops_lib`, see
  `SUPPORTED_TENSORFLOW_OPS` in its `model_servers/BUILD`; but for those that are missing in its image all the same.
"""

import re
from pathlib import Path

LIST_FILE = Path(__file__).with_name("tensorflow_serving_ops.txt")

_NEEDS_MORE = re.compile("PyFunc|TPU|Tpu|TRT")
"""Ops of the Python package that a plain server on a processor cannot run."""

_MISSING = {"TFText>RoundRobinGenerateMasks", "TFText>RoundRobinTrim"}
"""Ops of TF-Text that TensorFlow Serving 2.18 was tried with and did not have, and the one of the same library."""


def supported_ops() -> frozenset[str]:
    """The names on the list."""
    return frozenset(LIST_FILE.read_text(encoding="utf-8").split())


def installed_ops() -> list[str]:
    """What the list is made of where this runs, sorted."""
    import tensorflow  # noqa: F401  registers its ops
    import tensorflow_text  # noqa: F401  registers its ops
    from tensorflow.core.framework import op_def_pb2
    from tensorflow.python.client import pywrap_tf_session

    registered = op_def_pb2.OpList.FromString(pywrap_tf_session.TF_GetBuffer(pywrap_tf_session.TF_GetAllOpList()))
    names = {op.name for op in registered.op}
    return sorted(name for name in names - _MISSING if not _NEEDS_MORE.search(name))


if __name__ == "__main__":
    print("\n".join(installed_ops()))
