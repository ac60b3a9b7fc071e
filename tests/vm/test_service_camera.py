"""A V4L2 camera, the kernel's own test device, under the service's sandbox: there late, pulled out, put in again."""

import pytest

from tests.vm.test_v4l2 import CAMERA, DRIVER, PLUG_IN

pytestmark = [pytest.mark.slow, pytest.mark.integration]

# No start of the daemon is in it.
SOON_S = 180.0
SOURCE = {"uri": CAMERA, "width": 320, "height": 180, "fps": 10, "reopen_delay_s": 0.5, "reopen_delay_max_s": 1.0}


@pytest.fixture(scope="module")
def blind(service):
    """The service, waiting for a camera; when it was started, the kernel knew of no such thing."""
    service.configure(source=SOURCE)
    service.machine.run("systemctl stop affectd && modprobe -r videodev && ! grep -qw video4linux /proc/devices")
    service.restart()
    service.wait_until_says(f"no picture from {CAMERA}")
    yield service
    # The service holds the camera.
    service.machine.run("systemctl stop affectd && modprobe -r vivid")


def plug_in(service) -> float:
    """Load the camera's driver; returns the machine's time just before."""
    return float(service.machine.run(f"date +%s.%N && {PLUG_IN}"))


def test_the_first_camera_ever_is_taken_up_though_its_driver_came_after_the_service(blind):
    plugged_s = plug_in(blind)
    seen = blind.wait_for_source("ok", plugged_s, SOON_S)
    print(f"\nthe first camera was taken up {seen.time_s - plugged_s:.1f} s after its driver came")
    blind.wait_until_says(f"watching {CAMERA}; connected to the broker")


def test_a_camera_that_is_pulled_out_is_lost_and_is_taken_up_when_its_driver_is_back(blind):
    pid = blind.pid
    pulled_s = float(blind.machine.run(f"date +%s.%N && echo vivid.0 >{DRIVER}/unbind"))
    lost = blind.wait_for_source("lost", pulled_s, SOON_S)
    blind.wait_until_says(f"no picture from {CAMERA}: no camera at {CAMERA}")
    # The driver can only go once the daemon has let go of the camera.
    blind.machine.wait_until("modprobe -r vivid", "the driver to be given back")
    plugged_s = plug_in(blind)
    back = blind.wait_for_source("ok", plugged_s, SOON_S)
    print(
        f"\nlost {lost.time_s - pulled_s:.1f} s after the pull, back {back.time_s - plugged_s:.1f} s after plugging in"
    )
    assert blind.pid == pid
    assert blind.show()["NRestarts"] == "0"
