"""The real daemon on the real Picamera2: faces become events, and a camera that fails is told of and taken up again."""

import signal
import time

import pytest

from device.demo import load_true_boxes
from device.errors import EXIT_HANG
from device.records import Box
from tests.brokers import LOOPBACK, wait_until
from tests.picamera2.camera import PATIENCE_S

pytestmark = [pytest.mark.slow, pytest.mark.integration]

WIDTH, HEIGHT = 640, 480
STALL_S = 2.0
NOTICED_S = 5.0


@pytest.fixture(scope="module")
def camera(plug_in, clip):
    return plug_in(clip)


@pytest.fixture(scope="module")
def camera_on_faces(plug_in, clip):
    """There and back over a stretch in which both faces are in view all the time."""
    both = [all(face.visible > 0.9 for face in faces) and len(faces) == 2 for faces in load_true_boxes()[::4]]
    first = both.index(True)
    stretch = clip[first : both.index(False, first)]
    return plug_in(stretch + stretch[::-1])


class Household:
    """The daemon in the root, and a listener to its broker."""

    def __init__(self, camera, broker, listener) -> None:
        self.camera, self.listener = camera, listener
        mqtt = {"enabled": True, "host": LOOPBACK, "port": broker.port, "state_interval_s": 0.2}
        source = {"stall_timeout_s": STALL_S, "reopen_delay_s": 0.2, "reopen_delay_max_s": 0.5}
        self._log = camera.folder / "stderr"
        camera.held.unlink(missing_ok=True)
        with self._log.open("wb") as stderr:
            self.process = camera.start(
                "device", "run", "--config", camera.write_config(mqtt=mqtt, source=source), stderr=stderr
            )

    def source_states(self) -> list[str]:
        return [message.message["source"] for message in self.listener.on("state")]

    def wait_for_source(self, state: str) -> float:
        """Until the newest state says so; after how many seconds that was."""
        begun_s = time.monotonic()
        wait_until(lambda: self.source_states()[-1:] == [state], f"the source to be {state}; it said:\n{self.told}")
        return time.monotonic() - begun_s

    @property
    def told(self) -> str:
        return self._log.read_text(encoding="utf-8")

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)


@pytest.fixture
def live(broker, listen, request):
    """Starts the daemon on a camera, with a broker."""

    def start(camera) -> Household:
        household = Household(camera, broker, listen(broker.port))
        request.addfinalizer(household.end)
        return household

    return start


def test_doctor_finds_the_camera_and_says_what_it_gives(camera):
    answer = camera.run("device", "doctor", "--config", camera.write_config())
    (line,) = (line for line in answer.stdout.splitlines() if "camera  " in line)
    assert line.startswith("ok"), answer.stdout
    assert "frames of 640 x 480 pixels" in line


def test_the_faces_of_the_clip_are_found_and_told(camera, live):
    household = live(camera)
    listener = household.listener
    kinds = {"face_appeared", "emotion_changed", "face_left"}
    wait_until(lambda: {event["type"] for event in listener.events()} >= kinds, "events of each kind", 90)
    household.process.send_signal(signal.SIGTERM)
    assert household.process.wait(30) == 0, household.told
    truth = [Box(*face.box_xywh) for faces in load_true_boxes() for face in faces if face.visible > 0.5]
    for event in listener.events():
        share = event["box"]
        box = Box(share["x"] * WIDTH, share["y"] * HEIGHT, share["w"] * WIDTH, share["h"] * HEIGHT)
        assert max(box.iou(true) for true in truth) > 0.4, event


def test_a_camera_that_falls_silent_is_lost_within_five_seconds_and_comes_back(camera_on_faces, live):
    household = live(camera_on_faces)
    household.wait_for_source("ok")
    in_view = lambda: [message.message["faces"] for message in household.listener.on("state")][-1:]  # noqa: E731
    wait_until(lambda: in_view() and len(in_view()[0]) == 2, "both faces")
    camera_on_faces.held.touch()
    lost_s = household.wait_for_source("lost")
    camera_on_faces.held.unlink()
    back_s = household.wait_for_source("ok")
    print(f"silent: lost after {lost_s:.2f} s, back {back_s:.2f} s after its end")
    assert lost_s < NOTICED_S
    left = [event["reason"] for event in household.listener.events() if event["type"] == "face_left"]
    assert left[-2:] == ["source_lost", "source_lost"]


def test_a_camera_that_cannot_be_closed_ends_the_daemon(camera_on_faces, live):
    household = live(camera_on_faces)
    household.wait_for_source("ok")
    begun_s = time.monotonic()
    camera_on_faces.held.write_text("hung", encoding="utf-8")
    assert household.process.wait(PATIENCE_S) == EXIT_HANG, household.told
    print(f"hung: ended after {time.monotonic() - begun_s:.1f} s")
    assert household.source_states()[-1] == "lost"


def test_the_first_frame_is_through_soon_after_the_start(camera):
    seen = [camera.play("first_frame") for _ in range(3)]
    built_s, through_s = (min(each[key] for each in seen) for key in ("built_s", "through_s"))
    print(f"start to first frame through the pipeline: {through_s:.2f} s, of it {built_s:.2f} s until all is built")
    assert built_s < through_s
