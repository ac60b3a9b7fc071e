"""The latest trouble is remembered for those who cannot see the log."""

import logging

from device.system.log import LastTrouble


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
