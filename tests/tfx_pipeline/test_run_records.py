from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from tests.tfx_pipeline.metadata_writer import MetadataWriter, State
from tfx_pipeline.errors import PipelineError
from tfx_pipeline.run_records import all_runs, last_run


def test_stages_of_the_last_run_with_their_outputs(tmp_path: Path) -> None:
    writer = MetadataWriter(tmp_path / "metadata.db")
    writer.stage(writer.run(), "Ingest", State.COMPLETE, {"tables": (tmp_path / "1", {"rows": 7})})
    second = writer.run()
    writer.stage(second, "Ingest", State.CACHED, {"tables": (tmp_path / "1", {"rows": 7})})
    writer.stage(
        second, "Pusher", State.COMPLETE, {"a": (tmp_path / "2", {"version": "5", "pushed": 1}), "b": (tmp_path, {})}
    )
    stages = last_run(tmp_path / "metadata.db")
    assert list(stages) == ["Ingest", "Pusher"]
    assert (stages["Ingest"].cached, stages["Pusher"].cached) == (True, False)
    assert stages["Ingest"].outputs == {"tables": tmp_path / "1"}
    assert stages["Pusher"].outputs == {"a": tmp_path / "2", "b": tmp_path}
    assert stages["Pusher"].properties == {"a": {"version": "5", "pushed": 1}, "b": {}}
    assert 0 <= stages["Pusher"].seconds < 5


def test_what_failed_and_what_never_ended(tmp_path: Path) -> None:
    writer = MetadataWriter(tmp_path / "metadata.db")
    failed, killed, early = writer.run(), writer.run(), writer.run()
    writer.stage(failed, "Ingest", State.COMPLETE)
    writer.stage(failed, "Transform", State.FAILED)
    writer.stage(killed, "Ingest", State.CACHED)
    writer.stage(killed, "Transform", State.RUNNING)
    runs = all_runs(tmp_path / "metadata.db")
    assert [(list(run.stages), run.failed, run.unfinished) for run in runs] == [
        (["Ingest"], ("Transform",), ()),
        (["Ingest"], (), ("Transform",)),
        ([], (), ()),
    ]
    assert early == max(failed, killed, early)
    assert last_run(tmp_path / "metadata.db") == {}
    for run in runs:
        assert datetime.now(timezone.utc) - run.started < timedelta(minutes=1)
        assert 0 <= run.seconds < 5


def test_without_a_run(tmp_path: Path) -> None:
    MetadataWriter(tmp_path / "metadata.db")
    for name in ("metadata.db", "absent.db"):
        for read in (last_run, all_runs):
            with pytest.raises(PipelineError) as error:
                read(tmp_path / name)
            assert str(error.value) == f"{tmp_path / name}: no run is recorded there"
    assert not (tmp_path / "absent.db").exists()


def test_a_file_that_is_not_one_of_ml_metadata(tmp_path: Path) -> None:
    (tmp_path / "metadata.db").write_text("hello" * 500)
    with pytest.raises(PipelineError, match="metadata.db: not a file of ML Metadata: ") as error:
        all_runs(tmp_path / "metadata.db")
    assert "\n" not in str(error.value)
