"""What one stage hands to the next: frozen, and checked when made."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, ClassVar, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, PlainSerializer, TypeAdapter, ValidationError

from device.errors import RecordError

UNCERTAIN = "uncertain"
"""The emotion of a face whose smoothed scores are not sure enough of any label."""

NO_EMOTION = "none"
"""The dominant emotion while no face in view has a reading."""

EventType = Literal["face_appeared", "emotion_changed", "face_left"]
HIGHEST_SEQ = 2**53 - 1
"""The highest number of an event: the last that every reader of JSON keeps exact."""
EVENT_TYPES: tuple[EventType, ...] = get_args(EventType)
LeaveReason = Literal["lost", "paused", "source_ended", "source_lost", "stopped"]
"""Why a face left: it was not seen any more, or the seeing stopped."""
ClockState = Literal["synced", "unsynced"]
SourceState = Literal["ok", "pausing", "paused", "lost"]
"""Whether the source gives frames, is to be closed by the privacy switch, is closed by it, or is not there."""
BrokerState = Literal["connected", "away", "off"]
"""Whether the broker answers, does not, or none is wanted."""


def _no_colours() -> None:
    """Of a source that has none, or whose colours nobody wants."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture from a source.

    Attributes:
        grey: uint8 (height, width), what detection and classification read.
        time_s: when it was taken on the monotonic clock, seconds; all durations come from here.
        taken_at: when it was taken, aware of its time zone.
        index: number of the frame in its source, from 0; frames that were dropped are counted.
        bgr: uint8 (height, width, 3) where the source has colour and somebody shows pictures. It shows the same view as
            ``grey``, and may be larger or smaller: a box in pixels of ``grey`` is scaled by the ratio of the two sizes.
        small_bgr: makes the same, small, for a network that looks for faces now and then; None where there is no
            colour, or none any more. A source may have dropped what it would be made of some frames later.
    """

    grey: NDArray[np.uint8]
    time_s: float
    taken_at: datetime
    index: int
    bgr: NDArray[np.uint8] | None = None
    small_bgr: Callable[[], NDArray[np.uint8] | None] = _no_colours

    def __post_init__(self) -> None:
        if self.grey.ndim != 2 or self.grey.dtype != np.uint8 or not self.grey.size:
            raise RecordError(f"a frame wants grey uint8 (height, width), not {self.grey.dtype} {self.grey.shape}")
        if self.taken_at.tzinfo is None:
            raise RecordError("a frame wants a time with a time zone")

    def colours(self) -> NDArray[np.uint8] | None:
        """``bgr``, or else small colours, which are made now; None where there are none."""
        return self.small_bgr() if self.bgr is None else self.bgr

    @property
    def width(self) -> int:
        """Pixels."""
        return int(self.grey.shape[1])

    @property
    def height(self) -> int:
        """Pixels."""
        return int(self.grey.shape[0])


@dataclass(frozen=True, slots=True)
class Box:
    """An upright rectangle in pixels: left, top, width, height; it may reach over the frame's edge."""

    x: float
    y: float
    w: float
    h: float

    def __post_init__(self) -> None:
        if not all(math.isfinite(v) for v in (self.x, self.y, self.w, self.h)) or self.w <= 0 or self.h <= 0:
            raise RecordError(f"a box wants finite numbers and a positive size, not {self.x, self.y, self.w, self.h}")

    @property
    def centre(self) -> tuple[float, float]:
        """(x, y) of the middle, pixels."""
        return self.x + self.w / 2, self.y + self.h / 2

    def iou(self, other: "Box") -> float:
        """Intersection over union with ``other``, 0 to 1."""
        width = min(self.x + self.w, other.x + other.w) - max(self.x, other.x)
        height = min(self.y + self.h, other.y + other.h) - max(self.y, other.y)
        if width <= 0 or height <= 0:
            return 0.0
        intersection = width * height
        return intersection / (self.w * self.h + other.w * other.h - intersection)

    def union(self, other: "Box") -> "Box":
        """The smallest box around both."""
        left, top = min(self.x, other.x), min(self.y, other.y)
        right, bottom = max(self.x + self.w, other.x + other.w), max(self.y + self.h, other.y + other.h)
        return Box(left, top, right - left, bottom - top)

    def overlap(self, other: "Box") -> float:
        """How much of the smaller of both lies in the other, 0 to 1; 1 where it lies in it wholly."""
        width = min(self.x + self.w, other.x + other.w) - max(self.x, other.x)
        height = min(self.y + self.h, other.y + other.h) - max(self.y, other.y)
        return max(width, 0.0) * max(height, 0.0) / min(self.w * self.h, other.w * other.h)


