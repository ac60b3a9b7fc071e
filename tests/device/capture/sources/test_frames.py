import cv2

from device.capture.sources.frames import set_up_opencv


def test_opencv_is_quiet_where_its_log_level_was_set_before_4_12(monkeypatch):
    levels = []
    monkeypatch.delenv("OPENCV_LOG_LEVEL", raising=False)
    monkeypatch.setattr(cv2, "setLogLevel", levels.append, raising=False)
    set_up_opencv()
    assert levels == [0]


def test_opencv_is_quiet_here(monkeypatch, capfd):
    monkeypatch.delenv("OPENCV_LOG_LEVEL", raising=False)
    set_up_opencv()
    assert not cv2.VideoCapture("/no/such/film.mkv", cv2.CAP_FFMPEG).isOpened()
    assert capfd.readouterr().err == ""


def test_who_asks_opencv_to_speak_is_not_overruled(monkeypatch):
    levels = []
    monkeypatch.setenv("OPENCV_LOG_LEVEL", "DEBUG")
    monkeypatch.setattr(cv2, "setLogLevel", levels.append, raising=False)
    set_up_opencv()
    assert levels == []
