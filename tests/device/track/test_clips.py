"""Who is followed in real video, found by the cascades."""

from pathlib import Path

import cv2
import pytest

from device.capture.sources.video import VideoFile
from device.demo import CLIP_PATH, load_true_boxes
from device.detect import DetectorSettings, HaarDetector
from device.errors import UnavailableError
from device.records import Box
from device.track.tracker import CentroidTracker, TrackerSettings
from tests.device.track.scene import ids
from tests.fakes import FakeClock

VIDEOS = Path(__file__).parents[4] / "shared" / "data" / "videos"


@pytest.fixture(scope="module")
def detector():
    try:
        # No face of the clips is smaller, and none is tilted far.
        return HaarDetector(DetectorSettings(min_face=0.11, max_roll_deg=0.0))
    except UnavailableError as error:
        pytest.skip(str(error))


def halved(grey):
    """The picture at half its size, in which a tracker has as much to do and the detector a quarter."""
    return cv2.resize(grey, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)


def test_in_the_clip_everyone_keeps_one_id_from_coming_to_leaving(detector):
    tracker = CentroidTracker(TrackerSettings())
    source = VideoFile(CLIP_PATH, FakeClock())
    source.open()
    stays: dict[str, list[set[int]]] = {}
    present: set[str] = set()
    in_view = held = 0
    for number, true in enumerate(load_true_boxes()):
        frame = source.read()
        if number % 2:
            continue
        active = tracker.update(detector.detect(halved(frame.grey)), frame.time_s).active
        for person in true:
            if person.id not in present:
                stays.setdefault(person.id, []).append(set())
            if person.visible > 0.5:
                box = Box(*(value / 2 for value in person.box_xywh))
                nearest = max(active, key=lambda track: track.box.iou(box), default=None)
                in_view += 1
                if nearest is not None and nearest.box.iou(box) > 0.4:
                    held += 1
                    stays[person.id][-1].add(nearest.id)
        present = {person.id for person in true}
    assert held > 0.9 * in_view
    assert {person: [len(stay) for stay in of_one] for person, of_one in stays.items()} == {
        "collins": [1, 1],
        "hopper": [1],
    }
    assert len({number for of_one in stays.values() for stay in of_one for number in stay}) == 3


def test_a_person_in_a_real_clip_is_held_most_of_the_time_as_one(detector):
    path = VIDEOS / "walk.mkv"
    if not path.is_file():
        pytest.skip(f"no {path}: the clips of real people are kept beside the repository")
    tracker = CentroidTracker(TrackerSettings())
    source = VideoFile(path, FakeClock())
    source.open()
    held = [
        ids(tracker.update(detector.detect(halved(frame.grey)), frame.time_s).active)
        for frame in (source.read() for _ in range(60))
    ]
    assert {number for of_frame in held for number in of_frame} == {1}
    assert sum(map(bool, held)) > 0.7 * len(held)
