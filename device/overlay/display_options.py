"""What the person at the display has chosen, and the keys to choose it with."""

from dataclasses import dataclass

from device.overlay.settings import OverlaySettings, PrivacyMode

KEYS: tuple[tuple[str, str], ...] = (
    ("p", "pause: close the camera, open it again"),
    ("m", "mirror the picture"),
    ("f", "full screen or window"),
    ("h", "show or hide these keys"),
    ("q  Esc", "leave the display"),
)
"""Key and what it does, as the help card lists them; ``screen`` acts on them."""


@dataclass(frozen=True, slots=True)
class DisplayOptions:
    """One way to look at a scene.

    Attributes:
        privacy: how much of the picture is shown.
        mirrored: whether left and right are exchanged; text never is.
        help_shown: whether the card of keys lies over everything.
        status_shown: whether the bar with camera, frame rate and broker is there; recordings have none.
    """

    privacy: PrivacyMode = "full"
    mirrored: bool = False
    help_shown: bool = False
    status_shown: bool = True

    @classmethod
    def of(cls, settings: OverlaySettings) -> "DisplayOptions":
        """The view a display starts with."""
        return cls(privacy=settings.privacy, mirrored=settings.mirror)
