from functools import partial

import pytest

from device.contract.metadata import Smoothing
from device.contract.preprocess import InputSpec
from device.events import EventDeriver
from device.pipeline import Pipeline
from device.records import Box
from device.schedule import ClassifySchedule
from device.smooth import EmotionSmoother
from device.telemetry import Telemetry
from device.track import CentroidTracker, TrackerSettings
from tests.fakes import BrightnessClassifier, FakeClock, ListSink, ScriptedFinder
from tests.fakes import frame as plain_frame

frame = partial(plain_frame, contrast=30)
BOX = Box(200, 150, 100, 100)
OTHER = Box(450, 150, 100, 100)


def _pipeline(sink, *boxes_per_frame):
    clock = FakeClock()
    return Pipeline(
        finder=ScriptedFinder(*boxes_per_frame),
        tracker=CentroidTracker(TrackerSettings()),
        classifier=BrightnessClassifier(),
        turns=ClassifySchedule(interval_s=0.0, most_per_frame=2),
        input_spec=InputSpec(),
        smoother=EmotionSmoother(Smoothing(min_dwell_s=0.3)),
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


def test_an_empty_room_gives_observations_and_no_events(sink):
    pipeline = _pipeline(sink)
    for index in range(10):
        assert pipeline.step(frame(index)).faces == ()
    assert len(sink.observations) == 10
    assert sink.events == []


def test_a_reading_outlives_a_frame_in_which_the_face_was_not_seen(sink):
    pipeline = _pipeline(sink, *[[BOX]] * 20, [])
    for index in range(21):
        observation = pipeline.step(frame(index))
    (face,) = observation.faces
    assert not face.track.visible
    assert face.reading is not None
    assert face.reading.emotion == "happy"
