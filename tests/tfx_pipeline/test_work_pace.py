import pytest

from tfx_pipeline.work_pace import WorkPace
from trainer.progress import WorkProgress


def texts(done: int, total: int | None = 100) -> WorkProgress:
    return WorkProgress("encoding texts", done, total)


def test_time_left_is_at_the_mean_rate_since_the_first_report() -> None:
    pace = WorkPace(texts(40), time=1000.0)
    assert (pace.seconds_left, pace.share) == (None, 0.4)
    pace.update(texts(50), time=1002.0)
    assert pace.seconds_left == pytest.approx(10.0)
    pace.update(texts(80), time=1008.0)
    assert pace.seconds_left == pytest.approx(4.0)
    assert str(pace) == "80 %, 4.0 s left, encoding texts, 80 of 100"


def test_a_total_that_comes_later() -> None:
    pace = WorkPace(texts(1, total=None), time=0.0)
    pace.update(texts(10_000, total=None), time=5.0)
    assert (pace.share, pace.seconds_left, str(pace)) == (None, None, "encoding texts, 10,000")
    pace.update(texts(10_001, total=40_001), time=10.0)
    assert pace.seconds_left == pytest.approx(30.0)


def test_nothing_to_do_has_no_share() -> None:
    assert WorkPace(texts(0, total=0), time=0.0).share is None


def test_what_continues_a_piece_of_work() -> None:
    pace = WorkPace(texts(40), time=0.0)
    assert pace.continues(texts(40)) and pace.continues(texts(41, total=None))
    assert not pace.continues(texts(39))
    assert not pace.continues(WorkProgress("other texts", 41, 100))
