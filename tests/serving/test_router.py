"""A user's requests go to the label of the user's arm, and to a version if one is named."""

from typing import Any

import pytest

from serving import messages
from serving.assignment import Assignment
from serving.client import ShopRankClient
from serving.connection import Connection
from serving.router import Router


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """In the place of a server: the model specs of what was asked."""
    specs: list[Any] = []

    def call(_: Connection, method: str, request: Any, response_class: Any) -> Any:
        specs.append(request.model_spec)
        response = messages.PredictResponse()
        response.outputs["vectors"].dtype = 1
        response.outputs["vectors"].tensor_shape.dim.add(size=1)
        response.outputs["vectors"].float_val.append(1)
        return response

    monkeypatch.setattr(Connection, "call", call)
    return specs


def test_the_arm_decides(asked: list[Any]) -> None:
    assignment = Assignment(0.3, salt="8")
    users = [str(user) for user in range(40)]
    with Router("localhost:1", assignment) as router:
        for user in users:
            router.client(user).embed_query([user])
    assert [spec.version_label for spec in asked] == [assignment.arm(user) for user in users]
    assert {spec.version_label for spec in asked} == {"stable", "canary"}
    assert {spec.name for spec in asked} == {"shoprank"}


def test_a_version_or_a_label_is_asked_for(asked: list[Any]) -> None:
    for choice in ({"version": 7}, {"version_label": "stable"}, {}):
        with ShopRankClient("localhost:1", **choice) as client:
            client.embed_query(["u"])
    first, second, third = asked
    assert (first.version.value, second.version_label) == (7, "stable")
    assert third.WhichOneof("version_choice") is None
    assert {spec.signature_name for spec in asked} == {"embed_query"}


def test_not_both() -> None:
    with pytest.raises(ValueError, match=r"^version and version_label: give one, not both 7 and 'stable'$"):
        ShopRankClient("localhost:1", version=7, version_label="stable")
