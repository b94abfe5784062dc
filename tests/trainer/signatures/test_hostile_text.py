"""Texts that nobody should send, through every signature that takes text: an answer, finite numbers, bounded work."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

HOSTILE = {
    "empty": b"",
    "blank": b" \t\n ",
    "100 kB of words": b"milk soap " * 10_000,
    "100 kB of one word": b"m" * 100_000,
    "100 kB of blanks": b" " * 100_000,
    "100 kB of bytes that are no text": b"\xff\xfe" * 50_000,
    "emoji": "🥛🧼👩‍👩‍👧‍👦🏳️‍🌈❤️".encode(),
    "control characters": bytes(range(32)) + b"mi\x00lk\x7f" + "\u200b\u200d\ufeff\u0085".encode(),
    "scripts": "milk молоко 牛奶 ミルク दूध γάλα 우유 นม".encode(),
    "right to left": "חלב \u202eklim\u202c حليب".encode(),
    "marks": ("a" + "\u0301" * 5_000).encode(),
    "injection": b"[SEP] [CLS] DROP TABLE; ${jndi:ldap://x/y} <script>alert(1)</script> %s%n {{7*7}} ../../etc/passwd",
    "no UTF-8": b"milk \xff\xc3\x28 \xed\xa0\x80 soap",
    "cut in a character": "é".encode()[:1],
}
USER_SIGNATURES = ("recommend", "retrieve", "rank", "explain", "embed_query")
NEW_ITEMS = ("similar_items", "embed_item")

Asks = dict[str, dict[str, Any]]


def requests(text: bytes, example: Callable[..., bytes]) -> Asks:
    """One request with the text in every place of every signature that takes text."""
    user = {"user_id": [text], "query": [text], "history_item_ids": [[text]], "history_event_types": [[text]]}
    items = {"candidate_item_ids": [[text, "milk-1"]]}
    new = {"title": [text], "description": [text]}
    return {
        **{name: user for name in USER_SIGNATURES},
        "recommend": {**user, "exclude_item_ids": [[text]]},
        "rank": {**user, **items},
        "explain": {**user, **items},
        "similar_items": {"item_id": [text], **new},
        "embed_item": {"item_id": [text], **new, "category": [text], "price": [np.nan]},
        "serving_default": {"examples": [example(user_id=text, item_id=text, query=text)]},
    }


def assert_finite(answers: dict[str, np.ndarray]) -> None:
    assert answers
    for name, value in answers.items():
        assert len(value) == 1, name
        assert value.dtype == object or np.isfinite(value).all(), name


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_every_signature_answers(ask: Any, example: Callable[..., bytes], text: bytes) -> None:
    for signature, inputs in requests(text, example).items():
        assert_finite(ask(signature, **inputs))


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_items_are_still_found(ask: Any, text: bytes) -> None:
    for signature in ("recommend", "retrieve"):
        found = ask(signature, user_id=["anna"], query=[text], k=[3])["item_ids"]
        assert set(found[0]) <= {b"milk-1", b"soap-1", b"text-1", b""}
        assert found[0, 0] != b""


def test_a_bad_text_changes_nothing_for_the_others(ask: Any) -> None:
    texts = list(HOSTILE.values())
    users = ["anna"] * (len(texts) + 1)
    together = ask("recommend", user_id=users, query=[*texts, b"milk"], k=[3] * len(users))
    alone = ask("recommend", user_id=["anna"], query=[b"milk"], k=[3])
    assert together["item_ids"][-1].tolist() == alone["item_ids"][0].tolist()
    np.testing.assert_allclose(together["scores"][-1], alone["scores"][0], atol=1e-5)


@pytest.mark.parametrize("signature", USER_SIGNATURES)
def test_the_graph_reads_the_beginning_of_a_query_alone(ask: Any, signature: str) -> None:
    """A long text is cut before any work is done on it: what stands behind changes nothing."""
    start = b"soap " * 2_000
    given = {"candidate_item_ids": [["milk-1", "soap-1"]]} if signature in ("rank", "explain") else {}
    long = ask(signature, user_id=["nobody"], query=[start + b"milk " * 20_000], **given)
    short = ask(signature, user_id=["nobody"], query=[start], **given)
    for name, value in long.items():
        if name != "request_id":
            np.testing.assert_array_equal(value, short[name], err_msg=name)


@pytest.mark.parametrize("field", ["title", "description"])
@pytest.mark.parametrize("signature", NEW_ITEMS)
def test_the_graph_reads_the_beginning_of_an_item_alone(ask: Any, signature: str, field: str) -> None:
    start = b"soap " * 2_000
    long = ask(signature, item_id=[""], **{field: [start + b"milk " * 20_000]})
    short = ask(signature, item_id=[""], **{field: [start]})
    for name, value in long.items():
        np.testing.assert_array_equal(value, short[name], err_msg=name)


def test_special_tokens_in_a_text_are_words(ask: Any) -> None:
    plain, injected = (ask("embed_query", user_id=[""], query=[text])["vectors"] for text in ("milk", "milk [SEP]"))
    assert np.abs(plain - injected).max() > 1e-3