@dataclass(frozen=True, slots=True)
class RelativeBox:
    """A box as a share of the frame, 0 to 1, clipped to it: what leaves the device."""

    x: float
    y: float
    w: float
    h: float

    def __post_init__(self) -> None:
        if not all(0.0 <= v <= 1.0 for v in (self.x, self.y, self.w, self.h)):
            raise RecordError(f"a relative box lies between 0 and 1, not {self.x, self.y, self.w, self.h}")

    @classmethod
    def of(cls, box: Box, width: int, height: int) -> "RelativeBox":
        """``box`` (pixels) relative to a frame of ``width`` by ``height`` pixels, rounded to 4 decimals."""
        left, right = (min(max(v / width, 0.0), 1.0) for v in (box.x, box.x + box.w))
        top, bottom = (min(max(v / height, 0.0), 1.0) for v in (box.y, box.y + box.h))
        return cls(round(left, 4), round(top, 4), round(right - left, 4), round(bottom - top, 4))


@dataclass(frozen=True, slots=True)
class Face:
    """A face that the detector sees in one frame.

    Attributes:
        box: around the face's centre, pixels; upright also where the head is tilted.
        score: the detector's own, higher is surer, without a unit.
        roll_deg: how far the head is tilted clockwise, degrees.
        verified: whether a second opinion agreed; False also where none was asked for.
        frontalness: how much it looks at the camera, 0 to 1, as far as the detector can tell.
        surplus: by how much the second opinion's evidence is more than a new face needs, below 0 where it is less, a
            difference of logarithms of odds; None where it gave no more than yes or no, or none was asked for.
    """

    box: Box
    score: float
    roll_deg: float = 0.0
    verified: bool = True
    frontalness: float = 1.0
    surplus: float | None = None


@dataclass(frozen=True, slots=True)
class Expected:
    """Where a followed face should be in the frame to come.

    Attributes:
        box: pixels.
        roll_deg: how far the head was tilted clockwise when it was last seen, degrees.
        unseen_s: how long ago it was last seen, seconds.
        verify: whether a second opinion is wanted.
        is_new: whether it is not confirmed yet.
    """

    box: Box
    roll_deg: float = 0.0
    unseen_s: float = 0.0
    verify: bool = False
    is_new: bool = False


@dataclass(frozen=True, slots=True)
class Scores:
    """What a classifier says of one face: a probability per label, in the model's order, adding up to 1."""

    labels: tuple[str, ...]
    probabilities: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.labels) != len(self.probabilities) or len(self.labels) < 2:
            raise RecordError(f"{len(self.labels)} labels for {len(self.probabilities)} probabilities")
        if not all(0.0 <= p <= 1.0 for p in self.probabilities):
            raise RecordError(f"probabilities lie between 0 and 1, not {self.probabilities}")
        if abs(sum(self.probabilities) - 1.0) > 0.001:
            raise RecordError(f"probabilities add up to 1, not {sum(self.probabilities):.4f}")

    @property
    def top(self) -> tuple[str, float]:
        """The most probable label and its probability."""
        best = max(range(len(self.labels)), key=self.probabilities.__getitem__)
        return self.labels[best], self.probabilities[best]

    def of(self, label: str) -> float:
        """The probability of ``label``; 0 for a label the model does not know."""
        return dict(zip(self.labels, self.probabilities, strict=True)).get(label, 0.0)

    def as_dict(self) -> dict[str, float]:
        """Label to probability, rounded to 4 decimals."""
        return {label: round(p, 4) for label, p in zip(self.labels, self.probabilities, strict=True)}


@dataclass(frozen=True, slots=True)
class Track:
    """One followed face.

    Attributes:
        id: from 1, never used twice in a run.
        box: where it is now, pixels.
        first_seen_s: monotonic time of its first detection, seconds.
        last_seen_s: monotonic time of its last detection, seconds.
        visible: whether it was detected in this frame or a moment ago; a coasting track was not. ``last_seen_s`` tells
            which.
        roll_deg: how far the head is tilted clockwise, degrees.
        score: the detector's own of the last detection, higher is surer, without a unit.
        frontalness: how much it looked at the camera at the last detection, 0 to 1.
    """

    id: int
    box: Box
    first_seen_s: float
    last_seen_s: float
    visible: bool
    roll_deg: float = 0.0
    score: float = 0.0
    frontalness: float = 1.0

    def __post_init__(self) -> None:
        if self.id < 1 or self.last_seen_s < self.first_seen_s:
            raise RecordError(f"track {self.id} was first seen at {self.first_seen_s}, last at {self.last_seen_s}")


