"""Events tell changes, each once, in a format that does not move."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from device.events.derive import EventDeriver
from device.records import UNCERTAIN, Event, LeaveReason, Reading
from tests.device.mqtt.wire_format import check
from tests.device.sightings import NOON, FakeClock, face, reading, sight

RUN = "1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed"


@pytest.fixture
def deriver() -> EventDeriver:
    return EventDeriver(FakeClock())


def kinds(events: list[Event]) -> list[str]:
    return [event.type for event in events]


def message_of(event: Event) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(replace(event, device="hall", run=RUN, seq=4711).to_json())
    return message


def test_a_face_appears_once_however_long_it_stays(deriver):
    assert kinds(deriver.derive(sight(0, face(1)))) == ["face_appeared"]
    assert deriver.derive(sight(1, face(1))) == []
    assert deriver.derive(sight(2, face(1))) == []


def test_the_first_reading_changes_the_emotion_from_none(deriver):
    deriver.derive(sight(0, face(1)))
    (changed,) = deriver.derive(sight(1, face(1, reading("happy", since_s=1))))
    assert (changed.type, changed.emotion, changed.previous, changed.duration_s) == (
        "emotion_changed",
        "happy",
        None,
        None,
    )


def test_a_face_that_comes_with_a_reading_appears_and_changes(deriver):
    appeared, changed = deriver.derive(sight(0, face(1, reading("happy"))))
    assert (appeared.type, appeared.emotion) == ("face_appeared", "happy")
    assert (changed.type, changed.emotion, changed.previous) == ("emotion_changed", "happy", None)


def test_another_emotion_names_the_one_before_and_how_long_it_lasted(deriver):
    deriver.derive(sight(1, face(1, reading("happy", since_s=1))))
    (changed,) = deriver.derive(sight(4.5, face(1, reading("sad", since_s=4.25))))
    assert (changed.emotion, changed.previous, changed.duration_s) == ("sad", "happy", 3.25)
    assert changed.confidence == pytest.approx(0.8)
    assert changed.probabilities == {"happy": 0.1, "neutral": 0.1, "sad": 0.8}


def test_the_same_emotion_with_other_scores_is_no_event(deriver):
    deriver.derive(sight(0, face(1, reading("happy", confidence=0.9))))
    assert deriver.derive(sight(1, face(1, reading("happy", confidence=0.5)))) == []


def test_becoming_uncertain_is_a_change(deriver):
    deriver.derive(sight(0, face(1, reading("happy"))))
    (changed,) = deriver.derive(sight(2, face(1, Reading(UNCERTAIN, reading("sad").scores, since_s=2))))
    assert (changed.emotion, changed.previous) == (UNCERTAIN, "happy")


def test_a_frame_without_a_reading_does_not_forget_the_emotion(deriver):
    deriver.derive(sight(0, face(1, reading("happy"))))
    assert deriver.derive(sight(1, face(1))) == []
    assert deriver.derive(sight(2, face(1, reading("happy")))) == []


def test_a_face_that_ended_leaves_with_the_time_it_was_there(deriver):
    deriver.derive(sight(2, face(1, reading("happy"), first_seen_s=2)))
    (left,) = deriver.derive(sight(9, ended=(face(1, first_seen_s=2, last_seen_s=7.5),)))
    assert (left.type, left.reason, left.duration_s, left.emotion) == ("face_left", "lost", 5.5, "happy")
    assert left.time == NOON + timedelta(seconds=9)


def test_a_face_that_never_appeared_does_not_leave(deriver):
    assert deriver.derive(sight(1, ended=(face(7),))) == []


def test_two_faces_are_told_apart(deriver):
    deriver.derive(sight(0, face(1, reading("happy")), face(2, reading("sad"))))
    events = deriver.derive(sight(1, face(2, reading("neutral", since_s=1)), ended=(face(1),)))
    assert [(event.type, event.track) for event in events] == [("face_left", 1), ("emotion_changed", 2)]


@pytest.mark.parametrize("reason", ["paused", "source_ended", "source_lost", "stopped"])
def test_when_the_seeing_stops_every_face_leaves_once_for_that_reason(deriver, reason: LeaveReason):
    deriver.derive(sight(0, face(1), face(2, first_seen_s=0)))
    deriver.derive(sight(3, face(1, last_seen_s=3), face(2, last_seen_s=2)))
    left = deriver.end_all(reason)
    assert [(event.track, event.reason, event.duration_s) for event in left] == [(1, reason, 3.0), (2, reason, 2.0)]
    assert all(event.time == NOON + timedelta(seconds=3) for event in left)
    assert deriver.end_all(reason) == []


def test_nobody_leaves_before_the_first_frame(deriver):
    assert deriver.end_all("stopped") == []


def test_an_event_says_whether_the_clock_was_set():
    clock = FakeClock(clock_state="unsynced")
    deriver = EventDeriver(clock)
    (before,) = deriver.derive(sight(0, face(1)))
    clock.clock_state = "synced"
    (after,) = deriver.derive(sight(1, face(1), face(2)))
    assert (before.clock, after.clock) == ("unsynced", "synced")


def test_every_event_has_an_id_of_its_own(deriver):
    events = deriver.derive(sight(0, face(1), face(2))) + deriver.end_all("stopped")
    assert len({event.id for event in events}) == len(events) == 4


def test_every_type_of_event_fits_the_description(deriver):
    events = deriver.derive(sight(0, face(1), face(2, reading("happy"))))
    events += deriver.derive(sight(2, face(1), face(2, reading("sad", since_s=1.5))))
    events += deriver.end_all("source_ended")
    assert set(kinds(events)) == {"face_appeared", "emotion_changed", "face_left"}
    for event in events:
        check("events", message_of(event))


def test_an_event_is_written_as_the_description_shows_it(deriver):
    deriver.derive(sight(0, face(17, reading("neutral"))))
    (changed,) = deriver.derive(sight(3.2, face(17, reading("happy", since_s=3.2))))
    assert message_of(changed) == {
        "schema": 1,
        "id": changed.id,
        "seq": 4711,
        "run": RUN,
        "type": "emotion_changed",
        "time": "2026-11-20T12:00:03.200Z",
        "clock": "synced",
        "replayed": False,
        "device": "hall",
        "track": 17,
        "emotion": "happy",
        "previous": "neutral",
        "confidence": 0.8,
        "probabilities": {"happy": 0.8, "neutral": 0.1, "sad": 0.1},
        "box": {"x": 0.1, "y": 0.1, "w": 0.2, "h": 0.2},
        "duration_s": 3.2,
        "reason": None,
    }


def test_confidence_has_four_digits_and_durations_three(deriver):
    deriver.derive(sight(0, face(1, reading("happy", since_s=0.0, confidence=0.876543))))
    (changed,) = deriver.derive(sight(2, face(1, reading("sad", since_s=1.2345678, confidence=0.87654321))))
    assert changed.confidence == 0.8765
    assert changed.duration_s == 1.235


def test_before_the_first_frame_nobody_can_leave(deriver):
    assert deriver.end_all("stopped") == []
