"""Values of the server's flags, with the names and the meaning of TensorFlow Serving's own."""

from dataclasses import dataclass
from pathlib import Path

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True)
class ServerOptions:
    """What the server is told to do; see `flags.py` for the text of every flag.

    Attributes:
        port: gRPC port; 0 takes a free one.
        host: Address to listen on, for gRPC and REST (ours).
        rest_api_port: REST port; 0 means no REST.
        rest_api_timeout_in_ms: Longest time of a REST request, in milliseconds.
        model_name: Name of the one model; ignored with a model config file.
        model_base_path: Directory with its numbered versions; None with a model config file.
        model_config_file: Text form of a `ModelServerConfig`.
        model_config_file_poll_wait_seconds: Seconds between two readings of that file; 0 reads it once.
        file_system_poll_wait_seconds: Seconds between two looks for new versions; 0 looks once.
        allow_version_labels_for_unavailable_models: A label may be given to a version that is not loaded yet.
        max_num_load_retries: Further tries, without a pause for changed files, of a version that fails to load.
        load_retry_interval_micros: Time between two such tries, in microseconds.
        enable_batching: Join concurrent requests into one run of the graph.
        batching_parameters_file: Text form of `BatchingParameters`; only with `enable_batching`.
        monitoring_config_file: Text form of a `MonitoringConfig`.
        ssl_config_file: Text form of an `SSLConfig`; None means no TLS.
        grpc_max_threads: Most requests answered at a time; None takes four a core.
        grpc_channel_arguments: `key=value,key=value` for the gRPC server.
        grpc_max_message_bytes: Largest request; a larger one gets RESOURCE_EXHAUSTED (ours).
        tensorflow_intra_op_parallelism: Threads inside one operation; 0 lets TensorFlow choose.
        tensorflow_inter_op_parallelism: Operations at a time; 0 lets TensorFlow choose.
        enable_model_warmup: Replay a version's warm-up requests before it is ready.
        num_request_iterations_for_warmup: How often each warm-up request is replayed.
        drain_seconds: How long requests under way may take when the server ends (ours).
        stop_on_stdin_close: End when standard input does, as when the parent process dies (ours).
    """

    port: int = 8500
    host: str = "127.0.0.1"
    rest_api_port: int = 0
    rest_api_timeout_in_ms: int = 30_000
    model_name: str = "shoprank"
    model_base_path: Path | None = None
    model_config_file: Path | None = None
    model_config_file_poll_wait_seconds: float = 0
    file_system_poll_wait_seconds: float = 1.0
    allow_version_labels_for_unavailable_models: bool = False
    max_num_load_retries: int = 5
    load_retry_interval_micros: int = 60_000_000
    enable_batching: bool = False
    batching_parameters_file: Path | None = None
    monitoring_config_file: Path | None = None
    ssl_config_file: Path | None = None
    grpc_max_threads: int | None = None
    grpc_channel_arguments: str = ""
    grpc_max_message_bytes: int = 16 * MEBIBYTE
    tensorflow_intra_op_parallelism: int = 0
    tensorflow_inter_op_parallelism: int = 0
    enable_model_warmup: bool = True
    num_request_iterations_for_warmup: int = 1
    drain_seconds: float = 5.0
    stop_on_stdin_close: bool = False
