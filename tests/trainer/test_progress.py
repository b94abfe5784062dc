import logging

import pytest

from trainer.progress import PROGRESS_LOGGER, WorkProgress, progress_of, report_progress


def test_a_report_is_a_record_with_words_and_numbers(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, PROGRESS_LOGGER):
        report_progress("encoding texts", 10_631, 17_428)
        report_progress("encoding texts", 10_631, None)
        report_progress("training", 3, 8, "epoch 1 of 2, loss 0.5000")
    assert caplog.messages == [
        "encoding texts, 10,631 of 17,428",
        "encoding texts, 10,631",
        "epoch 1 of 2, loss 0.5000",
    ]
    assert [progress_of(record) for record in caplog.records] == [
        WorkProgress("encoding texts", 10_631, 17_428),
        WorkProgress("encoding texts", 10_631, None),
        WorkProgress("training", 3, 8, "epoch 1 of 2, loss 0.5000"),
    ]


def test_nothing_is_logged_where_nobody_listens(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, PROGRESS_LOGGER):
        report_progress("encoding texts", 1, 2)
    assert caplog.records == []


def test_other_records_report_nothing() -> None:
    assert progress_of(logging.makeLogRecord({"msg": "chatter"})) is None
