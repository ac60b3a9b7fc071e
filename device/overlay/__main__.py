"""The overlay's process, as `process` starts it: ``python -m device.overlay``; not for people."""

import argparse
import ctypes
import os
import signal
import socket
import sys
from contextlib import suppress

from device.cli import run_command
from device.errors import EXIT_OK, EXIT_UNAVAILABLE, AffectdError
from device.overlay.channel import OverlayEnd, Report, overlay_end
from device.overlay.settings import OverlaySettings
from device.overlay.slot import PictureSlot
from device.system.confinement import go_first

_PR_SET_PDEATHSIG = 1  # prctl(2)
_NICENESS = 10


def main() -> int:
    """Show what the daemon tells until it ends, a person leaves, or the display is lost; returns the exit code."""
    parser = argparse.ArgumentParser(prog="device.overlay")
    parser.add_argument("--channel", type=int, required=True, help="descriptor of the socket to the daemon")
    parser.add_argument("--slot", type=int, required=True, help="descriptor of the picture's memory")
    parser.add_argument("--settings", required=True, help="the section overlay, as JSON")
    options = parser.parse_args()
    _belong_to_the_daemon()
    settings = OverlaySettings.model_validate_json(options.settings)
    channel = overlay_end(socket.socket(fileno=options.channel))
    with PictureSlot(options.slot, writable=False) as slot:
        return _show(channel, slot, settings)


def _show(channel: OverlayEnd, slot: PictureSlot, settings: OverlaySettings) -> int:
    try:
        try:
            from device.overlay.screen import open_screen
        except ImportError as error:
            channel.say(Report("failed", f"pygame-ce cannot be loaded ({error}); pip install 'affectd[overlay]'"))
            return EXIT_UNAVAILABLE
        # The display first: where there is none, nothing else needs to be loaded.
        screen = open_screen(settings)
        import cv2

        from device.overlay.draw import Drawer
        from device.overlay.viewer import Viewer

        cv2.setNumThreads(1)
        viewer = Viewer(screen, Drawer(settings), channel, slot, settings=settings)
        channel.say(Report("shown", str(screen)))
        viewer.run()
    except AffectdError as error:
        channel.say(Report("failed", str(error)))
        return error.exit_code
    screen.close()
    return EXIT_OK


def _belong_to_the_daemon() -> None:
    """Stand back behind it, and end with it: at the socket's end, or by the kernel however hung this process is."""
    with suppress(OSError):  # a service's sandbox may forbid it
        os.nice(_NICENESS)
    go_first()
    daemon = os.getppid()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != daemon:
        os._exit(EXIT_UNAVAILABLE)
    # Ctrl-C and a service's stop reach all of its processes, and are for the daemon.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


if __name__ == "__main__":
    sys.exit(run_command("affectd overlay", main))
