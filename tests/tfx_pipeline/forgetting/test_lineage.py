"""What ML Metadata tells of a run that has been moved."""

from pathlib import Path

from tfx_pipeline.forgetting.lineage import Lineage, Numbering, read_lineage


def test_graphs_of_examples_and_models(run_dir: Path) -> None:
    tfx = run_dir / "tfx"
    graph = tfx / "Transform/transform_graph/4"
    lineage = read_lineage(tfx)
    assert lineage.examples == {
        tfx / "Transform/transformed_examples/4": Numbering(graph, tfx / "ExampleBuilder/examples/2"),
        tfx / "CandidateMiner/candidates/5": Numbering(graph, None),
        tfx / "CandidateMiner/rows/5": Numbering(graph, None),
    }
    # The text encoder is a model, but no stage trained it.
    trained = ("TowerTrainer/model/6", "TowerTrainer/model_run/6", "RankerTrainer/model/7", "RankerTrainer/model_run/7")
    assert lineage.models == {tfx / folder: graph for folder in trained}


def test_a_run_that_has_no_metadata(tmp_path: Path) -> None:
    assert read_lineage(tmp_path) == Lineage()
    assert not list(tmp_path.iterdir())
