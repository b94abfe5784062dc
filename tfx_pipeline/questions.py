"""Questions to a served model, answered with titles."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from serving.client import Explanation, ScoredItem, ShopRankClient, Slate
from tfx_pipeline.answer_table import Answer, AnswerTable
from tfx_pipeline.explained_items import ExplainedItem, ExplainedItems
from tfx_pipeline.reasons import reasons
from tfx_pipeline.run_directory import serving_dir
from tfx_pipeline.titles import read_titles

INDEX = "ann"
"""Source of the answers of a signature that asks the index alone."""


@dataclass(frozen=True)
class Reply:
    """What a model server said to one question.

    Attributes:
        table: The question and the answers, best first.
        model_version: Version that is in service; None if the server names none.
        request_id: The servable's name for the request, to which feedback refers; None where it gives none.
    """

    table: AnswerTable
    model_version: int | None
    request_id: str | None = None


@dataclass(frozen=True)
class Filters:
    """What restricts the answers.

    Attributes:
        only: Items that may be shown; none for all.
        category: Path such as `food > bread`, for itself and everything beneath it; '' for all.
        lowest_price: Bound; None for none.
        highest_price: Bound; None for none.
    """

    only: Sequence[str] = ()
    category: str = ""
    lowest_price: float | None = None
    highest_price: float | None = None


class Questions:
    """Asks a model server, one question at a time; every method raises what the client raises.

    Args:
        client: The connection to the server.
        run_dir: The run whose pushed versions carry the titles; answers have none if the version in service is not
            there.
    """

    def __init__(self, client: ShopRankClient, run_dir: Path) -> None:
        """Take note of whom to ask."""
        self._client, self._run_dir = client, run_dir

    def recommend(
        self,
        user_id: str,
        *,
        query: str = "",
        history: Sequence[str] = (),
        exclude: Sequence[str] = (),
        policy: str = "",
        seed: int | None = None,
        k: int = 10,
        why: bool = False,
        filters: Filters = Filters(),
    ) -> Reply:
        """Ask what to show to a user.

        Args:
            user_id: The user; an unknown one is no error.
            query: Search text; '' is none.
            history: Items of the session at hand, oldest first; without any, what the model knows of the user.
            exclude: Items that must not be shown.
            policy: One of `trainer.bandit.settings.POLICIES`; '' is the one that the model was configured with.
            seed: Seed of the exploration; random by default.
            k: Number of answers.
            why: Whether each answer says why it is there, which takes a second request.
            filters: What restricts the answers.
        """
        slate = self._slate(user_id, query, history, exclude, policy, seed, k, filters)
        question = f"Recommended to {user_id}" + (f', query "{query}"' if query else "")
        shown = [item.item_id for item in slate.items]
        found = self._explanations(user_id, shown, query, history) if why else None
        return self._reply_with_slate(question, slate, found)

    def search(
        self, query: str, *, user_id: str = "", k: int = 10, why: bool = False, filters: Filters = Filters()
    ) -> Reply:
        """Ask for items that a text describes, in the order that suits the user, if one is given."""
        slate = self._slate(user_id, query, (), (), "", None, k, filters)
        question = f'Search "{query}"' + (f" by {user_id}" if user_id else "")
        shown = [item.item_id for item in slate.items]
        found = self._explanations(user_id, shown, query, ()) if why else None
        return self._reply_with_slate(question, slate, found)

    def similar(self, item_id: str = "", *, title: str = "", k: int = 10) -> Reply:
        """Ask for items like one of the catalogue, or like one that is known by its title alone."""
        [items] = self._client.similar_items(item_ids=[item_id], titles=[title], k=k)
        version = self._version_in_service()
        titles = self._titles(version)
        name = title or titles.get(item_id, "")
        question = " ".join(filter(None, ["Similar to", item_id, f'"{name}"' if name else ""]))
        answers = (_answer_of_index(item, titles) for item in items)
        return Reply(AnswerTable(question, tuple(answers)), version)

    def explain(
        self, item_ids: Sequence[str], *, user_id: str = "", query: str = "", history: Sequence[str] = ()
    ) -> ExplainedItems:
        """Ask why items are shown to a user, or why not; see `recommend` for the other arguments."""
        found = self._explanations(user_id, item_ids, query, history)
        version = self._version_in_service()
        titles = self._titles(version)
        items = (ExplainedItem(one, titles.get(one.item_id, ""), reasons(one, titles)) for one in found)
        question = "Why" + (f" to {user_id}" if user_id else "") + (f', query "{query}"' if query else "")
        return ExplainedItems(f"{question}?", tuple(items), version)

    def _explanations(
        self, user_id: str, item_ids: Sequence[str], query: str, history: Sequence[str]
    ) -> list[Explanation]:
        [found] = self._client.explain([user_id], [item_ids], queries=[query], history_item_ids=[history])
        return found

    def _slate(
        self,
        user_id: str,
        query: str,
        history: Sequence[str],
        exclude: Sequence[str],
        policy: str,
        seed: int | None,
        k: int,
        filters: Filters,
    ) -> Slate:
        [slate] = self._client.recommend(
            [user_id],
            queries=[query],
            history_item_ids=[history],
            exclude_item_ids=[exclude],
            allow_item_ids=[filters.only],
            categories=[filters.category],
            lowest_prices=[filters.lowest_price],
            highest_prices=[filters.highest_price],
            policies=[policy],
            seeds=None if seed is None else [seed],
            k=k,
        )
        return slate

    def _reply_with_slate(self, question: str, slate: Slate, found: list[Explanation] | None) -> Reply:
        """The slate with titles and, where explanations of its items are given, with reasons."""
        version = self._version_in_service()
        titles = self._titles(version)
        why = [reasons(one, titles) for one in found] if found else [()] * len(slate.items)
        answers = (
            Answer(item.item_id, titles.get(item.item_id, ""), item.score, item.propensity, item.source, because)
            for item, because in zip(slate.items, why, strict=True)
        )
        return Reply(AnswerTable(question, tuple(answers)), version, slate.request_id)

    def _version_in_service(self) -> int | None:
        available = [status.version for status in self._client.status() if status.state == "AVAILABLE"]
        return max(available, default=None)

    def _titles(self, version: int | None) -> dict[str, str]:
        return {} if version is None else read_titles(serving_dir(self._run_dir) / str(version))


def _answer_of_index(item: ScoredItem, titles: dict[str, str]) -> Answer:
    return Answer(item.item_id, titles.get(item.item_id, ""), item.score, None, INDEX)
