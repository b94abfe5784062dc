"""Options of the gRPC server that the flags ask for."""

import os

from serving.model_server.options import ServerOptions

ChannelArguments = list[tuple[str, int | str]]


def channel_options(options: ServerOptions) -> ChannelArguments:
    """Return the channel arguments of the server; those of the flag come last and win."""
    return [
        ("grpc.max_receive_message_length", options.grpc_max_message_bytes),
        ("grpc.max_send_message_length", -1),
        # Otherwise a second server on the same port starts without complaint and takes half of the requests.
        ("grpc.so_reuseport", 0),
        # Otherwise a client that pings a silent connection more often than every two hours loses it.
        ("grpc.keepalive_permit_without_calls", 1),
        *read_channel_arguments(options.grpc_channel_arguments),
    ]


def read_channel_arguments(text: str) -> ChannelArguments:
    """Read `key=value,key=value`; a value that is a whole number becomes one.

    Raises:
        ValueError: A part is not `key=value`.
    """
    arguments: ChannelArguments = []
    for part in filter(None, text.split(",")):
        key, equals, value = part.partition("=")
        if not key or not equals:
            raise ValueError(f"--grpc_channel_arguments: must be key=value,key=value, has {part!r}")
        arguments.append((key, int(value) if value.lstrip("-").isdecimal() else value))
    return arguments


def most_requests(options: ServerOptions) -> int:
    """Return how many requests are answered at a time: four a core, as in TensorFlow Serving, if it is not set."""
    return options.grpc_max_threads or 4 * len(os.sched_getaffinity(0))
