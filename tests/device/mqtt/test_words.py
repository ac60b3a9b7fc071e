"""Events in words."""

from device.mqtt.words import describe, describe_reading


def test_a_face_that_appears_or_leaves_is_told_in_few_words():
    assert describe({"type": "face_appeared"}) == "appears"
    assert describe({"type": "face_left", "reason": "lost", "duration_s": 3.25}) == "leaves (lost) after 3.2 s"


def test_a_change_tells_the_new_emotion_and_how_long_the_one_before_lasted():
    event = {"type": "emotion_changed", "emotion": "sad", "confidence": 0.5, "previous": None, "duration_s": None}
    assert describe(event) == "sad       ██████░░░░░░  50%"
    event |= {"previous": "happy", "duration_s": 1.5}
    assert describe(event) == "sad       ██████░░░░░░  50%  after 1.5 s happy"


def test_the_bar_is_empty_at_nothing_and_full_at_certainty():
    assert describe_reading("neutral", 0.0) == "neutral   ░░░░░░░░░░░░   0%"
    assert describe_reading("neutral", 1.0) == "neutral   ████████████ 100%"
