"""What an observer says of the faces that it follows."""

import pytest

from device.records import Box, Face
from device.tools.aim import AimObserver
from device.track.tracker import CentroidTracker, TrackerSettings
from tests.fakes import FakeClock, ScriptedFinder, frame

BOX = Box(270, 190, 100, 100)


class Finder:
    """Finds one face of a certain kind in every frame."""

    def __init__(self, *, frontalness=1.0, verified_until=1000):
        self._frontalness, self._verified_until = frontalness, verified_until

    def find(self, seen, _):
        return [Face(BOX, 6.0, verified=seen.index < self._verified_until, frontalness=self._frontalness)]


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def watch(clock):
    """Shows so many frames at ten a second to an observer; gives the last look."""

    def show(finder, count, *, level=120, step=1):
        observer = AimObserver(finder, CentroidTracker(TrackerSettings()), clock)
        for index in range(0, count * step, step):
            one = frame(index, level=level, contrast=30)
            clock.time_s = one.time_s
            seen = observer.take(one)
        return seen

    return show


def test_a_good_face_is_called_good(watch):
    (face,) = watch(Finder(), 10).faces
    assert (face.held, face.faults, face.side_px) == (True, (), 100)
    assert face.brightness == pytest.approx(120, abs=5)


def test_a_dark_face_is_called_too_dark(watch):
    seen = watch(Finder(), 10, level=35)
    assert seen.faces[0].faults == ("too dark",)
    assert seen.brightness < 50
    assert not seen.good


def test_a_face_with_few_finds_is_called_oblique(watch):
    assert watch(Finder(frontalness=0.5), 10).faces[0].faults == ("too oblique",)


@pytest.mark.parametrize(("frames", "faults"), [(4, ()), (7, ("too oblique",))])
def test_a_face_is_called_oblique_only_after_several_looks(watch, frames, faults):
    assert watch(Finder(frontalness=0.5), frames).faces[0].faults == faults


def test_a_face_that_the_second_cascade_refuses_for_two_seconds_is_called_oblique(watch):
    assert watch(Finder(verified_until=10), 25).faces[0].faults == ()
    assert watch(Finder(verified_until=10), 32).faces[0].faults == ("too oblique",)


def test_a_face_missed_in_a_frame_or_two_is_held_and_then_lost(watch):
    def after_missing(frames):
        return watch(ScriptedFinder(*[[BOX]] * 10), 10 + frames).faces[0]

    assert (after_missing(2).held, after_missing(2).good) == (True, True)
    lost = after_missing(5)
    assert (lost.held, lost.good) == (False, False)
    assert lost.unseen_s == pytest.approx(0.5)


def test_the_time_without_a_face_counts_from_the_last_one_or_from_the_start(watch):
    assert watch(ScriptedFinder(), 31).no_face_s == pytest.approx(3.0)
    assert watch(ScriptedFinder(*[[BOX]] * 10), 41).no_face_s == pytest.approx(3.1 - 0.2, abs=0.11)
    assert watch(Finder(), 10).no_face_s == 0.0


def test_the_rate_of_the_source_counts_the_frames_that_were_dropped(watch):
    seen = watch(Finder(), 30, step=2)
    assert seen.fps == pytest.approx(5.0, rel=0.01)
    assert seen.fps_given == pytest.approx(10.0, rel=0.01)


def test_a_rate_is_told_after_a_second_at_the_earliest(watch):
    assert watch(Finder(), 9).fps is None
    assert watch(Finder(), 12).fps == pytest.approx(10.0, rel=0.01)


def test_after_a_restart_a_face_is_a_new_one(clock):
    observer = AimObserver(Finder(), CentroidTracker(TrackerSettings()), clock)
    before = [observer.take(frame(index)) for index in range(10)][-1]
    observer.restart()
    after = [observer.take(frame(index)) for index in range(10, 20)][-1]
    assert [face.id for face in before.faces] == [1]
    assert [face.id for face in after.faces] == [2]
