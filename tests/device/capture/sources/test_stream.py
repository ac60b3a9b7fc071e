import socket
import threading
from contextlib import suppress
from typing import cast

import cv2
import pytest

from device.capture.sources.stream import Stream
from device.errors import SourceError
from tests.device.capture.sources.films import level_of, picture
from tests.fakes import FakeClock


def test_a_stream_whose_server_is_off_is_told_from_one_that_gives_no_video():
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]
    with pytest.raises(
        SourceError, match=f"nothing answers at rtsp://127.0.0.1:{port}/live: Connection refused"
    ) as off:
        Stream(f"rtsp://user:hunter2@127.0.0.1:{port}/live", FakeClock()).open()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up():
            with suppress(OSError):
                while True:
                    server.accept()[0].close()

        threading.Thread(target=hang_up, daemon=True).start()
        port = server.getsockname()[1]
        with pytest.raises(SourceError, match=r"a server answers .* but gives no video") as wrong:
            Stream(f"rtsp://user:hunter2@127.0.0.1:{port}/live", FakeClock()).open()
        server.shutdown(socket.SHUT_RDWR)
    assert "hunter2" not in f"{off.value} {wrong.value}"


class Tired:
    """FFmpeg's reader that has waited in vain, and gives an old frame out of its decoder then."""

    def __init__(self, waits_s):
        self.waits_s = waits_s

    def grab(self):
        threading.Event().wait(self.waits_s)
        return True

    def retrieve(self):
        return True, picture(50)

    def release(self):
        pass


def test_a_frame_that_took_as_long_as_the_patience_is_none():
    source = Stream("rtsp://camera.lan/live", FakeClock(), read_timeout_s=0.05)
    source._capture = cast("cv2.VideoCapture", Tired(0.06))
    with pytest.raises(SourceError, match="gives no more frames"):
        source.read()


def test_a_frame_that_came_in_time_is_one():
    source = Stream("rtsp://camera.lan/live", FakeClock(), read_timeout_s=60.0)
    source._capture = cast("cv2.VideoCapture", Tired(0.0))
    assert level_of(source.read().grey) == 50
