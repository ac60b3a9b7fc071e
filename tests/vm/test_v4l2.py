"""A real V4L2 camera, the kernel's own test device: read back, watched, pulled out and put in again."""

import json
import shlex
import time
from itertools import pairwise

import pytest

from tests.vm.affectd import Affectd

pytestmark = [pytest.mark.slow, pytest.mark.integration]

CAMERA = "/dev/video0"
PLUG_IN = "modprobe vivid n_devs=1 node_types=0x1 num_inputs=1 input_types=0 && udevadm settle"
DRIVER = "/sys/bus/platform/drivers/vivid"
# Bars at 75% in grey, by ITU-R BT.601: white, yellow, cyan, green, magenta, red, blue, black. Luma of YUYV is 16 for
# black and 235 for white; of colours OpenCV makes greys of 0 to 255.
BARS = (191, 169, 134, 112, 79, 57, 22, 0)
START_S = 900.0
SOON_S = 120.0


@pytest.fixture(scope="module")
def camera(machine):
    """Plugged in, and with a picture that changes."""
    machine.run(PLUG_IN)
    yield machine
    machine.run("modprobe -r vivid")


@pytest.fixture(scope="module")
def daemon(camera):
    timeouts = {"stall_timeout_s": 3.0, "frozen_timeout_s": 3.0, "blank_timeout_s": 3.0, "reopen_delay_s": 0.5}
    source = {"uri": CAMERA, "width": 320, "height": 180, "fps": 10, "reopen_delay_max_s": 1.0, "hang_timeout_s": 60.0}
    daemon = Affectd(camera, source=source | timeouts)
    begun_s = time.monotonic()
    daemon.wait_for_source("ok", START_S)
    print(f"\nthe daemon watched after {time.monotonic() - begun_s:.0f} s")
    yield daemon
    daemon.end()


def control(machine, **values: int) -> float:
    """Set vivid's controls; returns the machine's time just before, seconds since 1970."""
    text = ",".join(f"{name}={value}" for name, value in values.items())
    return float(machine.run(f"date +%s.%N && v4l2-ctl -d {CAMERA} -c {text}"))


def probe(machine, *sources):
    arguments = shlex.join(json.dumps({"uri": CAMERA, "stall_timeout_s": 60.0} | source) for source in sources)
    return json.loads(machine.run(f"cd /carried/affectd && python ../probe_camera.py {arguments}", START_S))


def test_size_rate_and_format_are_read_back_and_the_grey_is_the_picture_s(camera):
    control(camera, osd_text_mode=2)
    small, odd, jpeg = probe(
        camera,
        {"width": 320, "height": 180, "fps": 10},
        {"width": 600, "height": 400, "fps": 10},
        {"width": 320, "height": 180, "fps": 10, "pixel_format": "MJPG"},
    )
    control(camera, osd_text_mode=0)
    for seen in (small, odd, jpeg):
        print(seen["said"], seen["bars"])
        assert all(before < after for before, after in pairwise(seen["times_s"]))
        assert seen["bars"] == pytest.approx(BARS, abs=3)
    assert small["said"] == [f"{CAMERA} gives 320 x 180 at 10 fps as YUYV"]
    assert small["size"] == [320, 180]
    given = " x ".join(str(side) for side in odd["size"])
    assert odd["size"] != [600, 400]
    assert f"gives {given} at" in odd["said"][0]
    assert "(asked for 600 x 400 at 10 fps)" in odd["said"][0]
    # This camera has no JPEG.
    assert "(asked for 320 x 180 at 10 fps as MJPG)" in jpeg["said"][0]


def test_the_daemon_watches_it(daemon):
    assert f"{CAMERA} gives 320 x 180 at 10 fps as YUYV" in daemon.said
    assert f"watching {CAMERA}" in daemon.said
    assert daemon.states()[-1].source == "ok"


@pytest.mark.parametrize(
    ("fault", "cure", "told"),
    [
        ({"percentage_of_dropped_buffers": 100}, {"percentage_of_dropped_buffers": 0}, "no (more )?frame"),
        ({"osd_text_mode": 2}, {"osd_text_mode": 0}, "the same picture again and again"),
        ({"osd_text_mode": 2, "test_pattern": 5}, {"osd_text_mode": 0, "test_pattern": 0}, "without any noise"),
    ],
    ids=["silent", "frozen", "black"],
)
def test_a_camera_that_fails_is_lost_and_comes_back_by_itself(daemon, camera, fault, cure, told):
    failed_s = control(camera, **fault)
    lost = daemon.wait_for_source("lost", SOON_S, failed_s)
    daemon.wait_until_said(told, SOON_S)
    cured_s = control(camera, **cure)
    back = daemon.wait_for_source("ok", SOON_S, cured_s)
    print(f"\nlost {lost.time_s - failed_s:.1f} s after its fault, back {back.time_s - cured_s:.1f} s after its cure")
    assert failed_s < lost.time_s < cured_s < back.time_s


def test_a_camera_that_is_pulled_out_is_lost_and_is_taken_up_when_it_is_back(daemon, camera):
    pulled_s = float(camera.run(f"date +%s.%N && echo vivid.0 >{DRIVER}/unbind"))
    lost = daemon.wait_for_source("lost", SOON_S, pulled_s)
    daemon.wait_until_said(f"no camera at {CAMERA}", SOON_S)
    plugged_s = float(camera.run(f"date +%s.%N && echo vivid.0 >{DRIVER}/bind"))
    back = daemon.wait_for_source("ok", SOON_S, plugged_s)
    print(
        f"\nlost {lost.time_s - pulled_s:.1f} s after the pull, back {back.time_s - plugged_s:.1f} s after plugging in"
    )
    assert pulled_s < lost.time_s < plugged_s < back.time_s
