"""The overlay's process, as `process` starts it: ``python -m device.overlay``; not for people."""

import argparse
import socket
import sys

from device.cli import run_command
from device.errors import EXIT_OK, EXIT_UNAVAILABLE, AffectdError
from device.overlay.channel import OverlayEnd, Report, overlay_end
from device.overlay.settings import OverlaySettings
from device.overlay.slot import PictureSlot
from device.system.companion import attach_to_daemon


def main() -> int:
    """Show what the daemon tells until it ends, a person leaves, or the display is lost; returns the exit code."""
    parser = argparse.ArgumentParser(prog="device.overlay")
    parser.add_argument("--channel", type=int, required=True, help="descriptor of the socket to the daemon")
    parser.add_argument("--slot", type=int, required=True, help="descriptor of the picture's memory")
    parser.add_argument("--settings", required=True, help="the section overlay, as JSON")
    options = parser.parse_args()
    attach_to_daemon()
    settings = OverlaySettings.model_validate_json(options.settings)
    channel = overlay_end(socket.socket(fileno=options.channel))
    with PictureSlot(options.slot, writable=False) as slot:
        return _show(channel, slot, settings)


def _show(channel: OverlayEnd, slot: PictureSlot, settings: OverlaySettings) -> int:
    try:
        try:
            from device.overlay.screen import open_screen
        except ImportError as error:
            channel.send(Report("failed", f"pygame-ce cannot be loaded ({error}); pip install 'affectd[overlay]'"))
            return EXIT_UNAVAILABLE
        # The display first: where there is none, nothing else needs to be loaded.
        screen = open_screen(settings)
        import cv2

        from device.overlay.draw import Drawer
        from device.overlay.viewer import Viewer

        cv2.setNumThreads(1)
        viewer = Viewer(screen, Drawer(settings), channel, slot, settings=settings)
        channel.send(Report("shown", str(screen)))
        viewer.run()
    except AffectdError as error:
        channel.send(Report("failed", str(error)))
        return error.exit_code
    screen.close()
    return EXIT_OK


if __name__ == "__main__":
    sys.exit(run_command("affectd overlay", main))