@dataclass(frozen=True, slots=True)
class Reading:
    """The smoothed emotion of one track.

    Attributes:
        emotion: one of the model's labels, or ``uncertain``.
        scores: the smoothed probabilities.
        since_s: monotonic time at which this emotion began, seconds.
    """

    emotion: str
    scores: Scores
    since_s: float

    def __post_init__(self) -> None:
        if self.emotion != UNCERTAIN and self.emotion not in self.scores.labels:
            raise RecordError(f"emotion {self.emotion!r} is none of {', '.join(self.scores.labels)}")

    @property
    def confidence(self) -> float:
        """The smoothed probability of the emotion; of the likeliest label where it is uncertain. 0 to 1."""
        return self.scores.top[1] if self.emotion == UNCERTAIN else self.scores.of(self.emotion)


@dataclass(frozen=True, slots=True)
class ObservedFace:
    """A confirmed track and, once it was classified, its reading."""

    track: Track
    reading: Reading | None


@dataclass(frozen=True, slots=True)
class Observation:
    """All that the pipeline knows after one frame.

    Attributes:
        frame: the frame.
        faces: the confirmed faces in view.
        ended: the confirmed faces that were given up with this frame.
        found: what the detector found in it, whether or not it counts as a face yet; pixels.
    """

    frame: Frame
    faces: tuple[ObservedFace, ...]
    ended: tuple[ObservedFace, ...] = ()
    found: tuple[Box, ...] = ()


def rfc3339(moment: datetime) -> str:
    """``moment`` in UTC with milliseconds and a ``Z``, as RFC 3339 has it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A change worth telling: the same record from its derivation to the wire.

    The fields are the keys of the JSON object, in this order; ``asyncapi.yaml`` describes the same object to others.

    Attributes:
        schema: version of the format; it rises when a key changes its meaning or goes, not when one is added.
        id: UUID, by which a consumer drops a repeat.
        seq: the number of the event among all of its device; 0 until the spool gives it one.
        run: UUID of the daemon's start; empty until the sink that publishes fills it in.
        time: when the frame was taken, aware of its time zone.
        clock: whether the clock had been set by then.
        replayed: whether it is sent late, or again.
        device: the device's id; empty until the sink that publishes fills it in.
        track: the track's id.
        emotion: the track's emotion, None before it has one.
        previous: the emotion before, where the type is ``emotion_changed``.
        confidence: 0 to 1, None before the first reading.
        probabilities: label to probability, None before the first reading.
        duration_s: how long the previous emotion lasted (``emotion_changed``) or the face was there (``face_left``).
        reason: why a face left, else None.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    schema: Literal[1] = 1
    id: str
    seq: int = 0
    run: str = ""
    type: EventType
    time: Annotated[datetime, PlainSerializer(rfc3339, when_used="json")]
    clock: ClockState
    replayed: bool = False
    device: str = ""
    track: int
    emotion: str | None = None
    previous: str | None = None
    confidence: float | None = None
    probabilities: dict[str, float] | None = None
    box: RelativeBox
    duration_s: float | None = None
    reason: LeaveReason | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.seq <= HIGHEST_SEQ:
            raise RecordError(f"the number of an event lies between 0 and {HIGHEST_SEQ}, not {self.seq}")
        if self.time.tzinfo is None:
            raise RecordError("an event wants a time with a time zone")
        if (self.type == "face_left") != (self.reason is not None):
            raise RecordError(f"an event of type {self.type} has reason {self.reason!r}; only face_left has one")

    def to_json(self) -> bytes:
        """The event as it goes over the wire and into the spool: compact JSON in UTF-8."""
        return _EVENT.dump_json(self)

    @classmethod
    def from_json(cls, text: bytes) -> "Event":
        """What ``to_json`` has written. Raises RecordError for anything else."""
        try:
            return _EVENT.validate_json(text)
        except ValidationError as error:
            fault = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(map(str, fault["loc"])) or "the whole"
            raise RecordError(f"this is no event: {where}: {fault['msg']}") from None


_EVENT: TypeAdapter[Event] = TypeAdapter(Event)
