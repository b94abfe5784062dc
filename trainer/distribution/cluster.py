"""The workers that train together, as the environment variable `TF_CONFIG` names them."""

import json
import os
from dataclasses import dataclass

from trainer.distribution.errors import DistributionError

TF_CONFIG = "TF_CONFIG"
_EXAMPLE = '{"cluster": {"worker": ["host-1:2222", "host-2:2222"]}, "task": {"type": "worker", "index": 0}}'


@dataclass(frozen=True)
class Cluster:
    """Workers, and which of them this process is.

    Attributes:
        workers: Address of each worker, `host:port`; a chief of its own, where there is one, first.
        index: This process among them.
    """

    workers: tuple[str, ...]
    index: int

    @classmethod
    def from_environment(cls) -> "Cluster":
        """Read `TF_CONFIG`, in the form that TensorFlow, Vertex AI and Kubeflow write.

        Raises:
            DistributionError: It is not set, is not such JSON, or names a task that is no worker of the cluster.
        """
        text = os.environ.get(TF_CONFIG, "")
        if not text:
            raise DistributionError(f"multi_worker_mirrored needs {TF_CONFIG} in the environment, such as {_EXAMPLE}")
        try:
            document = json.loads(text)
            cluster, task = document["cluster"], document["task"]
            chiefs, workers = (tuple(map(str, cluster.get(kind, ()))) for kind in ("chief", "worker"))
            kind, number = str(task["type"]), int(task["index"])
        except (ValueError, TypeError, KeyError, AttributeError):
            raise DistributionError(f"{TF_CONFIG}: expected JSON such as {_EXAMPLE}, got {text!r}") from None
        index = number + len(chiefs) if kind == "worker" else number
        of_kind = {"chief": chiefs, "worker": workers}.get(kind, ())
        if not 0 <= number < len(of_kind):
            raise DistributionError(f"{TF_CONFIG}: task {kind} {number} is not among {list(chiefs + workers)}")
        return cls(chiefs + workers, index)

    @property
    def is_chief(self) -> bool:
        """Whether this process writes the model: the chief, or the first worker where no chief is named."""
        return self.index == 0
