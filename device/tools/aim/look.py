"""What is known of the faces and the picture at one moment."""

from dataclasses import dataclass

from device.records import Box
from device.tools.aim.verdict import Fault


@dataclass(frozen=True, slots=True)
class FaceLook:
    """One followed face; the measures are medians of the last second in which it was seen.

    Attributes:
        id: the track's.
        box: where it is, pixels.
        unseen_s: since it was last detected, seconds; 0 where it is seen now.
        held: whether it is detected, a missed frame or two aside.
        brightness: mean grey of the crop that the model would read, 0 to 255.
        sharpness: variance of that crop's Laplacian, see `quality.laplacian_variance`.
        frontalness: how much it looks at the camera, 0 to 1.
        roll_deg: how far the head is tilted clockwise, degrees.
        faults: why it cannot be read well; none where it can.
    """

    id: int
    box: Box
    unseen_s: float
    held: bool
    brightness: float
    sharpness: float
    frontalness: float
    roll_deg: float
    faults: tuple[Fault, ...] = ()

    @property
    def good(self) -> bool:
        """Whether it is held and can be read."""
        return self.held and not self.faults

    @property
    def side_px(self) -> int:
        """Its longer side."""
        return round(max(self.box.w, self.box.h))


@dataclass(frozen=True, slots=True)
class Look:
    """The whole picture.

    Attributes:
        width, height: pixels.
        brightness: mean grey, 0 to 255.
        faces: confirmed ones, in the order of their ids.
        no_face_s: since one was held, or since the start, seconds; 0 where one is.
        fps: frames a second that were looked at; None while it is too early to tell.
        fps_given: that the source gave, those that were dropped included; likewise.
    """

    width: int
    height: int
    brightness: float
    faces: tuple[FaceLook, ...]
    no_face_s: float
    fps: float | None
    fps_given: float | None

    @property
    def good(self) -> bool:
        """Whether there is a face that can be read."""
        return any(face.good for face in self.faces)
