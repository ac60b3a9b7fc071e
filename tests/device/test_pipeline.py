from functools import partial

import numpy as np
import pytest

from device.classify.schedule import ClassifySchedule
from device.contract.model_card import Smoothing
from device.contract.preprocess import InputSpec, crop_face
from device.events.derive import EventDeriver
from device.events.smooth import EmotionSmoother
from device.pipeline import Pipeline
from device.records import Box, Face, Frame
from device.system.telemetry import Telemetry
from device.track.tracker import CentroidTracker, TrackerSettings
from tests.fakes import BrightnessClassifier, FakeClock, ListSink, ScriptedFinder
from tests.fakes import frame as plain_frame

frame = partial(plain_frame, contrast=30)
BOX = Box(200, 150, 100, 100)
OTHER = Box(450, 150, 100, 100)


class CountingClassifier(BrightnessClassifier):
    """Keeps the crops that it has seen."""

    def __init__(self):
        self.crops = []

    @property
    def calls(self):
        return len(self.crops)

    def classify(self, crop):
        self.crops.append(crop)
        return super().classify(crop)


class ListeningFinder:
    """Always finds the same boxes, and keeps what it is told to expect."""

    def __init__(self, boxes, roll_deg=0.0):
        self.boxes = boxes
        self.roll_deg = roll_deg
        self.expected = []

    def find(self, _, expected):
        self.expected.append(expected)
        return [Face(box, 10.0, self.roll_deg) for box in self.boxes]


def _pipeline(sink, *boxes_per_frame, finder=None, classifier=None, turns=None, smoother=None):
    clock = FakeClock()
    return Pipeline(
        finder=finder or ScriptedFinder(*boxes_per_frame),
        tracker=CentroidTracker(TrackerSettings()),
        classifier=classifier or BrightnessClassifier(),
        turns=turns or ClassifySchedule(interval_s=0.0, most_per_frame=2),
        input_spec=InputSpec(),
        smoother=smoother or EmotionSmoother(Smoothing(min_dwell_s=0.3)),
        deriver=EventDeriver(clock),
        telemetry=Telemetry(clock),
        sinks=[sink],
    )


def _types(sink):
    return [event.type for event in sink.events]


@pytest.fixture
def sink():
    return ListSink()


def test_a_face_that_comes_shows_an_emotion_and_goes_is_told_in_this_order(sink):
    pipeline = _pipeline(sink, *[[BOX]] * 30, *[[]] * 60)
    for index in range(90):
        pipeline.step(frame(index))
    assert _types(sink) == ["face_appeared", "emotion_changed", "face_left"]
    assert sink.events[1].emotion == "happy"
    assert sink.events[2].reason == "lost"
    assert len({event.track for event in sink.events}) == 1


def test_another_expression_of_the_same_face_is_one_more_change(sink):
    pipeline = _pipeline(sink, *[[BOX]] * 80)
    for index in range(80):
        pipeline.step(frame(index, level=200 if index < 40 else 20))
    assert _types(sink) == ["face_appeared", "emotion_changed", "emotion_changed"]
    assert (sink.events[2].previous, sink.events[2].emotion) == ("happy", "sad")


def test_every_face_leaves_when_the_watching_ends(sink):
    pipeline = _pipeline(sink, *[[BOX, OTHER]] * 20)
    for index in range(20):
        pipeline.step(frame(index))
    pipeline.finish("stopped")
    left = [event for event in sink.events if event.type == "face_left"]
    assert len(left) == 2
    assert {event.reason for event in left} == {"stopped"}


def test_after_an_end_a_face_is_a_new_one(sink):
    pipeline = _pipeline(sink, *[[BOX]] * 40)
    for index in range(20):
        pipeline.step(frame(index))
    pipeline.finish("source_lost")
    for index in range(20, 40):
        pipeline.step(frame(index))
    appeared = [event.track for event in sink.events if event.type == "face_appeared"]
    assert len(appeared) == 2
    assert appeared[0] != appeared[1]


class Forgetful:
    """Stands before another part, and notes whom that part was told to forget."""

    def __init__(self, part):
        self._part = part
        self.forgotten = []

    def forget(self, track_id):
        self.forgotten.append(track_id)
        self._part.forget(track_id)

    def __getattr__(self, name):
        return getattr(self._part, name)


@pytest.mark.parametrize("frames", [19, 20])  # an odd and an even number of readings
@pytest.mark.parametrize("how", ["gone", "stopped"])
def test_whoever_has_left_is_forgotten_by_every_part_that_knew_it(sink, how, frames):
    turns = Forgetful(ClassifySchedule(interval_s=0.0, most_per_frame=2))
    smoother = Forgetful(EmotionSmoother(Smoothing(min_dwell_s=0.3)))
    pipeline = _pipeline(sink, *[[BOX]] * frames, *[[]] * 60, turns=turns, smoother=smoother)
    for index in range(80 if how == "gone" else frames):
        pipeline.step(frame(index))
    pipeline.finish("stopped")
    (track_id,) = {event.track for event in sink.events}
    assert (turns.forgotten, smoother.forgotten) == ([track_id], [track_id])
    kept = {name: value for name, value in vars(pipeline).items() if isinstance(value, dict | set) and value}
    assert kept == {}


