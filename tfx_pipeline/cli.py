"""The command line `shoprank`.

Verbs import what they need themselves: TensorFlow and TFX take seconds, and `--help` needs neither.
"""

import os
import shlex
import sys
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tfx_pipeline.cli_data import add_data_verbs
from tfx_pipeline.cli_evaluate import add_evaluate_verbs
from tfx_pipeline.cli_options import (
    DEMO_DIR,
    PORT,
    AsJson,
    ConfigFile,
    Count,
    DataDir,
    DatasetName,
    OtherRunDir,
    RunDir,
    Server,
    Verbose,
    settings,
)
from tfx_pipeline.cli_report import add_report_verbs
from tfx_pipeline.cli_runs import add_run_verbs
from tfx_pipeline.verb import Verb

if TYPE_CHECKING:
    from serving.client import ServingError
    from tfx_pipeline.questions import Questions, Reply
    from tfx_pipeline.run_summary import RunSummary

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


class Policy(str, Enum):
    """How a slate is chosen."""

    GREEDY = "greedy"
    THOMPSON = "thompson"


@app.callback()
def shoprank(verbose: Verbose = False) -> None:
    """A shop's logs in, one SavedModel out that searches, recommends and explores."""


@app.command(cls=Verb)
def demo(run_dir: RunDir = DEMO_DIR, verbose: Verbose = False) -> None:
    """Train, evaluate, push and query a shop on the data that comes with the set-up."""
    from tfx_pipeline.demo import demo as run_demo

    _conclude(run_demo(run_dir))


@app.command(cls=Verb)
def run(
    config: ConfigFile = None,
    dataset: DatasetName = None,
    data_dir: DataDir = None,
    run_dir: OtherRunDir = None,
    verbose: Verbose = False,
) -> None:
    """Train, evaluate and push a model for your own shop, or for a public data set."""
    chosen = settings(config, dataset, data_dir, run_dir)
    from tfx_pipeline.run import run as run_pipeline

    _conclude(run_pipeline(chosen, dataset or "shoprank"))


@app.command(cls=Verb)
def benchmark(
    name: Annotated[str, typer.Argument(help="What to measure: ingest or evaluate.")],
    data_dir: Annotated[Path, typer.Option(help="Where real data lies.")] = Path("../shared/data"),
    json_file: Annotated[Path | None, typer.Option("--json", help="File that gets the figures as JSON.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Exit with 1 if a figure misses its target.")] = False,
    verbose: Verbose = False,
) -> None:
    """Measure, each figure beside a target or a peer in the same run."""
    from tfx_pipeline.benchmarks.verb import benchmark_verb

    benchmark_verb(name, data_dir, json_file, check)


@app.command(cls=Verb)
def serve(
    run_dir: RunDir = DEMO_DIR,
    port: Annotated[int, typer.Option(min=0, max=65535, help="gRPC port; 0 takes a free one.")] = PORT,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    verbose: Verbose = False,
) -> None:
    """Serve the model of a run over gRPC until Ctrl-C."""
    from tfx_pipeline.serve import serve as serve_run

    serve_run(run_dir, host, port)


@app.command(cls=Verb)
def recommend(
    user: Annotated[str, typer.Option(help="Id of the user; a stranger is answered as well.")],
    query: Annotated[str, typer.Option(help="A search text.")] = "",
    history: Annotated[
        list[str] | None, typer.Option(help="Items of this session, oldest first: a,b,c or the option again.")
    ] = None,
    exclude: Annotated[list[str] | None, typer.Option(help="Items to leave out: a,b,c or the option again.")] = None,
    policy: Annotated[Policy | None, typer.Option(help="How to choose; by default as configured.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, max=2**63 - 1, help="Seed of the exploration.")] = None,
    k: Count = 10,
    server: Server = f"localhost:{PORT}",
    run_dir: RunDir = DEMO_DIR,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Ask what to show to a user."""

    from tfx_pipeline.stored_user import stored_user_id

    def ask(questions: "Questions") -> "Reply":
        return questions.recommend(
            stored_user_id(user, run_dir),
            query=query,
            history=_item_ids(history),
            exclude=_item_ids(exclude),
            policy=policy.value if policy else "",
            seed=seed,
            k=k,
        )

    _answer(ask, server, run_dir, as_json)


@app.command(cls=Verb)
def search(
    query: Annotated[str, typer.Argument(metavar="TEXT", help="What is looked for.")],
    user: Annotated[str, typer.Option(help="Id of the user who asks.")] = "",
    k: Count = 10,
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
    _answer(lambda questions: questions.search(query, user_id=asker, k=k), server, run_dir, as_json)


@app.command(cls=Verb)
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
    _answer(lambda questions: questions.similar(item, title=title, k=k), server, run_dir, as_json)


def _conclude(summary: "RunSummary") -> None:
    """Print what a run did; raise a `PipelineError` if its model was not blessed."""
    from tfx_pipeline.console import print_summary
    from tfx_pipeline.errors import PipelineError

    print_summary(summary)
    if not summary.blessed:
        failed = "; ".join(f"{gate.name} ({gate.reason})" for gate in summary.gates if not gate.passed)
        raise PipelineError(f"the model is not blessed and was not pushed: {failed or 'the run reached no gate'}")


def _item_ids(values: list[str] | None) -> list[str]:
    return [item_id.strip() for value in values or [] for item_id in value.split(",") if item_id.strip()]


def _answer(ask: "Callable[[Questions], Reply]", server: str, run_dir: Path, as_json: bool) -> None:
    """Put a question to the server and print the answers."""
    from serving.client import ServingError, ShopRankClient
    from tfx_pipeline.answers import print_answers, to_json
    from tfx_pipeline.questions import Questions

    with ShopRankClient(server) as client:
        try:
            reply = ask(Questions(client, run_dir))
        except ServingError as error:
            raise _with_advice(error, server, run_dir) from error
    if as_json:
        typer.echo(to_json(reply))
    else:
        print_answers(reply.table)


def _with_advice(error: "ServingError", server: str, run_dir: Path) -> "ServingError":
    """The error, with how to start a server if there is none."""
    if not str(error).endswith("no model server can be reached there"):
        return error
    port = int(server.rpartition(":")[2])
    command = f"shoprank serve --run-dir {shlex.quote(str(run_dir))}" + (f" --port {port}" if port != PORT else "")
    return type(error)(f"{error}; start one with: {command}", error.code)


for add_verbs in (add_data_verbs, add_evaluate_verbs, add_report_verbs, add_run_verbs):
    add_verbs(app)


def main() -> None:
    """Run the command line and end the process."""
    code: str | int | None = 0
    try:
        app(prog_name="shoprank")
    except SystemExit as stop:
        code = stop.code
    sys.stdout.flush()
    sys.stderr.flush()
    if "tensorflow" in sys.modules:
        # When Python takes TensorFlow 2.16 apart at exit, each function of a model prints a trace; the work is done.
        os._exit(code if isinstance(code, int) else 1)
    sys.exit(code)


if __name__ == "__main__":
    main()
