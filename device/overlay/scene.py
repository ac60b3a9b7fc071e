"""What the overlay shows of one moment: a picture and what is known of it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from device.errors import RecordError
from device.records import BrokerState, ObservedFace, RelativeBox, Scores, SourceState


@dataclass(frozen=True, slots=True)
class FaceMark:
    """One face as the overlay marks it.

    Attributes:
        track_id: the track's number.
        box: where it is, as a share of the picture.
        emotion: the smoothed emotion or ``uncertain``; None before the first reading.
        scores: the smoothed probabilities; None before the first reading.
        held_s: how long it has had this emotion, seconds; 0 before the first reading.
        visible: whether it was seen in this very picture, or only expected there.
    """

    track_id: int
    box: RelativeBox
    emotion: str | None
    scores: Scores | None
    held_s: float
    visible: bool

    def __post_init__(self) -> None:
        if (self.emotion is None) != (self.scores is None):
            raise RecordError(
                f"face {self.track_id} has emotion {self.emotion!r} and scores {self.scores}: one is missing"
            )

    @classmethod
    def of(cls, face: ObservedFace, width: int, height: int, now_s: float) -> "FaceMark":
        """``face`` in a frame of ``width`` by ``height`` pixels at monotonic ``now_s``."""
        box = RelativeBox.of(face.track.box, width, height)
        reading = face.reading
        if reading is None:
            return cls(face.track.id, box, None, None, 0.0, face.track.visible)
        held_s = max(0.0, now_s - reading.since_s)
        return cls(face.track.id, box, reading.emotion, reading.scores, held_s, face.track.visible)


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """All that one drawn picture needs.

    Attributes:
        picture: uint8 (height, width) grey or (height, width, 3) BGR; None while there is none to show, or where it is
            withheld.
        faces: the confirmed faces in it.
        time_s: when the picture was taken on the monotonic clock, seconds.
        fps: pictures that the sensor works through a second; None before it is known.
        source: what the camera does.
        broker: whether events reach the broker; ``off`` where none is configured.
        aspect: width by height of a picture that is withheld, as it may be where no picture is to be shown; None where
            there is one, or none yet.
        unconfirmed: where something was found that does not count as a face yet; blurred with the rest, never marked.
    """

    picture: NDArray[np.uint8] | None
    faces: tuple[FaceMark, ...]
    time_s: float
    fps: float | None
    source: SourceState
    broker: BrokerState
    aspect: float | None = None
    unconfirmed: tuple[RelativeBox, ...] = ()

    def __post_init__(self) -> None:
        if self.aspect is not None and not 0.01 < self.aspect < 100.0:
            raise RecordError(f"a picture's width is 0.01 to 100 times its height, not {self.aspect}")
        picture = self.picture
        if picture is None:
            return
        is_colour = picture.ndim == 3 and picture.shape[2] == 3
        if picture.dtype != np.uint8 or not picture.size or not (picture.ndim == 2 or is_colour):
            raise RecordError(f"a scene wants uint8 grey or BGR, not {picture.dtype} {picture.shape}")
