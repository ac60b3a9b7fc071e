"""Cameras that show the bundled clip."""

from collections.abc import Callable, Iterator

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from device.demo import CLIP_PATH
from tests.brokers import broker, listen, silent_broker
from tests.picamera2.camera import VirtualCamera

__all__ = ["broker", "listen", "silent_broker"]


@pytest.fixture(scope="session")
def clip() -> list[NDArray[np.uint8]]:
    """Every fourth picture of the clip, BGR: libcamera shows each four times."""
    capture = cv2.VideoCapture(str(CLIP_PATH))
    pictures = []
    while (read := capture.read())[0]:
        pictures.append(read[1].astype(np.uint8, copy=False))
    return pictures[::4]


@pytest.fixture(scope="module")
def plug_in() -> Iterator[Callable[..., VirtualCamera]]:
    """Makes cameras of pictures; see `VirtualCamera`."""
    cameras: list[VirtualCamera] = []

    def make(pictures, **options) -> VirtualCamera:
        cameras.append(VirtualCamera(pictures, **options))
        return cameras[-1]

    yield make
    for camera in cameras:
        camera.remove()
