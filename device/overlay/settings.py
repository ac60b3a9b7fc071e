"""How the overlay looks: the configuration's section ``overlay``."""

import difflib
from collections.abc import Sequence
from typing import Literal

from pydantic import Field, field_validator

from device.errors import ConfigError
from device.records import UNCERTAIN
from device.section import Section, WholePath

PrivacyMode = Literal["full", "blur", "boxes"]
Driver = Literal["auto", "wayland", "x11", "kmsdrm"]
_LONGEST_LABEL = 24


class OverlaySettings(Section):
    """The look of the display, of recordings and of snapshots."""

    enabled: bool = Field(default=False, description="true shows on an attached display what the device sees")
    driver: Driver = Field(
        default="auto",
        description="wayland or x11: a window on a desktop; kmsdrm: a bare console; auto: the first that works",
    )
    display: int = Field(
        default=0, ge=0, le=15, description="the number of the display, from 0, on a desktop with several"
    )
    fullscreen: bool | None = Field(
        default=None, description="null is a window on a desktop; a bare console is always full screen"
    )
    width: int = Field(default=1280, ge=160, le=7680, description="width of the window, pixels")
    height: int = Field(default=720, ge=120, le=4320, description="height of the window, pixels")
    fps: float = Field(
        default=15.0, ge=1.0, le=60.0, description="how often the display is drawn, times per second at most"
    )
    privacy: PrivacyMode = Field(
        default="full",
        description="full: the camera's picture; blur: the picture, with the faces that are found made "
        "unrecognisable; boxes: no picture",
    )
    mirror: bool = Field(
        default=True, description="true shows the display's picture as a mirror does; files are never mirrored"
    )
    labels: dict[str, str] | None = Field(
        default=None, description="other words for emotions and for `uncertain`; null takes the model's own"
    )
    font: WholePath | None = Field(
        default=None,
        description="TrueType or OpenType file for other scripts; null takes the bundled font, with Latin, Greek and "
        "Cyrillic",
    )
    text_scale: float = Field(
        default=1.0, ge=0.4, le=3.0, description="size of all text; 1 is legible at 2 m on a 24 inch screen"
    )
    idle_after_s: float = Field(
        default=60.0, ge=0.0, le=86400.0, description="seconds without a face until the display dims; 0 never dims"
    )

    @field_validator("labels")
    @classmethod
    def _check_words(cls, labels: dict[str, str] | None) -> dict[str, str] | None:
        for label, word in (labels or {}).items():
            if not word.strip() or not word.isprintable() or len(word) > _LONGEST_LABEL:
                raise ValueError(f"a word of 1 to {_LONGEST_LABEL} printable characters for {label}")
        return labels

    @property
    def wants_pictures(self) -> bool:
        """Whether the camera's picture is to be shown on a display."""
        return self.enabled and self.privacy != "boxes"

    def word_for(self, emotion: str) -> str:
        """What to call ``emotion``, a label of the model or ``uncertain``."""
        return (self.labels or {}).get(emotion, emotion)

    def require_known_labels(self, labels: Sequence[str]) -> None:
        """Make sure that only emotions of the model have words.

        Raises:
            ConfigError: ``overlay.labels`` names something else, a misspelling say.
        """
        known = [*labels, UNCERTAIN]
        for label in self.labels or {}:
            if label not in known:
                near = difflib.get_close_matches(label, known, n=1, cutoff=0.5)
                remedy = f"did you mean `{near[0]}`?" if near else f"it knows {', '.join(known)}"
                raise ConfigError(f"overlay.labels has a word for `{label}`, which the model does not know", remedy)
