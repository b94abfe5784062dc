"""What is asked of the client, and how its answers get their titles; `test_cli.py` asks a real server."""

from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from serving.client import Explanation, RankedItem, ScoredItem, ShopRankClient, Slate, VersionStatus
from tfx_pipeline.answer_table import Answer, AnswerTable
from tfx_pipeline.explained_items import ExplainedItem, ExplainedItems
from tfx_pipeline.questions import Filters, Questions, Reply
from tfx_pipeline.run_directory import serving_dir
from tfx_pipeline.titles import TITLES_FILE

ITEMS = [RankedItem("i1", 0.5, 0.25, "ann", 0.5, 0.5, [1.0]), RankedItem("i2", 0.4, 1.0, "popular", 1.0, 0.4, [1.0])]
SLATE = Slate("request 1", "tag", "thompson", ITEMS)
WORDS = Explanation("i1", "lexical", 0.5, [], [], ["ham"], 0, None)
POPULAR = Explanation("i2", "popular", 0.4, [], [ScoredItem("i1", 0.75)], [], 0, None)
STATUSES = [VersionStatus(9, "LOADING", ""), VersionStatus(8, "AVAILABLE", ""), VersionStatus(7, "END", "")]


@pytest.fixture
def client() -> Mock:
    return Mock(
        spec=ShopRankClient,
        **{
            "recommend.return_value": [SLATE],
            "similar_items.return_value": [[ScoredItem("i1", 0.5)]],
            "explain.return_value": [[WORDS, POPULAR]],
            "status.return_value": STATUSES,
        },
    )


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    for version, title in ((7, "old"), (8, "Ham"), (9, "next")):
        path = serving_dir(tmp_path) / str(version) / TITLES_FILE
        path.parent.mkdir(parents=True)
        path.write_text(f"item_id,title\ni1,{title}\n")
    return tmp_path


def answers(question: str) -> AnswerTable:
    return AnswerTable(question, (Answer("i1", "Ham", 0.5, 0.25, "ann"), Answer("i2", "", 0.4, 1.0, "popular")))


def test_recommend_takes_titles_of_the_version_in_service(client: Mock, run_dir: Path) -> None:
    reply = Questions(client, run_dir).recommend(
        "u",
        query="ham",
        history=["a", "b"],
        exclude=["c"],
        policy="greedy",
        seed=3,
        k=2,
        filters=Filters(["i1", "i2"], "meat", 1, 2.5),
    )
    assert reply == Reply(answers('Recommended to u, query "ham"'), 8, "request 1")
    asked: dict[str, Any] = {"queries": ["ham"], "history_item_ids": [["a", "b"]], "exclude_item_ids": [["c"]]}
    asked |= {"allow_item_ids": [["i1", "i2"]], "categories": ["meat"], "lowest_prices": [1], "highest_prices": [2.5]}
    client.recommend.assert_called_once_with(["u"], policies=["greedy"], seeds=[3], k=2, **asked)


def test_search_is_a_recommendation_with_a_query(client: Mock, run_dir: Path) -> None:
    assert Questions(client, run_dir).search("ham").table == answers('Search "ham"')
    assert Questions(client, run_dir).search("ham", user_id="u", k=3).table == answers('Search "ham" by u')
    asked: dict[str, Any] = {"queries": ["ham"], "history_item_ids": [()], "exclude_item_ids": [()]}
    asked |= {"allow_item_ids": [()], "categories": [""], "lowest_prices": [None], "highest_prices": [None]}
    client.recommend.assert_called_with(["u"], policies=[""], seeds=None, k=3, **asked)


@pytest.mark.parametrize(
    ("item_id", "title", "question"),
    [
        ("i1", "", 'Similar to i1 "Ham"'),
        ("i5", "", "Similar to i5"),
        ("", "smoked ham", 'Similar to "smoked ham"'),
        ("i5", "smoked ham", 'Similar to i5 "smoked ham"'),
    ],
)
def test_similar(client: Mock, run_dir: Path, item_id: str, title: str, question: str) -> None:
    reply = Questions(client, run_dir).similar(item_id, title=title, k=4)
    assert reply == Reply(AnswerTable(question, (Answer("i1", "Ham", 0.5, None, "ann"),)), 8)
    client.similar_items.assert_called_once_with(item_ids=[item_id], titles=[title], k=4)


def test_explain_says_why_in_words(client: Mock, run_dir: Path) -> None:
    explained = Questions(client, run_dir).explain(["i1", "i2"], user_id="u", query="ham", history=["i1"])
    items = (ExplainedItem(WORDS, "Ham", ("words: ham",)), ExplainedItem(POPULAR, "", ("near to: Ham",)))
    assert explained == ExplainedItems('Why to u, query "ham"?', items, 8)
    client.explain.assert_called_once_with(["u"], [["i1", "i2"]], queries=["ham"], history_item_ids=[["i1"]])


def test_why_asks_about_the_items_of_the_slate(client: Mock, run_dir: Path) -> None:
    questions = Questions(client, run_dir)
    reply = questions.recommend("u", query="ham", history=["a"], why=True)
    assert [answer.why for answer in reply.table.answers] == [("words: ham",), ("near to: Ham",)]
    client.explain.assert_called_once_with(["u"], [["i1", "i2"]], queries=["ham"], history_item_ids=[["a"]])
    assert [answer.why for answer in questions.search("ham", why=True).table.answers] == [
        ("words: ham",),
        ("near to: Ham",),
    ]
    client.explain.assert_called_with([""], [["i1", "i2"]], queries=["ham"], history_item_ids=[()])


def test_a_slate_without_items_needs_no_reasons(client: Mock, run_dir: Path) -> None:
    client.recommend.return_value = [Slate("request 1", "tag", "greedy", [])]
    client.explain.return_value = [[]]
    assert Questions(client, run_dir).recommend("u", why=True).table.answers == ()


@pytest.mark.parametrize(("statuses", "version"), [([], None), ([VersionStatus(5, "AVAILABLE", "")], 5)])
def test_a_version_that_is_not_in_the_run_has_no_titles(
    client: Mock, run_dir: Path, statuses: list[VersionStatus], version: int | None
) -> None:
    client.status.return_value = statuses
    reply = Questions(client, run_dir).recommend("u")
    assert reply.model_version == version
    assert [answer.title for answer in reply.table.answers] == ["", ""]
