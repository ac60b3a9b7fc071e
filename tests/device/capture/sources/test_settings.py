import pytest
from pydantic import ValidationError

from device.capture.sources.settings import SourceSettings, display_name

SECRET = "rtsp://admin:hunter2@camera.lan:8554/live?token=hunter2"


@pytest.mark.parametrize(
    ("uri", "name"),
    [
        (SECRET, "rtsp://camera.lan:8554/live"),
        ("http://camera.lan/video", "http://camera.lan/video"),
        ("rtsp://admin:hun/ter2@camera.lan/live", "rtsp://camera.lan/live"),
        ("rtsp://admin:hun@ter2@camera.lan/live", "rtsp://camera.lan/live"),
        ("rtsp://admin:hun?ter#2@camera.lan/live", "rtsp://camera.lan/live"),
        ("/home/pi/film@home.mkv", "/home/pi/film@home.mkv"),
    ],
)
def test_a_streams_name_holds_no_user_no_password_and_no_query(uri, name):
    assert display_name(uri) == name


def test_the_settings_own_text_does_not_show_the_password():
    assert "hunter2" not in repr(SourceSettings(uri=SECRET))


@pytest.mark.parametrize(
    "uri", ["ftp://admin:hunter2@camera.lan/x", "rtsp://admin:hunter2@/x", "rtsp://admin:hun/ter2@x"]
)
def test_a_url_that_cannot_work_is_refused_without_showing_its_password(uri):
    with pytest.raises(ValidationError) as refused:
        SourceSettings(uri=uri)
    assert "hunter2" not in str(refused.value)
    assert "ter2" not in str(refused.value)


def test_a_camera_may_be_given_as_a_number():
    assert SourceSettings.model_validate({"uri": 1}).uri == "1"


@pytest.mark.parametrize("uri", ["picamera:", "picamera:one", "picamera:-1", "picamera:1.0"])
def test_a_pis_camera_has_a_number_or_none(uri):
    with pytest.raises(ValidationError, match="picamera:1, with its number"):
        SourceSettings(uri=uri)


def test_the_longest_wait_may_not_be_below_the_first():
    with pytest.raises(ValidationError, match=r"reopen_delay_max_s, 2\.0, is below reopen_delay_s, 5\.0"):
        SourceSettings(reopen_delay_s=5.0, reopen_delay_max_s=2.0)


def test_every_key_says_what_it_is():
    assert all(field.description for field in SourceSettings.model_fields.values())