def test_an_empty_room_gives_observations_and_no_events(sink):
    pipeline = _pipeline(sink)
    for index in range(10):
        assert pipeline.step(frame(index)).faces == ()
    assert len(sink.observations) == 10
    assert sink.events == []


def test_a_reading_outlives_a_frame_in_which_the_face_was_not_seen(sink):
    pipeline = _pipeline(sink, *[[BOX]] * 20, *[[]] * 10)
    for index in range(30):
        observation = pipeline.step(frame(index))
    (face,) = observation.faces
    assert not face.track.visible
    assert face.reading is not None
    assert face.reading.emotion == "happy"


@pytest.mark.parametrize("most_per_frame", [1, 2])
def test_more_faces_than_can_be_classified_in_a_frame_take_turns(sink, most_per_frame):
    boxes = [Box(20 + 150 * number, 150, 100, 100) for number in range(4)]
    classifier = CountingClassifier()
    pipeline = _pipeline(
        sink,
        *[boxes] * 40,
        classifier=classifier,
        turns=ClassifySchedule(interval_s=0.0, most_per_frame=most_per_frame),
    )
    counts = []
    for index in range(40):
        before = classifier.calls
        observation = pipeline.step(frame(index))
        counts.append(classifier.calls - before)
    assert max(counts) == most_per_frame
    assert [face.reading.emotion for face in observation.faces] == ["happy"] * 4


def test_a_face_that_is_not_seen_is_not_classified(sink):
    classifier = CountingClassifier()
    pipeline = _pipeline(sink, *[[BOX]] * 20, classifier=classifier)
    for index in range(20):
        pipeline.step(frame(index))
    before = classifier.calls
    for index in range(20, 25):
        pipeline.step(frame(index))
    assert before > 10
    assert classifier.calls == before


def test_the_finder_is_told_where_the_faces_are_expected(sink):
    finder = ListeningFinder([BOX])
    pipeline = _pipeline(sink, finder=finder)
    for index in range(3):
        pipeline.step(frame(index))
    assert [len(expected) for expected in finder.expected] == [0, 1, 1]
    assert finder.expected[-1][0].box.iou(BOX) > 0.99


def test_a_face_that_moves_out_of_the_frame_leaves_at_once(sink):
    pipeline = _pipeline(sink, *[[Box(250 + 15 * number, 150, 100, 100)] for number in range(20)])
    for index in range(28):
        pipeline.step(frame(index))
    assert _types(sink)[-1] == "face_left"


def test_the_classifier_sees_a_tilted_face_upright(sink):
    classifier = CountingClassifier()
    pipeline = _pipeline(sink, finder=ListeningFinder([BOX], roll_deg=22.0), classifier=classifier)
    for index in range(10):
        pipeline.step(frame(index))
    grey = frame(0).grey
    assert np.array_equal(classifier.crops[0], crop_face(grey, BOX, InputSpec(), 22.0))
    assert not np.array_equal(classifier.crops[0], crop_face(grey, BOX, InputSpec()))


def test_each_face_is_read_as_it_is_and_as_its_mirror_image_in_turn(sink):
    classifier = CountingClassifier()
    pipeline = _pipeline(sink, *[[BOX, OTHER]] * 6, classifier=classifier)
    for index in range(6):
        pipeline.step(frame(index))
    grey = frame(0).grey
    for box in (BOX, OTHER):
        crop = crop_face(grey, box, InputSpec())
        seen = [read for read in classifier.crops if np.array_equal(read, crop)]
        mirrored = [read for read in classifier.crops if np.array_equal(read, crop[:, ::-1])]
        assert (len(seen), len(mirrored)) == (2, 2)
    assert all(crop.flags.c_contiguous for crop in classifier.crops)


def test_crops_in_which_little_can_be_read_change_an_emotion_later():
    def frames_until_sad(other_frame):
        pipeline = _pipeline(ListSink(), *[[BOX]] * 200)
        for index in range(200):
            face = next(iter(pipeline.step(frame(index) if index < 30 else other_frame(index)).faces), None)
            if face is not None and face.reading is not None and face.reading.emotion == "sad":
                return index
        return None

    def plain(index):
        as_ever = frame(index)
        return Frame(np.full_like(as_ever.grey, 20), as_ever.time_s, as_ever.taken_at, index)

    assert frames_until_sad(lambda index: frame(index, level=20)) < frames_until_sad(plain)
