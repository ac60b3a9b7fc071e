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


def test_the_latest_trouble_of_one_area_is_not_hidden_by_another_s():
    trouble = LastTrouble()
    for name, text in (
        ("tests.camera", "unplugged"),
        ("tests.camera.driver", "asleep"),
        ("tests.cameraman", "ill"),
        ("tests.broker", "away"),
    ):
        logger = logging.getLogger(name)
        logger.addHandler(trouble)
        logger.propagate = False
        logger.warning(text)
    assert trouble.of("tests.camera") == "asleep"
    assert trouble.of("tests.broker", "tests.cameraman") == "away"
    assert trouble.of("tests.nobody") is None
