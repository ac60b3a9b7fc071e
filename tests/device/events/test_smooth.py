import pytest

from device.contract.model_card import Smoothing
from device.errors import ConfigError
from device.events.smooth import EmotionSmoother, SmoothingSettings
from device.records import UNCERTAIN, Scores

LABELS = ("happy", "sad", "neutral")
HAPPY = Scores(LABELS, (0.9, 0.05, 0.05))
SAD = Scores(LABELS, (0.05, 0.9, 0.05))
UNSURE = Scores(LABELS, (0.34, 0.33, 0.33))
DEFAULTS = Smoothing(time_constant_s=0.5, enter_threshold=0.5, exit_threshold=0.35, min_dwell_s=0.4)


def _feed(smoother, scores, start_s, seconds, rate_hz=10, track=1):
    """The readings while ``scores`` come in at ``rate_hz``."""
    return [smoother.update(track, scores, start_s + k / rate_hz) for k in range(round(seconds * rate_hz) + 1)]


def test_a_new_face_has_no_reading_before_it_was_watched_for_the_dwell_time():
    readings = _feed(EmotionSmoother(DEFAULTS), HAPPY, 0.0, 0.5)
    assert [reading is None for reading in readings] == [True, True, True, True, False, False]
    assert readings[-1].emotion == "happy"


def test_a_single_odd_frame_changes_nothing():
    smoother = EmotionSmoother(DEFAULTS)
    _feed(smoother, HAPPY, 0.0, 2.0)
    assert smoother.update(1, SAD, 2.1).emotion == "happy"
    assert all(reading.emotion == "happy" for reading in _feed(smoother, HAPPY, 2.2, 1.0))


def test_a_lasting_change_is_told_once_it_has_held():
    smoother = EmotionSmoother(DEFAULTS)
    _feed(smoother, HAPPY, 0.0, 2.0)
    readings = _feed(smoother, SAD, 2.1, 3.0)
    emotions = [reading.emotion for reading in readings]
    assert emotions[0] == "happy"
    assert emotions[-1] == "sad"
    assert emotions == sorted(emotions)  # it changes once, and not back
    assert 2.1 < readings[-1].since_s < 3.5


def test_an_emotion_holds_between_the_exit_and_the_entry_threshold():
    smoother = EmotionSmoother(DEFAULTS)
    _feed(smoother, HAPPY, 0.0, 2.0)
    weaker = Scores(LABELS, (0.42, 0.30, 0.28))
    assert _feed(smoother, weaker, 2.1, 5.0)[-1].emotion == "happy"


def test_a_face_that_shows_nothing_clear_becomes_uncertain():
    smoother = EmotionSmoother(DEFAULTS)
    _feed(smoother, HAPPY, 0.0, 2.0)
    assert _feed(smoother, UNSURE, 2.1, 5.0)[-1].emotion == UNCERTAIN


def test_a_face_that_never_showed_anything_clear_is_uncertain_too():
    assert _feed(EmotionSmoother(DEFAULTS), UNSURE, 0.0, 1.0)[-1].emotion == UNCERTAIN


def test_the_frame_rate_does_not_change_the_average():
    slow, fast = EmotionSmoother(DEFAULTS), EmotionSmoother(DEFAULTS)
    for smoother, rate_hz in ((slow, 5), (fast, 50)):
        _feed(smoother, HAPPY, 0.0, 2.0, rate_hz)
    after_slow = _feed(slow, SAD, 2.0, 1.0, 5)[-1].scores.of("sad")
    after_fast = _feed(fast, SAD, 2.0, 1.0, 50)[-1].scores.of("sad")
    assert after_slow == pytest.approx(after_fast, abs=1e-6)


@pytest.mark.parametrize("quality", [0.1, 0.5])
def test_scores_of_a_poor_crop_weigh_as_if_they_had_lasted_for_that_share_of_the_time(quality):
    poor, short = EmotionSmoother(DEFAULTS), EmotionSmoother(DEFAULTS)
    for smoother in (poor, short):
        _feed(smoother, HAPPY, 0.0, 2.0)
    after_poor = poor.update(1, SAD, 2.0 + 0.4, quality).scores
    after_short = short.update(1, SAD, 2.0 + 0.4 * quality).scores
    assert after_poor.probabilities == pytest.approx(after_short.probabilities)


def test_poor_crops_do_not_turn_what_good_ones_showed():
    smoother = EmotionSmoother(DEFAULTS)
    _feed(smoother, HAPPY, 0.0, 2.0)
    for number in range(1, 4):
        assert smoother.update(1, SAD, 2.0 + number / 10, quality=0.1).scores.top[0] == "happy"
    assert smoother.update(1, SAD, 2.9, quality=1.0).scores.top[0] == "sad"


def test_if_there_are_only_poor_crops_they_are_believed_in_the_end():
    smoother = EmotionSmoother(DEFAULTS)
    _feed(smoother, HAPPY, 0.0, 2.0)
    readings = [smoother.update(1, SAD, 2.0 + number / 10, quality=0.2) for number in range(1, 60)]
    assert readings[-1].emotion == "sad"


def test_faces_do_not_mix():
    smoother = EmotionSmoother(DEFAULTS)
    _feed(smoother, HAPPY, 0.0, 2.0, track=1)
    assert _feed(smoother, SAD, 0.0, 2.0, track=2)[-1].emotion == "sad"
    assert smoother.update(1, HAPPY, 2.1).emotion == "happy"


def test_a_forgotten_face_starts_afresh():
    smoother = EmotionSmoother(DEFAULTS)
    _feed(smoother, HAPPY, 0.0, 2.0)
    smoother.forget(1)
    assert smoother.update(1, HAPPY, 2.1) is None


def test_settings_override_what_the_model_brings_and_leave_the_rest():
    merged = SmoothingSettings(min_dwell_s=2.0).over(DEFAULTS)
    assert merged.min_dwell_s == 2.0
    assert merged.time_constant_s == DEFAULTS.time_constant_s


def test_thresholds_that_contradict_the_models_are_a_fault_of_the_configuration():
    with pytest.raises(ConfigError, match="exit_threshold"):
        SmoothingSettings(exit_threshold=0.9).over(DEFAULTS)


def test_an_average_over_no_time_is_refused_where_it_is_configured():
    with pytest.raises(ValueError, match="greater than 0"):
        SmoothingSettings(time_constant_s=0)


def test_without_memory_the_latest_scores_are_the_reading():
    smoother = EmotionSmoother(DEFAULTS.model_copy(update={"time_constant_s": 0.0, "min_dwell_s": 0.0}))
    for number, scores in enumerate((HAPPY, SAD, HAPPY)):
        reading = smoother.update(1, scores, float(number))
        assert reading.scores.probabilities == pytest.approx(scores.probabilities)


def test_the_first_scores_count_whole_whatever_the_memory():
    smoother = EmotionSmoother(DEFAULTS.model_copy(update={"min_dwell_s": 0.0}))
    assert smoother.update(1, HAPPY, 0.0).scores == HAPPY
