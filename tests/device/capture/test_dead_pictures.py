"""Pictures that say that the camera is at fault, or is another one now."""

from dataclasses import replace

import numpy as np

from device.errors import SourceError
from tests.device.capture.played import PATIENCE_S, until
from tests.fakes import frame


def noisy(index, size=(48, 64)):
    """A frame such as a living sensor gives."""
    pixels = np.random.default_rng(index).integers(90, 110, size).astype(np.uint8)
    return replace(frame(index), grey=pixels)


def black(index):
    return replace(frame(index), grey=np.zeros((48, 64), np.uint8))


def lose_to_dead_pictures(source, capture, clock):
    capture.start()
    for number in range(3):
        source.script.put(noisy(number))
    until(lambda: source.reads == 4)
    capture.next(0.0)
    for number in range(4):
        clock.time_s += 1.0
        source.script.put(black(number))
        until(lambda number=number: source.reads >= 5 + number)
    clock.time_s += 1.0
    source.script.put(black(4))
    until(lambda: capture.state == "lost")
    capture.next(0.0)


def test_dead_pictures_are_a_loss_and_are_not_given(source, capture, clock, caplog):
    lose_to_dead_pictures(source, capture, clock)
    assert "camera gives a black picture without any noise; trying again in 0.001 s" in caplog.text
    source.script.put(black(6))
    assert capture.next(0.02) is None
    assert capture.state == "lost"


def test_dead_pictures_are_told_once_however_often_the_source_is_opened_for_them(source, capture, clock, caplog):
    lose_to_dead_pictures(source, capture, clock)
    for number in range(20):
        clock.time_s += 1.0
        reads = source.reads
        source.script.put(black(number))
        until(lambda reads=reads: source.reads > reads)
    assert source.opened > 3
    assert source.opened - source.closed in {0, 1}
    assert caplog.text.count("black picture") == 1


def test_the_first_living_picture_ends_the_loss_without_another_opening(source, capture, clock):
    lose_to_dead_pictures(source, capture, clock)
    opened = source.opened
    source.script.put(noisy(10))
    source.script.put(noisy(11))
    assert capture.next(PATIENCE_S).index in {10, 11}
    assert capture.state == "ok"
    assert source.opened - opened in {0, 1}


def test_a_fault_that_lasts_is_told_once_and_a_new_one_anew(source, capture, caplog):
    for reason in ("no camera", "no camera", "no camera", "no permission"):
        source.openings.put(SourceError(reason))
    capture.start(must_open=False)
    source.script.put(frame(0))
    assert capture.next(PATIENCE_S).index == 0
    assert caplog.text.count("no camera") == 1
    assert caplog.text.count("no permission") == 1


def test_a_picture_of_another_size_ends_what_was_followed_and_opens_the_source_again(source, capture, caplog):
    capture.start()
    source.script.put(noisy(0))
    assert capture.next(PATIENCE_S).index == 0
    source.script.put(noisy(1, (24, 32)))
    until(lambda: source.opened == 2)
    assert capture.state == "lost"
    assert "camera gives 32 x 24 pixels now, and gave 64 x 48" in caplog.text
    source.script.put(noisy(2, (24, 32)))
    assert capture.next(PATIENCE_S).width == 32
