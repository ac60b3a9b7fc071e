import json
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest

from device.errors import RecordError
from device.mqtt.schema import asyncapi
from device.records import UNCERTAIN, Box, Event, Frame, Reading, RelativeBox, Scores, Track, rfc3339
from tests.device.sightings import NOON

LABELS = ("happy", "sad")


def test_a_frame_refuses_colour_where_grey_is_wanted():
    with pytest.raises(RecordError, match="grey uint8"):
        Frame(np.zeros((4, 4, 3), np.uint8), 0.0, datetime.now(UTC), 0)


def test_a_frame_refuses_a_time_without_a_zone():
    with pytest.raises(RecordError, match="time zone"):
        Frame(np.zeros((4, 4), np.uint8), 0.0, datetime(2026, 1, 1), 0)  # noqa: DTZ001


@pytest.mark.parametrize("values", [(0, 0, 0, 5), (0, 0, 5, -1), (float("nan"), 0, 5, 5)])
def test_a_box_without_a_size_or_a_place_is_refused(values):
    with pytest.raises(RecordError):
        Box(*values)


def test_overlap_is_one_with_itself_and_nothing_apart():
    box = Box(10, 10, 20, 20)
    assert box.iou(box) == 1.0
    assert box.iou(Box(40, 40, 5, 5)) == 0.0
    assert box.iou(Box(20, 10, 20, 20)) == pytest.approx(1 / 3)


def test_a_relative_box_is_clipped_to_the_frame():
    assert RelativeBox.of(Box(-10, 20, 30, 100), 100, 80) == RelativeBox(0.0, 0.25, 0.2, 0.75)


def test_scores_that_do_not_add_up_are_refused():
    with pytest.raises(RecordError, match="add up"):
        Scores(LABELS, (0.5, 0.2))


def test_scores_and_labels_must_be_as_many():
    with pytest.raises(RecordError, match="2 labels for 3"):
        Scores(LABELS, (0.5, 0.2, 0.3))


def test_the_top_score_and_the_score_of_a_label():
    scores = Scores(LABELS, (0.3, 0.7))
    assert scores.top == ("sad", 0.7)
    assert scores.of("happy") == 0.3
    assert scores.of("bored") == 0.0


def test_the_confidence_of_an_uncertain_reading_is_that_of_the_likeliest_label():
    scores = Scores(LABELS, (0.45, 0.55))
    assert Reading(UNCERTAIN, scores, 0.0).confidence == 0.55
    assert Reading("happy", scores, 0.0).confidence == 0.45


def test_a_reading_of_an_unknown_emotion_is_refused():
    with pytest.raises(RecordError, match="bored"):
        Reading("bored", Scores(LABELS, (0.5, 0.5)), 0.0)


def test_a_track_cannot_end_before_it_began():
    with pytest.raises(RecordError):
        Track(1, Box(0, 0, 5, 5), first_seen_s=2.0, last_seen_s=1.0, visible=True)


@pytest.mark.parametrize(("kind", "reason"), [("face_left", None), ("face_appeared", "lost")])
def test_only_a_leaving_face_has_a_reason(kind, reason):
    with pytest.raises(RecordError, match="reason"):
        Event(
            id="id",
            type=kind,
            time=datetime.now(UTC),
            clock="synced",
            track=1,
            box=RelativeBox(0, 0, 1, 1),
            reason=reason,
        )


EVENT = Event(id="id", type="face_appeared", time=NOON, clock="synced", track=1, box=RelativeBox(0, 0, 1, 1))


def test_an_event_has_the_keys_of_the_description_in_its_order():
    described = asyncapi()["components"]["schemas"]["Event"]
    keys = [field.name for field in fields(Event)]
    assert keys == described["required"] == list(described["properties"]) == list(json.loads(EVENT.to_json()))


def test_an_event_comes_back_as_it_was_written():
    full = replace(
        EVENT,
        seq=7,
        run="r",
        device="hall",
        type="face_left",
        emotion="happy",
        previous=None,
        confidence=0.5,
        probabilities={"happy": 0.5, "sad": 0.5},
        duration_s=1.5,
        reason="lost",
        replayed=True,
    )
    assert Event.from_json(full.to_json()) == full


@pytest.mark.parametrize(
    ("before", "after", "named"),
    [
        (b"}", b"", "JSON"),
        (b'"clock"', b'"clokc"', "clock"),
        (b'"synced"', b'"sync\xffed"', "."),
        (b'"track":1', b'"track":"1"', "track"),
        (b'"schema":1', b'"schema":2', "schema"),
        (b'"x":0.0', b'"x":2.0', "0 and 1"),
        (b'"x":0.0', b'"x":NaN', "."),
    ],
)
def test_a_damaged_event_is_refused_and_the_fault_named(before, after, named):
    text = EVENT.to_json()
    assert before in text
    with pytest.raises(RecordError, match=named):
        Event.from_json(text.replace(before, after))


def test_a_time_of_another_zone_is_written_in_utc():
    in_berlin = datetime(2026, 11, 20, 16, 42, 23, 123_999, tzinfo=timezone(timedelta(hours=1)))
    assert rfc3339(in_berlin) == "2026-11-20T15:42:23.123Z"


def test_a_whole_second_keeps_its_milliseconds():
    assert rfc3339(NOON) == "2026-11-20T12:00:00.000Z"
