"""TFX Pusher that never leaves half a version: it copies aside and renames, under the version that the model names."""

import os
from typing import Any

from tfx import types
from tfx.components.pusher.executor import Executor
from tfx.dsl.io import fileio
from tfx.proto import pusher_pb2
from tfx.types import artifact_utils, standard_component_specs
from tfx.utils import io_utils, proto_utils

from trainer.model_files import VERSION_FILE


class AtomicPusherExecutor(Executor):
    """Pushes to `<base_directory>/<version>/`, where the version is what `model_version` answers."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Push the model if it is blessed; arguments as in TFX's executor."""
        pushed = artifact_utils.get_single_instance(output_dict[standard_component_specs.PUSHED_MODEL_KEY])
        if not self.CheckBlessing(input_dict):
            self._MarkNotPushed(pushed)
            return
        destination = pusher_pb2.PushDestination()
        proto_utils.json_to_proto(exec_properties[standard_component_specs.PUSH_DESTINATION_KEY], destination)
        model = self.GetModelPath(input_dict)
        version = io_utils.read_string_file(os.path.join(model, VERSION_FILE))
        path = os.path.join(destination.filesystem.base_directory, version)
        push_version(model, path)
        io_utils.write_string_file(os.path.join(pushed.uri, "pushed_to"), path)
        self._MarkPushed(pushed, pushed_destination=path, pushed_version=version)


def push_version(model: str, path: str) -> None:
    """Copy a SavedModel to the folder of its version; a version that is there already stays as it is."""
    if fileio.exists(path):
        return
    # A server takes only folders with a number for a name, so it never looks into this one.
    aside = os.path.join(os.path.dirname(path), f".{os.path.basename(path)}.aside")
    if fileio.exists(aside):
        fileio.rmtree(aside)
    io_utils.copy_dir(model, aside)
    fileio.rename(aside, path)
