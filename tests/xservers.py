"""A real X server without a monitor: what is on its screen, and a hand on its keyboard."""

import ctypes
import os
import shutil
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.brokers import wait_until

WIDTH, HEIGHT = 1024, 768
_CLIENT_MESSAGE = 33


class XServer:
    """Xvfb on a free display number, or on that of ``display``, with a window manager on it.

    What it shows lies in a file of ``folder``.
    """

    def __init__(self, folder: Path, display: str | None = None) -> None:
        self._screen = folder / "Xvfb_screen0"
        read_end, write_end = os.pipe()
        self.process = subprocess.Popen(
            [
                *(
                    "Xvfb",
                    *([display] if display else []),
                    "-displayfd",
                    str(write_end),
                    "-fbdir",
                    str(folder),
                    "-nolisten",
                    "tcp",
                ),
                *("-screen", "0", f"{WIDTH}x{HEIGHT}x24"),
            ],
            pass_fds=[write_end],
            stderr=subprocess.DEVNULL,
        )
        os.close(write_end)
        with os.fdopen(read_end) as told:
            self.display = f":{told.readline().strip()}"
        self._manager = subprocess.Popen(
            ["openbox", "--config-file", "/dev/null"], env=self.environment, stderr=subprocess.DEVNULL
        )

    def screenshot(self) -> NDArray[np.uint8]:
        """What the screen shows now, uint8 (height, width, 3) BGR; the file is an XWD dump (XWDFile.h)."""
        data = self._screen.read_bytes()
        header = struct.unpack(">25I", data[:100])
        header_bytes, bytes_per_line, colours = header[0], header[12], header[19]
        begin = header_bytes + 12 * colours
        rows = np.frombuffer(data, np.uint8, HEIGHT * bytes_per_line, begin).reshape(HEIGHT, bytes_per_line)
        return rows[:, : 4 * WIDTH].reshape(HEIGHT, WIDTH, 4)[..., :3]

    def act(self, *arguments: str) -> str:
        """Let xdotool do something; returns what it says."""
        answer = subprocess.run(
            ["xdotool", *arguments], env=self.environment, capture_output=True, text=True, check=True, timeout=30
        )
        return answer.stdout.strip()

    def windows(self) -> list[str]:
        """The numbers of the overlay's windows that can be seen."""
        search = ["xdotool", "search", "--onlyvisible", "--class", "^affectd$"]
        answer = subprocess.run(search, env=self.environment, capture_output=True, text=True, check=False, timeout=30)
        return answer.stdout.split()

    def wait_for_window(self) -> str:
        wait_until(self.windows, "the overlay's window")
        return self.windows()[0]

    def geometry(self, window: str) -> tuple[int, int]:
        """(width, height) of ``window``."""
        told = dict(line.split("=") for line in self.act("getwindowgeometry", "--shell", window).splitlines())
        return int(told["WIDTH"]), int(told["HEIGHT"])

    def close_window(self, window: str) -> None:
        """Ask ``window`` to close as a window manager's button does (ICCCM, WM_DELETE_WINDOW)."""
        xlib = ctypes.CDLL("libX11.so.6")
        xlib.XOpenDisplay.restype = ctypes.c_void_p
        xlib.XInternAtom.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int]
        xlib.XInternAtom.restype = ctypes.c_ulong
        xlib.XSendEvent.argtypes = [ctypes.c_void_p, ctypes.c_ulong, ctypes.c_int, ctypes.c_long, ctypes.c_void_p]
        xlib.XCloseDisplay.argtypes = [ctypes.c_void_p]
        server = xlib.XOpenDisplay(self.display.encode())
        protocols = xlib.XInternAtom(server, b"WM_PROTOCOLS", 0)
        delete = xlib.XInternAtom(server, b"WM_DELETE_WINDOW", 0)
        # struct XClientMessageEvent: type, serial, send_event, display, window, message_type, format, data
        values = (_CLIENT_MESSAGE, 0, 1, 0, int(window), protocols, 32, delete, 0, 0, 0, 0)
        event = struct.pack("@iLiPLLi5l", *values)
        xlib.XSendEvent(server, int(window), 0, 0, event.ljust(24 * 8, b"\0"))
        xlib.XCloseDisplay(server)

    def end(self) -> None:
        """As if its plug were pulled."""
        for process in (self.process, self._manager):
            process.kill()
            process.wait(30)

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a program that is to use it."""
        kept = {name: value for name, value in os.environ.items() if name not in {"WAYLAND_DISPLAY", "SDL_VIDEODRIVER"}}
        return kept | {"DISPLAY": self.display}


@pytest.fixture
def xserver(tmp_path: Path) -> Iterator[XServer]:
    """An X server with nothing on it."""
    missing = [program for program in ("Xvfb", "xdotool", "openbox") if shutil.which(program) is None]
    if missing:
        pytest.skip(f"needs {' and '.join(missing)}: apt-get install xvfb xdotool openbox")
    folder = tmp_path / "xvfb"
    folder.mkdir()
    server = XServer(folder)
    yield server
    server.end()
