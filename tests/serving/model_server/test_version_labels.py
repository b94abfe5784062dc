"""Labels go to available versions, unless a new label may go ahead."""

from pathlib import Path

import grpc
import pytest

from serving.model_server.errors import RequestError
from serving.model_server.model_config import ModelConfig
from serving.model_server.version_labels import assign_labels

AVAILABLE = {("shop", 1), ("shop", 2)}
PRESENT = {("shop", "stable"): 1, ("other", "stable"): 5}


def assign(labels, allow_unavailable=False):
    model = ModelConfig("shop", Path("/shop"), version_labels=labels)
    return assign_labels([model], PRESENT, lambda *version: version in AVAILABLE, allow_unavailable)


def test_the_new_labels_replace_all_of_the_present_ones():
    assert assign({"stable": 2, "canary": 2}) == {("shop", "stable"): 2, ("shop", "canary"): 2}
    assert assign({}) == {}


@pytest.mark.parametrize(
    ("labels", "allow_unavailable"),
    [({"canary": 3}, False), ({"stable": 3}, False), ({"stable": 3}, True), ({"stable": 2, "canary": 3}, False)],
)
def test_a_label_of_an_unavailable_version_is_refused(labels, allow_unavailable):
    with pytest.raises(RequestError) as error:
        assign(labels, allow_unavailable)
    assert error.value.code == grpc.StatusCode.FAILED_PRECONDITION
    assert str(error.value) == (
        "Request to assign label to version 3 of model shop, which is not currently available for inference"
    )


def test_a_new_label_may_go_ahead_if_that_is_allowed():
    assert assign({"stable": 1, "canary": 3}, allow_unavailable=True)[("shop", "canary")] == 3
