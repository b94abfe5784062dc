"""The verbs that ask a model server: `recommend`, `search`, `similar` and `explain`."""

import shlex
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from tfx_pipeline.cli_options import DEMO_DIR, PORT, AsJson, Count, RunDir, Server, Verbose
from tfx_pipeline.verb import Verb

if TYPE_CHECKING:
    from serving.client import ServingError
    from tfx_pipeline.questions import Filters, Questions, Reply

Answered = TypeVar("Answered")


class Policy(str, Enum):
    """How a slate is chosen."""

    GREEDY = "greedy"
    EPSILON_GREEDY = "epsilon_greedy"
    THOMPSON = "thompson"
    LIN_UCB = "lin_ucb"
    SQUARE_CB = "square_cb"
    PLACKETT_LUCE = "plackett_luce"


History = Annotated[
    list[str] | None, typer.Option(help="Items of this session, oldest first: a,b,c or the option again.")
]
Only = Annotated[list[str] | None, typer.Option(help="The only items to choose from: a,b,c or the option again.")]
Category = Annotated[str, typer.Option(help="A category and all beneath it, such as 'food > bread'.")]
LowestPrice = Annotated[float | None, typer.Option(help="Leave out what is cheaper or has no price.")]
HighestPrice = Annotated[float | None, typer.Option(help="Leave out what is dearer or has no price.")]
Why = Annotated[bool, typer.Option("--why", help="Say of each item why it is there.")]


def add_question_verbs(app: typer.Typer) -> None:
    """Add the verbs to the command line."""
    for verb in (recommend, search, similar, explain):
        app.command(cls=Verb)(verb)


def recommend(
    user: Annotated[str, typer.Option(help="Id of the user; a stranger is answered as well.")],
    query: Annotated[str, typer.Option(help="A search text.")] = "",
    history: History = None,
    exclude: Annotated[list[str] | None, typer.Option(help="Items to leave out: a,b,c or the option again.")] = None,
    policy: Annotated[Policy | None, typer.Option(help="How to choose; by default as configured.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, max=2**63 - 1, help="Seed of the exploration.")] = None,
    only: Only = None,
    category: Category = "",
    lowest_price: LowestPrice = None,
    highest_price: HighestPrice = None,
    k: Count = 10,
    why: Why = False,
    server: Server = f"localhost:{PORT}",
    run_dir: RunDir = DEMO_DIR,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Ask what to show to a user."""

    from tfx_pipeline.stored_user import stored_user_id

    filters = _filters(only, category, lowest_price, highest_price)

    def ask(questions: "Questions") -> "Reply":
        return questions.recommend(
            stored_user_id(user, run_dir),
            query=query,
            history=_item_ids(history),
            exclude=_item_ids(exclude),
            policy=policy.value if policy else "",
            seed=seed,
            k=k,
            why=why,
            filters=filters,
        )

    _show(_ask(ask, server, run_dir), as_json)


def search(
    query: Annotated[str, typer.Argument(metavar="TEXT", help="What is looked for.")],
    user: Annotated[str, typer.Option(help="Id of the user who asks.")] = "",
    only: Only = None,
    category: Category = "",
    lowest_price: LowestPrice = None,
    highest_price: HighestPrice = None,
    k: Count = 10,
    why: Why = False,
    server: Server = f"localhost:{PORT}",
    run_dir: RunDir = DEMO_DIR,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Ask for the items that a text describes."""
    if not query.strip():
        raise typer.BadParameter("the text to search for is empty")
    from tfx_pipeline.stored_user import stored_user_id

    asker = stored_user_id(user, run_dir)
    filters = _filters(only, category, lowest_price, highest_price)
    reply = _ask(
        lambda questions: questions.search(query, user_id=asker, k=k, why=why, filters=filters), server, run_dir
    )
    _show(reply, as_json)


def similar(
    item: Annotated[str, typer.Argument(help="Id of an item.", show_default=False)] = "",
    title: Annotated[str, typer.Option(help="Title of an item that is not in the catalogue.")] = "",
    k: Count = 10,
    server: Server = f"localhost:{PORT}",
    run_dir: RunDir = DEMO_DIR,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Ask for items like a given one."""
    if not item and not title.strip():
        raise typer.BadParameter("give an ITEM or a --title")
    _show(_ask(lambda questions: questions.similar(item, title=title, k=k), server, run_dir), as_json)


def explain(
    items: Annotated[list[str], typer.Argument(metavar="ITEM...", help="Ids of items.", show_default=False)],
    user: Annotated[str, typer.Option(help="Id of the user; a stranger if there is none.")] = "",
    query: Annotated[str, typer.Option(help="A search text.")] = "",
    history: History = None,
    server: Server = f"localhost:{PORT}",
    run_dir: RunDir = DEMO_DIR,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Ask why items are shown to a user, or why not."""
    from tfx_pipeline.explained_items import print_explanations, to_json
    from tfx_pipeline.stored_user import stored_user_id

    asker = stored_user_id(user, run_dir)
    session = _item_ids(history)
    explained = _ask(
        lambda questions: questions.explain(items, user_id=asker, query=query, history=session), server, run_dir
    )
    if as_json:
        typer.echo(to_json(explained))
    else:
        print_explanations(explained)


def _filters(
    only: list[str] | None, category: str, lowest_price: float | None, highest_price: float | None
) -> "Filters":
    from tfx_pipeline.questions import Filters

    if lowest_price is not None and highest_price is not None and lowest_price > highest_price:
        raise typer.BadParameter(f"--lowest-price {lowest_price:g} is above --highest-price {highest_price:g}")
    return Filters(tuple(_item_ids(only)), category.strip(), lowest_price, highest_price)


def _item_ids(values: list[str] | None) -> list[str]:
    return [item_id.strip() for value in values or [] for item_id in value.split(",") if item_id.strip()]


def _ask(ask: "Callable[[Questions], Answered]", server: str, run_dir: Path) -> Answered:
    """Put a question to the server."""
    from serving.client import ServingError, ShopRankClient
    from tfx_pipeline.questions import Questions

    with ShopRankClient(server) as client:
        try:
            return ask(Questions(client, run_dir))
        except ServingError as error:
            raise _with_advice(error, server, run_dir) from error


def _show(reply: "Reply", as_json: bool) -> None:
    """Print the answers."""
    from tfx_pipeline.answers import print_answers, to_json

    if as_json:
        typer.echo(to_json(reply))
    else:
        print_answers(reply.table)


def _with_advice(error: "ServingError", server: str, run_dir: Path) -> "ServingError":
    """The error, with how to start a server if there is none."""
    if not str(error).endswith("no model server can be reached there"):
        return error
    named = server.rpartition(":")[2]
    if not named.isdigit():
        return error
    port = int(named)
    command = f"shoprank serve --run-dir {shlex.quote(str(run_dir))}" + (f" --port {port}" if port != PORT else "")
    return type(error)(f"{error}; start one with: {command}", error.code)
