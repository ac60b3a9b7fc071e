"""How faces are searched for: the configuration's section ``detector``."""

from typing import Literal

from pydantic import Field

from device.section import Section, WholePath


class DetectorSettings(Section):
    """What looks for faces, how finely, and how often."""

    kind: Literal["auto", "haar", "yunet"] = Field(
        default="auto",
        description="what proposes faces: Haar cascades, which need no file; the network YuNet; auto takes the network "
        "where its file is installed, and the cascades else",
    )
    network: WholePath | None = Field(
        default=None,
        description="ONNX file of the network; where none is named, the one of `affectd detector install`",
    )
    look_px: int = Field(
        default=320,
        ge=96,
        le=1280,
        description="longer side of the picture that the network is shown, pixels; a larger one shows smaller faces, "
        "and costs as much more as it has pixels",
    )
    look_interval_s: float = Field(
        default=0.3,
        gt=0.0,
        le=60.0,
        description="time between two looks of the network at the whole picture while it changes, seconds",
    )
    cascade: WholePath | None = Field(
        default=None, description="XML file of a Haar cascade; where none is named, OpenCV's frontalface_alt2"
    )
    second_cascade: WholePath | None = Field(
        default=None,
        description="XML file of the cascade whose second opinion a new face needs; where none is named, OpenCV's "
        "frontalface_alt, which was trained on other pictures and errs elsewhere",
    )
    min_face: float = Field(
        default=0.055,
        ge=0.02,
        le=1.0,
        description="side of the smallest face that is searched for, as a share of the picture's height; a larger one "
        "is faster, for the search runs in a picture reduced so far",
    )
    scale_factor: float = Field(
        default=1.2,
        ge=1.05,
        le=1.5,
        description="from one searched size to the next; closer to 1 finds more and is slower",
    )
    min_neighbors: int = Field(
        default=1,
        ge=1,
        le=50,
        description="how many more finds must overlap one of the first cascade; more means fewer faces, false or not",
    )
    evidence: float | None = Field(
        default=1.0,
        ge=-10.0,
        le=20.0,
        description="logarithm of the odds that a new face must have by what all cascades see of it, as often as "
        "tracker.confirm_hits says; more means fewer faces, false or not, null does without",
    )
    scan_interval_s: float = Field(
        default=0.6,
        gt=0.0,
        le=60.0,
        description="time in which what has changed in the picture is searched once for upright faces that are not "
        "small, seconds; small and tilted ones are searched for half as often",
    )
    still_interval_s: float = Field(
        default=5.0,
        gt=0.0,
        le=3600.0,
        description="time after which a part of the picture that has not changed is searched all the same, seconds",
    )
    cpu_share: float = Field(
        default=0.25,
        gt=0.0,
        le=1.0,
        description="share of one core that searching for new faces may take; scan_interval_s grows until it does",
    )
    max_roll_deg: float = Field(
        default=45.0,
        ge=0.0,
        le=60.0,
        description="how far a head may be tilted to either side, degrees; 0 finds upright ones alone",
    )
    equalise: bool = Field(
        default=True,
        description="whether some searches even the light out first, for faces in shadows and in the dark",
    )
