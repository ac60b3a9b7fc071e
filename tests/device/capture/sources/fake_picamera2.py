"""Picamera2 and libcamera as far as the adapter uses them, with a camera of a test's making."""

import os
import sys
from concurrent.futures import Future
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import numpy as np

CONTROLS = ("FrameDurationLimits", "AfMode", "AfTrigger", "LensPosition", "ExposureTime", "AnalogueGain")


@dataclass
class Machine:
    """What the fake modules find, and what was done to it."""

    cameras: int = 1
    controls: tuple[str, ...] = CONTROLS
    formats: dict[str, str] = field(default_factory=dict)
    """Formats that the camera gives instead of what is asked for, by stream."""
    padding: int = 0
    """Bytes that each row is longer than its pixels."""
    streams: int = 2
    init_error: str = ""
    start_error: str = ""
    requests: list["Request"] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    opened: int = 0
    closed: int = 0
    flushed: int = 0


class Request:
    """One captured frame: buffers by stream and metadata."""

    def __init__(self, buffers: dict[str, np.ndarray], metadata: dict[str, Any] | None = None) -> None:
        self.buffers = buffers
        self.metadata = metadata or {}
        self.released = 0

    def get_metadata(self):
        return self.metadata

    def release(self):
        """The buffers go back, and the camera writes the next frame into them."""
        self.released += 1
        for buffer in self.buffers.values():
            buffer[:] = 77


class MappedArray:
    def __init__(self, request, stream, *, reshape, write):
        assert not reshape
        assert not write
        self._buffer = request.buffers[stream]

    def __enter__(self):
        self.array = self._buffer
        return self

    def __exit__(self, *_):
        del self.array


@dataclass
class Transform:
    hflip: bool = False
    vflip: bool = False


class ColorSpace:
    @staticmethod
    def Sycc():  # noqa: N802 - libcamera's name
        return "sYCC"


class Picamera2:
    """A camera of ``machine``."""

    machine: Machine

    @classmethod
    def global_camera_info(cls):
        return [{"Num": number} for number in range(cls.machine.cameras)]

    def __init__(self, number):
        self.is_open = False
        reading, self.notifyme_w = os.pipe2(os.O_NONBLOCK)
        self.notifymeread = os.fdopen(reading, "rb")
        if self.machine.init_error:
            raise RuntimeError("Camera __init__ sequence did not complete.") from RuntimeError(self.machine.init_error)
        self.is_open = True
        self.number = number
        self.machine.opened += 1
        self.camera_controls = dict.fromkeys(self.machine.controls)

    def create_video_configuration(self, *, main, lores, **others):
        return {"main": dict(main), "lores": lores and dict(lores)} | others

    def configure(self, configuration):
        self.machine.asked.append(configuration)
        self.given: dict[str, Any] = {"main": None, "lores": None}
        for count, name in enumerate(("main", "lores")):
            if not configuration[name]:
                continue
            if count >= self.machine.streams:
                raise RuntimeError(f"Invalid camera configuration: {configuration}")
            width, height = configuration[name]["size"]
            given = self.machine.formats.get(name, configuration[name]["format"])
            stride = width * {"RGB888": 3, "XRGB8888": 4}.get(given, 1) + self.machine.padding
            self.given[name] = {"format": given, "size": (width, height), "stride": stride}

    def camera_configuration(self):
        return self.given

    def start(self):
        if self.machine.start_error:
            raise RuntimeError(self.machine.start_error)

    def capture_request(self, *, wait):
        self.machine.waits.append(wait)
        if not self.machine.requests:
            return Future().result(timeout=0.0)
        return self.machine.requests.pop(0)

    def cancel_all_and_flush(self):
        self.machine.flushed += 1

    def close(self):
        self.machine.closed += 1
        self.is_open = False
        self.notifymeread.close()
        os.close(self.notifyme_w)


def install(monkeypatch, machine: Machine) -> None:
    """Let ``import picamera2`` and ``import libcamera`` find a camera of ``machine``."""
    picamera2, libcamera = ModuleType("picamera2"), ModuleType("libcamera")
    vars(picamera2).update(Picamera2=type("Picamera2", (Picamera2,), {"machine": machine}), MappedArray=MappedArray)
    vars(libcamera).update(ColorSpace=ColorSpace, Transform=Transform)
    monkeypatch.setitem(sys.modules, "picamera2", picamera2)
    monkeypatch.setitem(sys.modules, "libcamera", libcamera)
