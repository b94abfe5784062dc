"""Options of the gRPC server."""

import os

from serving.model_server.grpc_options import channel_options, most_requests, read_channel_arguments
from serving.model_server.options import ServerOptions


def test_whole_numbers_become_numbers():
    text = "grpc.max_connection_age_ms=2000,grpc.optimization_target=latency,x=-1,"
    assert read_channel_arguments(text) == [
        ("grpc.max_connection_age_ms", 2000),
        ("grpc.optimization_target", "latency"),
        ("x", -1),
    ]


def test_arguments_of_the_flag_come_last_and_win():
    options = ServerOptions(grpc_max_message_bytes=99, grpc_channel_arguments="grpc.max_receive_message_length=7")
    assert dict(channel_options(ServerOptions(grpc_max_message_bytes=99)))["grpc.max_receive_message_length"] == 99
    assert dict(channel_options(options))["grpc.max_receive_message_length"] == 7


def test_four_requests_a_core_unless_told_otherwise():
    assert most_requests(ServerOptions(grpc_max_threads=3)) == 3
    assert most_requests(ServerOptions()) == 4 * len(os.sched_getaffinity(0))
