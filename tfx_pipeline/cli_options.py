"""Options that several verbs of the command line share."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from tfx_pipeline.config import Config

DEMO_DIR = Path("runs/demo")
PORT = 8500


def host_and_port(value: str) -> str:
    """The address of a server as it was given.

    Raises:
        BadParameter: It is not host:port.
    """
    host, _, port = value.rpartition(":")
    if not host or not (port.isascii() and port.isdigit() and 0 < int(port) <= 65535):
        raise typer.BadParameter(f"{value!r} is not host:port")
    return value


Verbose = Annotated[bool, typer.Option("--verbose", help="Show the trace of an error.")]
RunDir = Annotated[Path, typer.Option(help="Directory of the run.")]
Server = Annotated[str, typer.Option(help="host:port of the model server.", callback=host_and_port)]
Count = Annotated[int, typer.Option("--k", min=1, max=10_000, help="Number of answers.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
ConfigFile = Annotated[Path | None, typer.Option("--config", help="The YAML file of the shop.")]
DatasetName = Annotated[
    str | None, typer.Option("--dataset", help="A public data set in the place of --config, such as movielens-100k.")
]
DataDir = Annotated[Path | None, typer.Option(help="Where the files of the data set were downloaded to.")]
OtherRunDir = Annotated[Path | None, typer.Option("--run-dir", help="Takes the place of run_dir in the file.")]


def settings(config: Path | None, dataset: str | None, data_dir: Path | None, run_dir: Path | None) -> "Config":
    """The configuration that the options of a verb name.

    Raises:
        BadParameter: They name none, or two.
        ConfigError: The file cannot be used.
        DataError: There is no such data set, or its files are not there.
    """
    if (config is None) == (dataset is None):
        raise typer.BadParameter("give either --config FILE or --dataset NAME")
    if config is not None:
        if data_dir is not None:
            raise typer.BadParameter("--data-dir goes with --dataset; the file of --config has paths of its own")
        from tfx_pipeline.config import load_config

        loaded = load_config(config)
        if run_dir is not None:
            loaded.run_dir = run_dir.resolve()
        return loaded
    from tfx_pipeline.datasets.dataset import load_dataset

    return load_dataset(str(dataset), data_dir, (run_dir or Path("runs") / str(dataset)).resolve())
