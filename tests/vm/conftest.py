"""One machine for all tests here, for a boot takes minutes; it has a display and an empty disk of its own."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from device.demo import CLIP_PATH
from tests.vm.machine import Machine

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
