"""The camera fails, in every way that it can over a network, and the daemon says so in time and gets over it."""

import random
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import cv2
import numpy as np
import pytest

from device.capture.capture import build_capture
from device.capture.sources.settings import SourceSettings
from device.demo import CLIP_PATH, load_true_boxes
from device.errors import SourceError
from device.records import Frame
from device.system.clock import SystemClock
from tests.brokers import Listener, wait_until
from tests.cameras import MjpegCamera, RtspCamera, require_rtsp_server
from tests.integration.processes import Daemon, write_config
from tests.usage import Usage

pytestmark = pytest.mark.slow

NOTICED_WITHIN_S = 5.0
RECOVERED_WITHIN_S = 60.0
MOST_GROWTH_MB = 4.0
SHOWN = 40


@dataclass
class Book:
    """How long each fault took to be noticed and to be got over, seconds."""

    noticed_s: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    recovered_s: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def lines(self, camera: str) -> list[str]:
        return [
            f"{camera}: {fault}, {len(noticed_s)} times: noticed within {max(noticed_s):.1f} s, "
            f"back {max(self.recovered_s[fault]):.1f} s after its end"
            for fault, noticed_s in sorted(self.noticed_s.items())
        ]


def source_state(listener: Listener) -> str | None:
    states = listener.on("state")
    return states[-1].message["source"] if states else None


def faces_in_view(listener: Listener) -> int:
    states = listener.on("state")
    return len(states[-1].message["faces"]) if states else 0


def pictures_with_a_face() -> list[np.ndarray]:
    """A run of the bundled clip's pictures, half as large, in which one face is always whole."""
    whole = [any(face.visible == 1.0 for face in faces) for faces in load_true_boxes()]
    begin = next(number for number in range(len(whole)) if all(whole[number : number + SHOWN]))
    capture = cv2.VideoCapture(str(CLIP_PATH))
    pictures = [capture.read()[1] for _ in range(begin + SHOWN)][begin:]
    capture.release()
    noise = np.random.default_rng(1)
    small = [cv2.cvtColor(cv2.resize(picture, (320, 240)), cv2.COLOR_BGR2GRAY) for picture in pictures]
    return [np.clip(picture + noise.normal(0, 2, picture.shape), 0, 255).astype(np.uint8) for picture in small]


def endure(listener: Listener, book: Book, name: str, fault: Callable[[], object], cure: Callable[[], object]) -> None:
    """Let the camera fail, wait until the daemon says so, mend the camera, and wait until the daemon sees again."""
    begun_s = time.monotonic()
    fault()
    wait_until(lambda: source_state(listener) == "lost", f"{name} to be noticed")
    book.noticed_s[name].append(time.monotonic() - begun_s)
    mended_s = time.monotonic()
    cure()
    wait_until(lambda: source_state(listener) == "ok", f"{name} to be got over", RECOVERED_WITHIN_S)
    book.recovered_s[name].append(time.monotonic() - mended_s)


def close_the_book(book: Book, camera: str, before: Usage, after: Usage, remark: Callable[[str], None]) -> None:
    for line in book.lines(camera):
        remark(line)
    remark(
        f"{camera}: memory {before.memory_mb:.1f} -> {after.memory_mb:.1f} MB, "
        f"descriptors {before.descriptors} -> {after.descriptors}, threads {before.threads} -> {after.threads}"
    )
    assert max(max(times_s) for times_s in book.noticed_s.values()) <= NOTICED_WITHIN_S
    assert after.descriptors <= before.descriptors
    assert after.threads <= before.threads
    assert after.memory_mb - before.memory_mb <= MOST_GROWTH_MB


@pytest.fixture
def watch(site, tmp_path, request):
    """Starts a daemon on a URL, and somebody who listens to it."""

    def start(url: str) -> tuple[Daemon, Listener]:
        site.start_broker()
        listener = site.listen()
        config = write_config(
            tmp_path,
            site.broker.port,
            device={"state_dir": str(tmp_path / "state"), "runtime_dir": str(site.memory / "run")},
            source={"uri": url},
            mqtt={"state_interval_s": 1.0},
            classifier={"threads": 1},
        )
        daemon = Daemon(config, tmp_path / "stderr")
        request.addfinalizer(daemon.end)
        wait_until(lambda: source_state(listener) == "ok", "the daemon to watch", 60.0)
        return daemon, listener

    return start


