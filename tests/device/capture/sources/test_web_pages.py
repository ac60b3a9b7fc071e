"""Cameras that give single pictures, ask for a password, redirect, or give a video."""

import threading
import time

import cv2
import pytest

from device.capture.sources.web_camera import WebCamera
from device.errors import SourceError
from tests.device.capture.sources.films import level_of, picture
from tests.device.capture.sources.matroska import jpeg, matroska
from tests.device.capture.sources.web import camera_jpeg, opened, web
from tests.device.contract.test_picture_header import huge_jpeg
from tests.fakes import FakeClock

__all__ = ["web"]


def test_a_single_picture_is_asked_for_again_and_again_at_the_rate_that_is_wanted(web):
    levels = iter(range(50, 250, 10))
    web.answers["/snapshot.jpg"] = lambda page: page.give(camera_jpeg(next(levels)), "image/jpeg")
    begun_s = time.monotonic()
    with opened(f"{web.url}/snapshot.jpg?user=me", fps=20.0) as source:
        frames = [source.read() for _ in range(5)]
    assert [level_of(frame.grey) for frame in frames] == [50, 60, 70, 80, 90]
    assert [frame.index for frame in frames] == [0, 1, 2, 3, 4]
    assert time.monotonic() - begun_s >= 4 / 20.0
    assert len(web.asked) == 5


@pytest.mark.parametrize("kind", ["image/jpg", "image/pjpeg", "application/octet-stream", "image/png"])
def test_a_picture_is_known_as_one_whatever_its_type_is_called(web, kind):
    suffix = ".png" if kind == "image/png" else ".jpg"
    content = cv2.imencode(suffix, picture(90))[1].tobytes()
    web.answers["/"] = lambda page: page.give(content, kind)
    with opened(web.url, colour="whole", fps=100.0) as source:
        assert level_of(source.read().grey) == 90
        assert source.read().bgr.shape[2] == 3


def test_a_server_that_hangs_up_after_each_picture_is_asked_anew(web):
    def answer(page):
        page.give(camera_jpeg(90), "image/jpeg", Connection="close")
        page.close_connection = True

    web.answers["/"] = answer
    with opened(web.url, fps=100.0) as source:
        assert [level_of(source.read().grey) for _ in range(3)] == [90, 90, 90]


@pytest.mark.parametrize("scheme", ["Basic", "Digest MD5", "Digest SHA-256"])
def test_a_user_and_a_password_are_given_when_the_camera_asks_for_them(web, scheme):
    kind, _, algorithm = scheme.partition(" ")
    challenge = f'{kind} realm="camera"' + (f', nonce="n", qop="auth", algorithm={algorithm}' if algorithm else "")

    def answer(page):
        if page.headers.get("Authorization", "").startswith(kind):
            page.give(camera_jpeg(90), "image/jpeg")
        else:
            page.give(b"who are you?", "text/plain", 401, WWW_Authenticate=challenge)

    web.answers["/"] = answer
    with opened(web.url.replace("//", "//me:p%40ss@"), fps=100.0) as source:
        assert [level_of(source.read().grey) for _ in range(3)] == [90, 90, 90]
    assert [told != "" for _, told in web.asked] == [False, True, True, True]


def test_a_wrong_password_is_called_that(web):
    web.answers["/"] = lambda page: page.give(b"", "text/plain", 401, WWW_Authenticate='Basic realm="camera"')
    with pytest.raises(SourceError, match=r"answers 401 \(Unauthorized\); correct the user and password"):
        WebCamera(web.url.replace("//", "//me:hunter2@"), FakeClock()).open()


def test_a_redirection_of_the_same_host_is_followed_and_one_to_another_is_not(web):
    web.answers["/old"] = lambda page: page.give(b"", "text/plain", 302, Location="/new")
    web.answers["/new"] = lambda page: page.give(camera_jpeg(90), "image/jpeg")
    with opened(f"{web.url}/old") as source:
        assert level_of(source.read().grey) == 90
    web.answers["/evil"] = lambda page: page.give(b"", "text/plain", 302, Location="http://192.0.2.1/router/reboot")
    with pytest.raises(SourceError, match=r"leads to another host, 192\.0\.2\.1"):
        WebCamera(f"{web.url}/evil", FakeClock()).open()
    web.answers["/file"] = lambda page: page.give(b"", "text/plain", 302, Location="file:///etc/passwd")
    with pytest.raises(SourceError, match="leads to another host"):
        WebCamera(f"{web.url}/file", FakeClock()).open()


