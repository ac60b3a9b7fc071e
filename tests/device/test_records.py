from datetime import UTC, datetime

import numpy as np
import pytest

from device.errors import RecordError
from device.records import UNCERTAIN, Box, Event, Frame, Reading, RelativeBox, Scores, Track

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
        Event("id", kind, datetime.now(UTC), "synced", 1, RelativeBox(0, 0, 1, 1), reason=reason)
