import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tfx_pipeline.errors import PipelineError
from tfx_pipeline.orchestrators.beam_options import check_beam_options, require_beam_options

ROOT = Path(__file__).resolve().parents[3]
FLINK = ["--runner=FlinkRunner", "--flink_master=flink:8081", "--environment_type=LOOPBACK", "--object_reuse=true"]


def test_what_beam_reads() -> None:
    read = check_beam_options(
        ["--runner=DataflowRunner", "--project=shop", "--max_num_workers=8", "--region=europe-west1"]
    )
    assert (read["runner"], read["project"], read["max_num_workers"]) == ("DataflowRunner", "shop", 8)


def test_options_of_flinks_job_service_are_left_to_it() -> None:
    assert check_beam_options(FLINK)["object_reuse"] == "true"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--runner=DataflowRunner", "--max_num_wrokers=8"], "Beam has no option --max_num_wrokers"),
        (
            ["--direct_num_workers=many"],
            "Beam cannot read its options: argument --direct_num_workers: invalid int value",
        ),
        (["--help"], "Beam cannot read its options: they ask for help"),
        (["runner=DataflowRunner"], "'runner=DataflowRunner' is not an option of Beam; write --name=value"),
    ],
)
def test_options_that_are_refused(options: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        check_beam_options(options)


def test_a_run_with_an_unknown_option_is_refused() -> None:
    with pytest.raises(PipelineError, match=r"^beam_options: Beam has no option --wrokers$"):
        require_beam_options(["--runner=DataflowRunner", "--wrokers=3"])
    require_beam_options(FLINK)
    require_beam_options([])


def _examples() -> list[Any]:
    pages = [ROOT / "docs" / name for name in ("orchestrators.md", "scale.md")]
    blocks = [
        (page, block) for page in pages for block in re.findall(r"```yaml\n(.*?)```", page.read_text(), re.DOTALL)
    ]
    documents = [(page, yaml.safe_load(block)) for page, block in blocks]
    return [
        pytest.param(document["beam_options"], id=f"{page.stem}-{number}")
        for number, (page, document) in enumerate(documents)
        if isinstance(document, dict) and "beam_options" in document
    ]


@pytest.mark.parametrize("options", _examples())
def test_beam_reads_the_options_of_the_pages(options: list[str]) -> None:
    read = check_beam_options(options)
    assert {option.removeprefix("--").split("=")[0] for option in options} <= set(read)


def test_there_is_an_example_for_dataflow_and_one_for_flink() -> None:
    runners = {check_beam_options(example.values[0])["runner"] for example in _examples()}
    assert {"DataflowRunner", "FlinkRunner"} <= runners
