"""A shop that is run on one span and then on the next: the second run goes on from the model of the first."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pandas as pd
import pytest
import yaml

from serving.client import ShopRankClient
from serving.model_server.process import start_server
from tfx_pipeline.continued_training import STARTS_FILE
from tfx_pipeline.run_summary import RunSummary, load_run_summary
from trainer.features import ITEM_ID, USER_ID
from trainer.shop_encoder import ENCODER_FOLDER
from trainer.text_training.encoder_origin import EncoderOrigin
from trainer.warm_start.previous_model import PreviousModel

CommandLine = Callable[..., CompletedProcess[str]]
Tables = tuple[pd.DataFrame, pd.DataFrame]

FIRST = ("2017-01-01", "2017-09-11", "2017-10-09", "2017-11-06", "2017-12-04")
NEXT = ("2017-03-01", "2017-10-09", "2017-11-06", "2017-12-04", "2018-01-01")
"""The first day of the events, the starts of the three later windows, and the day after the last events."""

TEXT_TRAINING = {
    "pairs": "queries",
    "epochs": 4,
    "maximum_pairs": 2_000,
    "learning_rate": 0.01,
    "encoder_negatives": 0,
    "lexical_negatives": 0,
}
MOST_WORDS = 600

HOUSEHOLDS_THAT_LEAVE, HOUSEHOLDS_THAT_COME = (1, 2, 3), (4, 5, 6)


@dataclass(frozen=True)
class SpanRun:
    """A finished run on one span: what it printed, what it logged, and what it wrote of itself."""

    output: str
    log: str
    summary: RunSummary

    @property
    def model(self) -> Path:
        return Path(str(self.summary.model_path))


@dataclass(frozen=True)
class TwoSpans:
    """A run on the first span and one on the next, in one run directory."""

    config: Path
    first: SpanRun
    second: SpanRun

    @property
    def run_dir(self) -> Path:
        return self.config.with_name("run")


@pytest.fixture(scope="module")
def two_spans(
    shop: Path, purchases: Tables, command_line: CommandLine, tmp_path_factory: pytest.TempPathFactory
) -> TwoSpans:
    config = tmp_path_factory.mktemp("spans") / "shop.yaml"
    document = yaml.safe_load((shop / "shop.yaml").read_text())
    document["data"]["events"]["columns"]["query"] = "searched_for"
    document["text"] = {"checkpoint": "checkpoint", "max_tokens": 16, "dimension": 16, "training": TEXT_TRAINING}
    document["training"] = {"start": "last_blessed"}
    # Searches for words that no title has say nothing of searches for titles.
    document["evaluation"] = {"maximum_search_loss": None}
    _write_checkpoint(config.with_name("checkpoint"), purchases[1])
    runs = []
    for span, without in ((FIRST, HOUSEHOLDS_THAT_COME), (NEXT, HOUSEHOLDS_THAT_LEAVE)):
        document["split"] = dict(zip(("ranker_start", "eval_start", "test_start"), span[1:4], strict=True))
        config.write_text(yaml.safe_dump(document, sort_keys=False))
        _write_tables(config.parent, purchases, span, without)
        runs.append(_run(config, command_line))
    return TwoSpans(config, *runs)


def _write_checkpoint(folder: Path, products: pd.DataFrame) -> None:
    """A small network of random weights that knows the frequent words of the titles, and the words of the searches."""
    from tests.trainer.text_training.pretraining_shop import encoder_of

    words = pd.Series(_words(" ".join(products["product_type"].dropna()))).value_counts().index[:MOST_WORDS]
    encoder_of([*words, *map(_in_shop_talk, words)], max_tokens=16).save_folder(folder)


def _write_tables(folder: Path, purchases: Tables, span: tuple[str, ...], without: tuple[int, ...]) -> None:
    """The events of a span, each tenth after a search for the kind of product, and the products that they are about."""
    lines, products = purchases
    inside = lines["transaction_timestamp"].between(span[0], span[-1], inclusive="left")
    events = lines[inside & ~lines["household_id"].isin(without)].merge(
        products[["product_id", "product_type"]], on="product_id", how="left"
    )
    searches = [" ".join(map(_in_shop_talk, _words(kind))) for kind in events["product_type"].fillna("")]
    events["searched_for"] = pd.Series(searches, events.index).where(events.index % 10 == 0, "")
    events.drop(columns="product_type").to_csv(folder / "events.csv", index=False)
    products[products["product_id"].isin(events["product_id"])].to_parquet(folder / "items.parquet")


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z]{3,}", text.lower())


def _in_shop_talk(word: str) -> str:
    """What the households of this test call a thing: BM25 finds nothing by it, so that there is something to learn."""
    return word[::-1]


def _run(config: Path, command_line: CommandLine) -> SpanRun:
    done = command_line("run", "--config", str(config), timeout=1800)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    run_dir = config.with_name("run")
    log = max((run_dir / "logs").glob("*T*.log")).read_text(encoding="utf-8")
    return SpanRun(done.stdout, log, load_run_summary(run_dir / "metrics.json"))


def _texts(run_dir: Path) -> Path:
    """The newest artifact of the text training."""
    artifacts = run_dir / "tfx" / "TextTraining" / "encoder"
    return max(artifacts.iterdir(), key=lambda path: int(path.name)) / "Format-Serving"


@pytest.mark.slow  # two runs of the whole pipeline, with the text encoder trained
@pytest.mark.timeout(3600)
class TestContinuedRun:
    def test_the_second_run_goes_on_and_says_so(self, two_spans: TwoSpans) -> None:
        assert "training starts from scratch: no version was pushed before this data came" in two_spans.first.output
        assert f"training continues from version {two_spans.first.model}" in two_spans.second.output
        assert "continue from version" not in two_spans.first.log
        version = two_spans.first.summary.model_version
        for part in ("towers continue", "ranker continues", "text encoder continues"):
            assert f"the {part} from version {version}" in two_spans.second.log
        # Nothing of the networks has another form than before.
        assert " anew" not in two_spans.second.log

    def test_what_stays_keeps_its_row_and_what_left_is_gone(self, two_spans: TwoSpans) -> None:
        earlier, now = (
            PreviousModel.load(run.model, two_spans.run_dir / "tfx") for run in (two_spans.first, two_spans.second)
        )
        for name, words in ((ITEM_ID, "items"), (USER_ID, "users")):
            before, after = set(earlier.words(name)), set(now.words(name))
            assert before - after and after - before
            assert f"{words}: {len(before & after)} stay, {len(after - before)} are new" in two_spans.second.log
        assert {str(each) for each in HOUSEHOLDS_THAT_LEAVE}.isdisjoint(now.words(USER_ID))
        assert {str(each) for each in HOUSEHOLDS_THAT_COME} <= set(now.words(USER_ID))
        assert (now.span.end or 0) > (earlier.span.end or 0) > 0

    def test_only_the_later_events_are_learned(self, two_spans: TwoSpans) -> None:
        told = re.search(r"the towers learn (\d+) of (\d+) events, the later ones", two_spans.second.log)
        assert told is not None
        assert 0 < int(told[1]) < 0.25 * int(told[2])

    def test_the_text_encoder_goes_on_for_less(self, two_spans: TwoSpans) -> None:
        first, second = (
            PreviousModel.load(run.model, two_spans.run_dir / "tfx").parts.package / ENCODER_FOLDER
            for run in (two_spans.first, two_spans.second)
        )
        origin = EncoderOrigin.load(second)
        assert origin is not None and (origin.mode, origin.pretrained) == ("full", False)
        assert origin == EncoderOrigin.load(first)
        record = json.loads((_texts(two_spans.run_dir) / "search_training.json").read_text())
        assert record["continued_from"] == str(two_spans.first.summary.model_version)
        assert len(record["history"]["epochs"]) == 1
        # Far above that of random weights, though of queries that neither training has learned.
        assert record["held_out_mrr"]["after"] >= record["held_out_mrr"]["before"] > record["held_out_mrr"]["bm25"]

    def test_the_pushed_model_serves(self, two_spans: TwoSpans) -> None:
        newcomer, log = str(HOUSEHOLDS_THAT_COME[0]), two_spans.run_dir / "logs" / "test-server.log"
        with (
            start_server(two_spans.second.model.parent, log_file=log) as server,
            ShopRankClient(server.target) as client,
        ):
            (answer,) = client.recommend([newcomer], k=10)
        assert answer.model_version == str(two_spans.second.summary.model_version)
        assert len({each.item_id for each in answer.items}) == 10

    def test_the_same_data_again_comes_from_the_cache(self, two_spans: TwoSpans, command_line: Any) -> None:
        starts = (two_spans.run_dir / STARTS_FILE).read_bytes()
        again = _run(two_spans.config, command_line)
        # Of the first version again, and not of its own.
        assert f"training continues from version {two_spans.first.model}" in again.output
        assert all(stage.cached for stage in again.summary.stages)
        assert again.model == two_spans.second.model
        assert len(list(again.model.parent.iterdir())) == 2
        assert (two_spans.run_dir / STARTS_FILE).read_bytes() == starts
