"""Why a face is lost: each cause is told apart from the next one."""

from typing import Any, cast

import numpy as np
import pytest

from device.records import Box, Face, ObservedFace, Track
from tests.benchmarks.lost_people import CAUSES, Lost, WatchedProposer, cause_of, sheet

BOX, ELSEWHERE = Box(100, 100, 40, 40), Box(300, 100, 40, 40)


class Played:
    """A proposer whose finds and second opinions are given."""

    def __init__(self, proposed: list[Box], vouched: list[Face]) -> None:
        self._proposed = [Face(box, 1.0) for box in proposed]
        self._vouched = iter(vouched)

    def parts(self, *_):
        return [type("Part", (), {"smallest_px": 30.0})()]

    def propose(self, *_):
        return self._proposed

    def vouch(self, *_):
        return next(self._vouched, None)

    def turns(self, _):
        return 1

    detect = turns


def _watched(proposed: list[Box], vouched: list[Face]) -> WatchedProposer:
    nothing: Any = None
    watched = WatchedProposer(cast("Any", Played(proposed, vouched)))
    watched.parts(640, 480)
    for face in watched.propose(nothing, nothing, BOX, 0, ()):
        watched.vouch(nothing, face)
    return watched


def _frame(*boxes: Box, visible: bool = True) -> list[ObservedFace]:
    return [ObservedFace(Track(1, box, 0.0, 0.0, visible=visible), None) for box in boxes]


@pytest.mark.parametrize(
    ("box", "proposed", "vouched", "observed", "number"),
    [
        (Box(100, 100, 20, 20), [], [], [[]], 0),
        (BOX, [ELSEWHERE], [], [[]], 1),
        (BOX, [BOX], [], [[]], 2),
        (BOX, [BOX, BOX], [Face(BOX, 1.0, surplus=0.4), Face(BOX, 1.0, surplus=-1.0)], [[]], 2),
        (BOX, [BOX], [Face(BOX, 1.0, verified=True)], [[]], 3),
        (BOX, [BOX], [Face(BOX, 1.0, verified=True)], [_frame(BOX), _frame(BOX, visible=False)], 4),
        (BOX, [BOX], [Face(BOX, 1.0, verified=True)], [_frame(Box(118, 100, 40, 40))], 5),
    ],
)
def test_the_cause_is_the_last_step_that_the_face_came_to(box, proposed, vouched, observed, number):
    assert cause_of(box, _watched(proposed, vouched), observed) == CAUSES[number]


def test_the_sheet_has_a_tile_for_each_and_is_as_wide_as_ten():
    lost = [
        Lost(f"{number}.jpg", BOX, 0.1, CAUSES[number % 6], np.full((112, 112, 3), 90, np.uint8))
        for number in range(11)
    ]
    drawn = sheet(lost)
    assert drawn.shape == (2 * 144, 1120, 3)
    assert (drawn[:112, :1120] == 90).all()
    assert not (drawn[144:256, 112:] == 90).any()
