"""Beam's local job service, able to start its workers by a command.

    python job_service.py --port_file FILE --staging_dir DIR

The portability protocol knows the environment PROCESS: a command that starts a worker on the same machine. Flink's and
Spark's job servers offer it, Beam's own local one does not, so it is added here, by the means that Beam has for it.
Each start of a worker is told on stdout.
"""

import sys

from apache_beam.portability import common_urns
from apache_beam.portability.api import beam_runner_api_pb2
from apache_beam.runners.portability import local_job_service_main
from apache_beam.runners.portability.fn_api_runner.worker_handlers import SubprocessSdkWorkerHandler, WorkerHandler


class ProcessWorkerHandler(SubprocessSdkWorkerHandler):
    """A worker that runs the command of a `ProcessPayload`; it learns from its environment where the runner is."""

    def __init__(self, payload, state, provision_info, grpc_server) -> None:  # type: ignore[no-untyped-def]
        variables = " ".join(f"{name}='{value}'" for name, value in sorted(payload.env.items()))
        super().__init__(f"{variables} exec {payload.command}".encode(), state, provision_info, grpc_server)

    def start_worker(self) -> None:
        print("worker started", flush=True)
        super().start_worker()


if __name__ == "__main__":
    WorkerHandler.register_environment(common_urns.environments.PROCESS.urn, beam_runner_api_pb2.ProcessPayload)(
        ProcessWorkerHandler
    )
    local_job_service_main.run(sys.argv[1:])
