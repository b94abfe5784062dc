"""Which versions a policy wants, from the message to the numbers."""

import pytest
from google.protobuf import text_format
from tensorflow_serving.config import file_system_storage_path_source_pb2

from serving.model_server.version_policy import VersionPolicy, read_version_policy

FOUND = {2: "b", 10: "j", 9: "i", 1: "a"}


def policy(text):
    message = file_system_storage_path_source_pb2.FileSystemStoragePathSourceConfig.ServableVersionPolicy()
    return read_version_policy(text_format.Parse(text, message))


@pytest.mark.parametrize(
    ("text", "expected", "candidates"),
    [
        ("", VersionPolicy(1), [10, 9, 2, 1]),
        ("latest {}", VersionPolicy(1), [10, 9, 2, 1]),
        ("latest { num_versions: 3 }", VersionPolicy(3), [10, 9, 2, 1]),
        ("all {}", VersionPolicy(None), [10, 9, 2, 1]),
        ("specific { versions: 9 versions: 1 versions: 7 }", VersionPolicy(None, frozenset({1, 7, 9})), [9, 1]),
    ],
)
def test_the_message_says_which_versions_may_be_served(text, expected, candidates):
    assert policy(text) == expected
    assert policy(text).candidates(FOUND) == candidates


def test_specific_without_a_version_is_an_error():
    with pytest.raises(ValueError, match=r"^specific\.versions: must name at least one version$"):
        policy("specific {}")
