"""What is counted of the photographs of ``make bench-people``."""

import itertools

import numpy as np
import pytest

from device.records import Box, ObservedFace, Track
from tests.benchmarks.films import film, in_photographs

GREY = np.full((120, 160, 3), 128, np.uint8)
FACE, ELSEWHERE = Box(40, 30, 40, 40), Box(110, 70, 40, 40)


class Sees:
    """Answers with a track for each box, from one frame on."""

    def __init__(self, *boxes: Box, after: int = 0) -> None:
        self._faces = [
            ObservedFace(Track(number + 1, box, 0.0, 0.0, visible=True), None) for number, box in enumerate(boxes)
        ]
        self._wait = after

    def step(self, _):
        self._wait -= 1
        return [] if self._wait >= 0 else self._faces


def photograph(kind="faces", share=0.3, faces=(FACE,)):
    boxes = [{"box": [box.x, box.y, box.w, box.h], "share": share, "roll": 0.0, "yaw": "frontal"} for box in faces]
    return {"file": "one.jpg", "kind": kind, "faces": boxes, "ignore": []}, GREY


def test_a_face_counts_as_seen_with_the_seconds_until_then():
    seen = in_photographs([photograph()], lambda: Sees(FACE, after=30))
    assert seen.last["8% and more"] == [True]
    assert seen.first_s == [pytest.approx(2.0)]
    assert seen.false["faces"] == 0


def test_a_track_that_never_touches_a_face_is_false():
    seen = in_photographs([photograph()], lambda: Sees(ELSEWHERE))
    assert seen.last["all"] == seen.ever["all"] == [False]
    assert seen.false["faces"] == 1


def test_two_halves_together_are_the_whole():
    pictures = [
        photograph(),
        photograph("scene", faces=()),
        photograph(share=0.05),
        photograph(faces=(FACE, ELSEWHERE)),
    ]
    whole, first, second = (
        in_photographs(part, lambda: Sees(FACE)) for part in (pictures, pictures[::2], pictures[1::2])
    )
    both = first + second
    assert {group: sorted(faces) for group, faces in both.last.items()} == {
        group: sorted(faces) for group, faces in whole.last.items()
    }
    assert (both.false, both.pictures, both.frames) == (whole.false, whole.pictures, whole.frames)
    assert both.first_s == whole.first_s
    assert first.pictures != whole.pictures


def test_a_film_lasts_six_seconds_and_no_two_frames_are_the_same():
    frames = list(film(GREY))
    assert frames[-1].time_s == pytest.approx(6.0, abs=0.1)
    assert all((one.grey != next_one.grey).any() for one, next_one in itertools.pairwise(frames))
