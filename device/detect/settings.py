"""How faces are searched for: the configuration's section ``detector``."""

from typing import Literal

from pydantic import Field

from device.section import Section, WholePath


class DetectorSettings(Section):
    """The search for faces: by what, how finely, and how often."""

    kind: Literal["auto", "haar", "yunet"] = Field(
        default="auto",
        description="haar: cascades, which need no file; yunet: a network; auto: the network if it is installed, else "
        "the cascades",
    )
    network: WholePath | None = Field(
        default=None,
        description="the network's ONNX file; null takes the file of `affectd detector install`",
    )
    look_px: int = Field(
        default=320,
        ge=96,
        le=1280,
        description="longer side of the picture that the network sees, pixels; a larger picture shows smaller faces, "
        "and costs more in proportion to its pixels",
    )
    look_interval_s: float = Field(
        default=0.3,
        gt=0.0,
        le=60.0,
        description="time between two looks of the network at the whole picture while it changes, seconds",
    )
    cascade: WholePath | None = Field(
        default=None, description="XML file of the Haar cascade that searches; null takes OpenCV's frontalface_alt2"
    )
    second_cascade: WholePath | None = Field(
        default=None,
        description="XML file of the cascade that is asked first about a new face; null "
        "takes OpenCV's frontalface_alt, which makes other errors",
    )
    min_face: float = Field(
        default=0.055,
        ge=0.02,
        le=1.0,
        description="side of the smallest face, as a share of the picture's height; a larger value is faster",
    )
    scale_factor: float = Field(
        default=1.2,
        ge=1.05,
        le=1.5,
        description="the step from one searched size to the next; a value closer to 1 finds more faces and is slower",
    )
    min_neighbors: int = Field(
        default=1,
        ge=1,
        le=50,
        description="how many more finds must overlap the first find; more means fewer faces, false or true",
    )
    evidence: float | None = Field(
        default=0.5,
        ge=-10.0,
        le=20.0,
        description="least logarithm of the odds that a new find is a face, as two cascades and the emotion network "
        "see it. The looks at it are added up. A tilted find needs 1.0 more. More means fewer faces, false or true. "
        "null asks for none",
    )
    scan_interval_s: float = Field(
        default=0.3,
        gt=0.0,
        le=60.0,
        description="time to search all of the picture that has changed, seconds; small "
        "and tilted faces take four times as long",
    )
    still_interval_s: float = Field(
        default=5.0,
        gt=0.0,
        le=3600.0,
        description="time after which a part of the picture that has not changed is searched again, seconds",
    )
    cpu_share: float = Field(
        default=0.25,
        gt=0.0,
        le=1.0,
        description="share of one core that the search for new faces may take; scan_interval_s grows until it does",
    )
    max_roll_deg: float = Field(
        default=45.0,
        ge=0.0,
        le=60.0,
        description="how far a head may be tilted to either side, degrees; 0 finds only upright faces. Cascades lose "
        "one tilted face in four, and more beyond 45",
    )
    equalise: bool = Field(
        default=True,
        description="true makes some searches even out the light first, for faces in shadows and in the dark",
    )
