"""The overlay's process as the daemon starts it."""

from device.overlay.channel import Report, Update, daemon_end
from device.overlay.settings import OverlaySettings
from device.overlay.slot import PictureSlot
from device.system.companion import Companion

# Desktops know a window by its class, and pygame would take the script's name.
_FOR_PYGAME = {
    "PYGAME_HIDE_SUPPORT_PROMPT": "1",
    "SDL_VIDEO_X11_WMCLASS": "affectd",
    "SDL_VIDEO_WAYLAND_WMCLASS": "affectd",
}


class OverlayProcess(Companion[Update, Report]):
    """``python -m device.overlay``, running.

    Args:
        settings: the configuration's section ``overlay``.
        slot: where pictures are laid; the process sees it, and cannot write there.

    Raises:
        OSError: the process cannot be started.
    """

    def __init__(self, settings: OverlaySettings, slot: PictureSlot) -> None:
        super().__init__(
            "device.overlay",
            daemon_end,
            ("--slot", str(slot.descriptor), "--settings", settings.model_dump_json()),
            descriptors=(slot.descriptor,),
            environment=_FOR_PYGAME,
        )
