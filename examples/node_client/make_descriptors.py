"""Write the public protos of TensorFlow Serving's API as one descriptor set, which gRPC for Node loads as it is.

    .venv/bin/python examples/node_client/make_descriptors.py examples/node_client/serving.binpb

The protos are those of the installed package tensorflow-serving-api, so nothing is copied. Takes seconds: that package
imports TensorFlow.
"""

import os
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from google.protobuf import descriptor_pb2

from serving.model_server.service_files import MODEL_SERVICE, PREDICTION_SERVICE


def descriptor_set() -> Any:
    """The files of the two services and all that they import, each behind what it imports."""
    files: dict[str, Any] = {}

    def add(file: Any) -> None:
        for imported in file.dependencies:
            add(imported)
        if file.name not in files:
            files[file.name] = descriptor_pb2.FileDescriptorProto()
            file.CopyToProto(files[file.name])

    for services in (PREDICTION_SERVICE, MODEL_SERVICE):
        add(services)
    return descriptor_pb2.FileDescriptorSet(file=files.values())


def main() -> None:
    """Write the set to the file that the command line names."""
    if len(sys.argv) != 2:
        sys.exit("usage: make_descriptors.py FILE")
    Path(sys.argv[1]).write_bytes(descriptor_set().SerializeToString())


if __name__ == "__main__":
    main()
