"""The package's own environment sees the system's Picamera2, and its daemon watches with it."""

import shutil
import subprocess

import pytest

from tests.brokers import wait_until
from tests.package.roots import Root, require_package
from tests.picamera2.camera import ROOT, VirtualCamera, require_root
from tests.picamera2.test_daemon import Household

pytestmark = [pytest.mark.slow, pytest.mark.integration]

# What Raspberry Pi OS's python3-picamera2 brings beside Debian's packages; NumPy is Debian's there.
OF_PICAMERA2 = (
    *("picamera2", "pidng", "piexif", "simplejpeg", "videodev2", "libarchive", "tqdm", "prctl.py", "_prctl.*.so"),
    *("OpenEXR.*.so", "Imath.py", "ljpegCompress.*.so"),
)
LOOK = """
import cv2, device, libcamera, numpy, picamera2
for module in (picamera2, libcamera, numpy, cv2, device):
    print(module.__name__, module.__file__)
"""


@pytest.fixture(scope="module")
def camera(clip):
    """A camera in a root in which the package's files lie, and Picamera2 where the system has its packages."""
    require_root()
    package = require_package("deb13")
    root = Root("deb13", base=ROOT)
    try:
        subprocess.run(["dpkg-deb", "--extract", str(package), str(root.path)], check=True)
        venv = root.path / "venv/lib/python3.13/site-packages"
        for pattern in OF_PICAMERA2:
            (found,) = venv.glob(pattern)
            shutil.move(found, root.path / "usr/lib/python3/dist-packages" / found.name)
        plugged = VirtualCamera(clip, root=root.path, python="/opt/affectd/bin/python3")
        shutil.rmtree(plugged.folder / "device")
        yield plugged
    finally:
        root.remove()


def test_picamera2_is_the_system_s_and_numpy_the_package_s(camera):
    (camera.folder / "look.py").write_text(LOOK)
    done = camera.run("look")
    assert done.returncode == 0, done.stderr
    found = dict(line.split() for line in done.stdout.splitlines())
    assert found["picamera2"].startswith("/usr/lib/python3/dist-packages/")
    assert found["libcamera"].startswith("/usr/lib/python3/dist-packages/")
    for name in ("numpy", "cv2", "device"):
        assert found[name].startswith("/opt/affectd/lib/"), found


def test_doctor_finds_the_camera(camera):
    answer = camera.run("device", "doctor", "--config", camera.write_config())
    (line,) = (line for line in answer.stdout.splitlines() if "camera  " in line)
    assert line.startswith("ok"), answer.stdout
    assert "frames of 640 x 480 pixels" in line


def test_the_package_s_daemon_tells_of_the_faces_before_the_camera(camera, broker, listen):
    listener = listen(broker.port)
    household = Household(camera, broker, listener)
    try:
        kinds = {"face_appeared", "emotion_changed", "face_left"}
        wait_until(lambda: {event["type"] for event in listener.events()} >= kinds, "events of each kind", 90)
    finally:
        household.end()