def test_a_network_camera_that_fails_eighty_four_times_in_six_ways(watch, chance, remark):
    camera = MjpegCamera(pictures_with_a_face())
    camera.start()
    daemon, listener = watch(camera.url)
    kinds = ["black", "frozen", "other size", "silent", "truncated", "gone"]
    faults = kinds + chance.sample(kinds * 13, k=len(kinds) * 13)
    book, before = Book(), Usage.of(daemon.process.pid)
    try:
        for number, kind in enumerate(faults):
            wait_until(lambda: faces_in_view(listener) > 0, f"a face before fault {number}", RECOVERED_WITHIN_S)
            before_fault = len(ends_of_faces(listener))
            if kind == "gone":
                endure(listener, book, kind, camera.stop, camera.start)
            else:
                # Another size is a fault while it changes, and so is the way back.
                endure(listener, book, kind, *(partial(setattr, camera, "mode", mode) for mode in (kind, "live")))
            wait_until(partial(face_left_since, listener, before_fault), f"the face to leave for {kind}")
            if number == len(kinds) - 1:
                before = Usage.of(daemon.process.pid)
    finally:
        camera.stop()
    # Where the picture is black, the face is given up before the camera is.
    assert {event["reason"] for event in ends_of_faces(listener)} <= {"lost", "source_lost"}
    assert sum(event["reason"] == "source_lost" for event in ends_of_faces(listener)) >= len(faults) // 2
    close_the_book(book, "HTTP", before, Usage.of(daemon.process.pid), remark)
    assert "Traceback" not in daemon.told


def ends_of_faces(listener: Listener) -> list[dict]:
    return [event for event in listener.events() if event["type"] == "face_left"]


def face_left_since(listener: Listener, count: int) -> bool:
    return len(ends_of_faces(listener)) > count


def test_an_rtsp_camera_that_fails_sixteen_times_in_two_ways(watch, remark):
    require_rtsp_server()
    camera = RtspCamera()
    camera.start()
    daemon, listener = watch(camera.url)
    book, before = Book(), Usage.of(daemon.process.pid)
    try:
        for number in range(8):
            endure(listener, book, "gone", camera.stop, camera.start)
            endure(listener, book, "silent", camera.freeze, camera.thaw)
            if number == 1:
                before = Usage.of(daemon.process.pid)
    finally:
        camera.stop()
    close_the_book(book, "RTSP", before, Usage.of(daemon.process.pid), remark)
    assert "Traceback" not in daemon.told


class Plug:
    """A USB camera as its driver shows it: it goes in the middle of a read, is away for a while, and comes back."""

    name, live = "/dev/video0", True

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self.is_in = True
        self.opened = self.closed = self._index = 0

    def open(self) -> None:
        if not self.is_in:
            raise SourceError("no camera at /dev/video0")
        self.opened += 1

    def read(self) -> Frame:
        time.sleep(0.005)
        if not self.is_in:
            raise SourceError("/dev/video0 gives no more frames")
        clock, self._index = SystemClock(), self._index + 1
        pixels = np.frombuffer(self._chance.randbytes(64 * 48), np.uint8).reshape(48, 64)
        return Frame(pixels, clock.monotonic_s(), clock.now(), self._index)

    def close(self) -> None:
        self.closed += 1


def test_a_camera_that_is_unplugged_two_hundred_times(chance, remark):
    plug = Plug(chance)
    settings = SourceSettings(reopen_delay_s=0.01, reopen_delay_max_s=0.05)
    capture = build_capture(plug, settings, SystemClock())
    capture.start()
    threads, noticed_s = threading.active_count(), []
    for _ in range(200):
        wait_until(lambda: capture.next(0.1) is not None and capture.state == "ok", "the camera to be back")
        time.sleep(chance.uniform(0.0, 0.02))
        begun_s = time.monotonic()
        plug.is_in = False
        wait_until(lambda: capture.state == "lost", "the loss to be noticed")
        noticed_s.append(time.monotonic() - begun_s)
        plug.is_in = True
    wait_until(lambda: capture.next(0.1) is not None, "the camera to be back for good")
    assert threading.active_count() == threads
    assert capture.close()
    assert plug.opened == 201
    assert plug.closed >= plug.opened
    assert max(noticed_s) <= NOTICED_WITHIN_S
    remark(f"USB (played): unplugged, 200 times: noticed within {max(noticed_s):.2f} s")