def test_a_camera_that_redirects_for_ever_is_given_up(web):
    web.answers["/"] = lambda page: page.give(b"", "text/plain", 302, Location="/")
    with pytest.raises(SourceError, match="redirects again and again"):
        WebCamera(web.url, FakeClock()).open()


def test_a_picture_that_claims_too_much_is_refused_by_name(web):
    web.answers["/"] = lambda page: page.give(huge_jpeg(65_000, 65_000), "image/jpeg")
    with opened(web.url) as source, pytest.raises(SourceError, match=r"more than source\.max_megapixels, 25, allows"):
        source.read()


def test_a_picture_without_end_is_refused_before_it_takes_the_memory(web):
    def answer(page):
        page.send_response(200)
        page.send_header("Content-Type", "image/jpeg")
        page.end_headers()
        while True:
            page.wfile.write(b"\xff\xd8" + b"x" * 100_000)

    web.answers["/"] = answer
    with (
        opened(web.url, max_pixels=1_000_000) as source,
        pytest.raises(SourceError, match="of more than 2 MB"),
    ):
        source.read()


def test_a_camera_that_falls_silent_is_told_as_one(web):
    def answer(page):
        page.send_response(200)
        page.send_header("Content-Type", "multipart/x-mixed-replace; boundary=b")
        page.end_headers()
        page.wfile.write(b"--b\r\n\r\n" + camera_jpeg(90) + b"\r\n--b\r\n")
        threading.Event().wait(30.0)

    web.answers["/"] = answer
    with opened(web.url, read_timeout_s=0.2) as source:
        assert level_of(source.read().grey) == 90
        with pytest.raises(SourceError, match="gives no more frames: timed out"):
            source.read()


def test_empty_parts_are_passed_over(web):
    def answer(page):
        page.send_response(200)
        page.send_header("Content-Type", "multipart/x-mixed-replace; boundary=b")
        page.end_headers()
        for level in (50, 100):
            page.wfile.write(b"--b\r\nContent-Type: image/jpeg\r\nContent-Length: 0\r\n\r\n\r\n")
            page.wfile.write(b"--b\r\nContent-Type: image/jpeg\r\n\r\n" + camera_jpeg(level) + b"\r\n")
        page.wfile.write(b"--b\r\n")
        page.close_connection = True

    web.answers["/"] = answer
    with opened(web.url) as source:
        assert [level_of(source.read().grey) for _ in range(2)] == [50, 100]


VIDEO = matroska([(100 * number, jpeg(10 * number)) for number in range(1, 11)], (64, 48), frame_ms=100)


def test_a_video_over_http_goes_to_ffmpeg(web):
    web.answers["/video"] = lambda page: page.give(VIDEO, "video/x-matroska")
    with opened(f"{web.url}/video") as source:
        assert [level_of(source.read().grey) for _ in range(3)] == [10, 20, 30]
        with pytest.raises(SourceError, match="gives no more frames"):
            list(iter(source.read, None))


def test_what_is_no_video_is_refused(web):
    web.answers["/"] = lambda page: page.give(b"<html>" * 5000, "text/html")
    with pytest.raises(SourceError, match=r"a server answers at .* but gives no video"):
        WebCamera(web.url, FakeClock()).open()


PLAYLIST = b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXT-X-MEDIA-SEQUENCE:7\n#EXTINF:1,\n%s\n#EXT-X-ENDLIST\n"


def test_a_playlist_is_read_from_its_own_host(web):
    master = b"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nlow/list.m3u8\n"
    web.answers["/live.m3u8"] = lambda page: page.give(master, "application/vnd.apple.mpegurl")
    web.answers["/low/list.m3u8"] = lambda page: page.give(PLAYLIST % b"seven.mkv", "application/x-mpegURL")
    web.answers["/low/seven.mkv"] = lambda page: page.give(VIDEO, "video/x-matroska")
    with opened(f"{web.url}/live.m3u8") as source:
        assert [level_of(source.read().grey) for _ in range(3)] == [10, 20, 30]


@pytest.mark.parametrize("address", [b"http://192.0.2.1/router/reboot", b"file:///etc/passwd", b"//192.0.2.1/x"])
def test_a_playlist_that_names_another_host_is_refused_and_that_host_not_asked(web, address):
    web.answers["/"] = lambda page: page.give(PLAYLIST % address, "application/vnd.apple.mpegurl")
    with pytest.raises(SourceError, match="leads to another host"):
        WebCamera(web.url, FakeClock()).open()
