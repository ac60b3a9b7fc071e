import pytest

from device.config import parse_config
from device.contract.labels import EMOTIONS
from device.errors import ConfigError
from device.overlay.display_options import DisplayOptions
from device.overlay.settings import OverlaySettings


def _parse(text: str) -> OverlaySettings:
    return parse_config(f"overlay:\n{text}", "c.yaml").overlay


def test_an_emotion_is_called_by_the_user_s_word_or_else_by_its_own():
    settings = _parse("  labels: {happy: froh, uncertain: unsicher}\n")
    assert [settings.word_for(name) for name in ("happy", "uncertain", "sad")] == ["froh", "unsicher", "sad"]


@pytest.mark.parametrize("word", ['""', '"  "', '"a\\nb"', "abcdefghijklmnopqrstuvwxyz"])
def test_a_word_that_cannot_be_shown_is_refused(word):
    with pytest.raises(ConfigError, match=r"overlay\.labels.*1 to 24 printable characters for happy"):
        _parse(f"  labels: {{happy: {word}}}\n")


def test_a_word_for_an_emotion_that_the_model_does_not_know_is_told_with_the_nearest():
    with pytest.raises(ConfigError, match=r"`hapy`, which the model does not know; did you mean `happy`\?"):
        _parse("  labels: {hapy: froh}\n").require_known_labels(EMOTIONS)
    _parse("  labels: {happy: froh, uncertain: unsicher}\n").require_known_labels(EMOTIONS)
    OverlaySettings().require_known_labels(EMOTIONS)


@pytest.mark.parametrize("text", ["  privacy: none\n", "  text_scale: 0.1\n", "  idle_after_s: -1\n", "  mirror: 1\n"])
def test_settings_that_make_no_sense_are_refused(text):
    with pytest.raises(ConfigError, match="overlay"):
        _parse(text)


def test_a_display_starts_with_the_view_that_is_configured():
    view = DisplayOptions.of(_parse("  privacy: blur\n  mirror: false\n"))
    assert view == DisplayOptions(privacy="blur", mirrored=False, help_shown=False, status_shown=True)
