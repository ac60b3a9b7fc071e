"""A boot takes minutes: one machine for the daemon from its source, one for the installed service, with displays."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from device.demo import CLIP_PATH
from tests.vm.installed import Installation, installation, next_package, require_package
from tests.vm.machine import Machine
from tests.vm.service import KERNEL, Service
from tests.vm.stream import write_pictures

_DISPLAY = ("-device", "VGA,xres=1280,yres=720")
_HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def picture_number() -> int:
    """A picture of the clip in which both faces are in full view."""
    return 100


@pytest.fixture(scope="session")
def clip_picture(picture_number) -> NDArray[np.uint8]:
    """That picture, BGR."""
    capture = cv2.VideoCapture(str(CLIP_PATH))
    pictures = [capture.read()[1] for _ in range(picture_number + 1)]
    return pictures[-1].astype(np.uint8, copy=False)


@pytest.fixture(scope="session")
def machine(tmp_path_factory, clip_picture) -> Iterator[Machine]:
    """A machine that runs, with a folder ``/carried/pictures`` of that one picture."""
    folder = tmp_path_factory.mktemp("machine")
    pictures = tmp_path_factory.mktemp("pictures")
    assert cv2.imwrite(str(pictures / "picture.png"), clip_picture)
    carried = {"pictures": pictures, "probe_camera.py": _HERE / "probe_camera.py"}
    machine = Machine(folder, carried=carried, devices=_DISPLAY)
    try:
        print(f"\nthe machine was there after {machine.boot():.0f} s")
        yield machine
    finally:
        machine.remove()


@pytest.fixture(scope="session")
def installed() -> Installation:
    """The package, installed on a disk that machines can lie over."""
    return installation()


@pytest.fixture(scope="session")
def service(installed, tmp_path_factory, clip_picture, picture_number) -> Iterator[Service]:
    """The service of a machine that has booted with it; ``/carried`` has pictures and the next package."""
    pictures = tmp_path_factory.mktemp("pictures")
    pictures.chmod(0o755)
    assert cv2.imwrite(str(pictures / "picture.png"), clip_picture)
    jumping = tmp_path_factory.mktemp("stream")
    write_pictures(jumping, clip_picture, picture_number)
    package = next_package(require_package(), tmp_path_factory.mktemp("package"))
    carried = {"pictures": pictures, "stream": jumping, "next.deb": package}
    folder = tmp_path_factory.mktemp("service")
    machine = Machine(folder, base=Path(installed.disk), carried=carried, devices=_DISPLAY, cores=2)
    try:
        print(f"\nthe machine with the service was there after {machine.boot(KERNEL):.0f} s")
        yield Service(machine)
    finally:
        machine.remove()
