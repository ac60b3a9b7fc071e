"""Dead pictures are told from those of a dark or a quiet room."""

import cv2
import numpy as np
import pytest

from device.capture.sources.health import PictureWatch
from device.errors import SourceError

FPS = 10.0
SIZE = (120, 160)
RANDOM = np.random.default_rng(7)


def noisy(level: float, noise: float = 2.0, size=SIZE) -> np.ndarray:
    """An even wall, as a sensor sees it."""
    return np.clip(RANDOM.normal(level, noise, size), 0, 255).astype(np.uint8)


def even(level: int) -> np.ndarray:
    return np.full(SIZE, level, np.uint8)


@pytest.fixture
def watch():
    return PictureWatch("camera", frozen_timeout_s=3.0, blank_timeout_s=3.0)


def faults(watch, pictures) -> list[str | None]:
    return [watch.fault(picture, number / FPS) for number, picture in enumerate(pictures)]


def seconds_until_fault(watch, pictures) -> float:
    return next(number for number, fault in enumerate(faults(watch, pictures)) if fault) / FPS


@pytest.mark.parametrize("level", [0, 1, 16, 128, 255])
def test_a_quiet_room_is_no_fault_at_any_light(watch, level):
    assert not any(faults(watch, (noisy(level) for _ in range(100))))


def test_a_dark_room_with_little_noise_is_no_fault(watch):
    assert not any(faults(watch, (noisy(2, noise=0.7) for _ in range(100))))


def test_a_dark_room_that_is_frozen_is_one(watch):
    picture = noisy(3)
    assert "camera gives the same picture again and again" in faults(watch, [picture] * 100)


@pytest.mark.parametrize(("level", "told"), [(0, "a black picture"), (16, "a black picture"), (128, "one even grey")])
def test_a_picture_without_any_noise_is_dead(watch, level, told):
    assert told in str(faults(watch, [even(level)] * 100)[-1])


def test_a_dead_picture_is_noticed_after_its_time_and_not_before(watch):
    assert seconds_until_fault(watch, [even(0)] * 100) == pytest.approx(3.0, abs=0.1)
    watch.begin()
    assert seconds_until_fault(watch, [noisy(90)] * 100) == pytest.approx(3.0, abs=0.2)


def test_one_living_picture_begins_the_time_anew(watch):
    pictures = [even(0)] * 25 + [noisy(50)] + [even(0)] * 25
    assert not any(faults(watch, pictures))


def test_a_change_that_the_sample_misses_is_seen_all_the_same(watch):
    first = noisy(90)
    second = first.copy()
    second[3, 5] ^= 1
    assert not any(faults(watch, [first, second] * 50))


def test_two_dead_pictures_with_a_silence_between_prove_nothing(watch):
    assert watch.fault(even(0), 0.0) is None
    assert watch.fault(even(0), 60.0) is None


def test_what_a_still_camera_sends_as_jpeg_is_alive(watch):
    """Compression takes most of the noise away, but a picture of a lit room keeps some."""
    scene = cv2.resize(noisy(120, noise=40.0, size=(12, 16)), SIZE[::-1], interpolation=cv2.INTER_CUBIC)

    def sent() -> np.ndarray:
        seen = np.clip(scene + RANDOM.normal(0, 1.5, SIZE), 0, 255).astype(np.uint8)
        jpeg = cv2.imencode(".jpg", seen, [cv2.IMWRITE_JPEG_QUALITY, 60])[1]
        return cv2.imdecode(jpeg, cv2.IMREAD_GRAYSCALE).astype(np.uint8)

    assert not any(faults(watch, (sent() for _ in range(100))))


def test_a_source_is_alive_once_a_picture_differs_from_the_one_before(watch):
    seen = []
    for number, picture in enumerate([even(0), even(0), noisy(50), noisy(50), even(0)]):
        watch.fault(picture, number / FPS)
        seen.append(watch.alive)
    assert seen == [False, False, True, True, False]


def test_after_an_opening_nothing_is_held_against_the_source(watch):
    assert faults(watch, [even(0)] * 100)[-1]
    watch.begin()
    assert watch.fault(even(0), 20.0) is None
    assert not watch.alive


def test_another_size_is_a_fault_at_once_and_none_after_an_opening(watch):
    watch.fault(noisy(90), 0.0)
    with pytest.raises(SourceError, match="camera gives 80 x 60 pixels now, and gave 160 x 120"):
        watch.fault(noisy(90, size=(60, 80)), 0.1)
    watch.begin()
    assert watch.fault(noisy(90, size=(60, 80)), 0.2) is None


def test_either_judgement_can_be_left_out():
    picture = noisy(90)
    assert not any(faults(PictureWatch("camera", None, None), [even(0)] * 100))
    assert not any(faults(PictureWatch("camera", None, 3.0), [picture] * 100))
