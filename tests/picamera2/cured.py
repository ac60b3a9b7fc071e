"""Runs a Python module with the real Picamera2 on libcamera's virtual camera, which differs from a Raspberry Pi's.

Usage: python -m cured MODULE ARGUMENT...    The environment may set

* VIRTUAL_CAMERA_FPS: the rate at which the camera is to give frames; else it gives them as fast as they are taken;
* VIRTUAL_CAMERA_HELD: a file; as long as it is there the camera gives nothing, and where it says ``hung``, the camera
  cannot be closed either;
* VIRTUAL_CAMERA_PADDING: how many bytes at the end of each row are no part of the picture.
"""

import os
import runpy
import sys
import time
from pathlib import Path
from types import ModuleType, SimpleNamespace

import libcamera

_TURN_S = 0.02


class MemoryHeap:
    """Stands in for the kernel's DMA heaps, which most machines lack: ordinary memory behind a descriptor."""

    def alloc(self, name: str, size: int) -> object:
        from picamera2.dma_heap import UniqueFD

        descriptor = os.memfd_create(name, os.MFD_CLOEXEC)
        os.ftruncate(descriptor, size)
        return UniqueFD(descriptor)

    def close(self) -> None:
        """There is nothing to let go of."""


class FrameBufferInTwoPlanes:
    """Makes frame buffers as the virtual camera wants them for NV12, where Picamera2 takes one plane for all."""

    Plane = libcamera.FrameBuffer.Plane

    def __new__(cls, planes):
        (luma,) = planes
        chroma = cls.Plane()
        chroma.fd, chroma.length = luma.fd, luma.length // 3
        luma.length -= chroma.length
        chroma.offset = luma.offset + luma.length
        return libcamera.FrameBuffer([luma, chroma])


def video_modes(camera) -> list[dict]:
    """The sizes of the role for video, in the form of a sensor's raw modes; the virtual camera has no raw role."""
    formats = camera.camera.generate_configuration([libcamera.StreamRole.VideoRecording]).at(0).formats
    return [
        {"format": str(pixels), "size": (size.width, size.height)}
        for pixels in formats.pixel_formats
        for size in formats.sizes(pixels)
    ]


def at_a_sensors_pace(handle_request):
    """``NullPreview.handle_request``, held back so that frames come at a sensor's rate, or not at all."""
    step_s = 1.0 / float(os.environ.get("VIRTUAL_CAMERA_FPS", "inf"))
    held = Path(os.environ.get("VIRTUAL_CAMERA_HELD", "/nonexistent"))
    due_s = 0.0

    def handle_request_when_due(preview, camera) -> None:
        nonlocal due_s
        while held.exists() and not (preview._abort.is_set() and held.read_text(encoding="utf-8") != "hung"):
            time.sleep(_TURN_S)
        now_s = time.monotonic()
        due_s = max(due_s + step_s, now_s)
        time.sleep(due_s - now_s)
        handle_request(preview, camera)

    return handle_request_when_due


def leave_out_padding(update):
    """Picamera2's ``_update_stream_config``, telling a smaller width, so that rows end in bytes that are no picture."""
    padding = int(os.environ.get("VIRTUAL_CAMERA_PADDING", "0"))

    def update_stream_config(camera, stream, given) -> None:
        update(camera, stream, given)
        width, height = stream["size"]
        stream["size"] = (width - padding, height)

    return update_stream_config


def stand_in_for_kms() -> None:
    """What Picamera2 imports for its preview on a display, which is not used."""
    pykms = ModuleType("pykms")
    pykms.PixelFormat = type("PixelFormat", (), {"__getattr__": lambda _, name: name})()  # type: ignore[attr-defined]
    sys.modules["pykms"] = pykms


def cure() -> None:
    """Bridge what Picamera2 expects of a Raspberry Pi and this camera lacks."""
    stand_in_for_kms()
    from picamera2 import Picamera2
    from picamera2.allocators import dmaallocator
    from picamera2.previews.null_preview import NullPreview

    dmaallocator.DmaHeap = MemoryHeap
    dmaallocator.fcntl = SimpleNamespace(ioctl=lambda *_: 0)  # ordinary memory needs no synchronising
    dmaallocator.libcamera = SimpleNamespace(FrameBuffer=FrameBufferInTwoPlanes)
    Picamera2._get_raw_modes = video_modes
    Picamera2._update_stream_config = leave_out_padding(Picamera2._update_stream_config)
    # libcamera 0.4 never sets the status of a virtual camera's buffers: it is what was in the memory before.
    libcamera.FrameMetadata.Status.__eq__ = lambda *_: True
    NullPreview.handle_request = at_a_sensors_pace(NullPreview.handle_request)


if __name__ == "__main__":
    cure()
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
