"""The latest trouble is remembered for those who cannot see the log."""

import logging

import pytest

from device.system.log import LastTrouble, LogOnce, _JournalFormatter, set_up_logging


def test_the_latest_warning_or_error_is_kept_and_what_is_less_is_not():
    trouble = LastTrouble()
    logger = logging.getLogger("tests.trouble")
    logger.setLevel(logging.INFO)
    logger.addHandler(trouble)
    logger.info("all is well")
    assert trouble.message is None
    logger.warning("camera %s is lost", 0)
    logger.error("the card is full")
    logger.info("all is well again")
    assert trouble.message == "the card is full"


def test_what_lasts_is_logged_once_and_again_only_after_it_was_forgotten(caplog):
    once = LogOnce(logging.getLogger("tests.once"))
    for reason in ("no route", "no route", "refused", "no route"):
        once.log("%s; next attempt in %d s", reason, 5)
    assert once
    once.forget()
    assert not once
    once.log("%s", "no route")
    warnings = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert warnings == ["no route; next attempt in 5 s", "refused; next attempt in 5 s", "no route"]


def test_however_much_differs_little_is_remembered():
    once = LogOnce(logging.getLogger("tests.once"))
    for number in range(10_000):
        once.log("%s", str(number))
    assert len(once._said) <= 100


def test_no_line_of_the_log_holds_a_secret_or_steers_a_terminal_and_none_can_be_forged(capsys, monkeypatch):
    monkeypatch.delenv("JOURNAL_STREAM", raising=False)
    root = logging.getLogger()
    before = root.handlers[:], root.level
    set_up_logging("info")
    trouble = LastTrouble()
    root.addHandler(trouble)
    try:
        logging.getLogger("tests.border").warning("lost %s\x1b[2J\n2026-01-01 ERROR forged", "rtsp://a:Swordf1sh@cam")
        try:
            int("http://a:Swordf1sh@cam")
        except ValueError:
            logging.getLogger("tests.border").exception("it failed")
    finally:
        root.handlers, root.level = before
    told = capsys.readouterr().err
    assert "Swordf1sh" not in told
    assert "\x1b" not in told
    assert "\n2026-01-01 ERROR forged" not in told
    assert "lost rtsp://***@cam" in told
    assert "with base 10: 'http://***@cam'" in told
    assert "Swordf1sh" not in (trouble.message or "")


@pytest.mark.parametrize(
    ("level", "priority"), [("debug", 7), ("info", 6), ("warning", 4), ("error", 3), ("critical", 2), (25, 6)]
)
def test_the_journal_is_told_each_line_s_priority(level, priority):
    number = level if isinstance(level, int) else getattr(logging, level.upper())
    record = logging.LogRecord("tests", number, __file__, 1, "the camera\nis lost", None, None)
    assert _JournalFormatter("%(message)s").format(record).startswith(f"<{priority}>the camera")
