from pathlib import Path

from tfx_pipeline.answer_table import Answer
from tfx_pipeline.catalogue_evaluation import CatalogueResult, WindowResult, read_result, write_result
from tfx_pipeline.evaluation.fairness import FairnessGap
from tfx_pipeline.evaluation.paired_tests import PairedTest
from tfx_pipeline.evaluation.probabilities import ProbabilityScores, ReliabilityBin
from tfx_pipeline.evaluation.slice_scores import SliceScore
from tfx_pipeline.evaluation.table import EvaluationRow, EvaluationTable
from tfx_pipeline.run_details import ExampleUser, Exploration, PastItem


def test_results_survive_the_disk(tmp_path: Path) -> None:
    row = EvaluationRow("shoprank", "all", 10, {"HR@1": 0.5}, {"HR@1": None}, {"HR@1": (0.25, 0.75)})
    window = WindowResult(
        "eval",
        0,
        100,
        EvaluationTable((1,), (row,)),
        (PairedTest("shoprank", "EASE", "all", "HR@1", 10, 0.1, -0.1, 0.2, 0.4),),
        (SliceScore("country", "France", "shoprank", "new", 3, 5, {"HR@1": None}, {"HR@1": None}, True),),
        (FairnessGap("country", "quality", "HR@1", "shoprank", "France", 0.5, "Spain", 0.25, 0.25, None),),
        "last blessed",
    )
    ranker = ProbabilityScores("buy", 4, 2, {"AUC": 0.75}, {"AUC": None}, (ReliabilityBin(4, 0.4, 0.5, 0.2, 0.8),))
    example = ExampleUser("u", "why", (PastItem("i", "", "buy", None),), (Answer("i", "", 1.0, None, "ann"),), (), 2)
    policy = Exploration("thompson", False, 10, 100, 0.5, 0.2, 0.1, 0.01)
    result = CatalogueResult((window,), (ranker,), (example,), (policy,))
    write_result(result, tmp_path / "evaluation")
    assert read_result(tmp_path / "evaluation") == result
    assert result.window("eval") is window
