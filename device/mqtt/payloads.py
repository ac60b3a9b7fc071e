"""The messages beside the events: what the device is, what it sees, how it is doing."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from device.records import NO_EMOTION, Frame, Observation, ObservedFace, RelativeBox, SourceState, rfc3339
from device.redact import printable, redact
from device.summary.counts import Counts
from device.summary.snapshot import SummarySnapshot
from device.system.telemetry import Latency, TelemetrySnapshot, Throttling

MESSAGE_SCHEMA = 1
"""Version of these formats; it rises when a key changes its meaning or goes, not when one is added."""

ONLINE = b"online"
OFFLINE = b"offline"
SWITCH_ON = b"ON"
SWITCH_OFF = b"OFF"
SWITCH_POSITIONS = (SWITCH_ON, SWITCH_OFF)

_BOX_STEP = 0.05
_CONFIDENCE_STEP = 0.1


@dataclass(frozen=True, slots=True)
class DeviceInfo:
    """What the device is.

    Attributes:
        version: of affectd.
        model_name: as the model's card has it.
        model_version: as the model's card has it.
        labels: the emotions it tells apart, in the model's order.
        source: what a person calls the camera; without its password.
        name: what people call the device; None for its id.
        detector: tells what finds faces now: another may take its place while the device runs.
        model_sha256: digest of the model's file, in hexadecimal.
        config_sha256: see `device.config.config_digest`.
        counts: whether it counts visits by hour and day.
        page_url: where its page is; None where it has none for other machines.
    """

    version: str
    model_name: str
    model_version: str
    labels: tuple[str, ...]
    source: str
    name: str | None = None
    detector: Callable[[], str] = lambda: "Haar cascades"
    model_sha256: str = ""
    config_sha256: str = ""
    counts: bool = True
    page_url: str | None = None


@dataclass(frozen=True, slots=True)
class FaceState:
    """One face in view.

    Attributes:
        track: the track's id.
        emotion: None before the first reading.
        confidence: 0 to 1, None before the first reading.
        box: relative to the frame.
        appeared_at: when it was first seen.
        emotion_since: when its emotion began, None before the first reading.
    """

    track: int
    emotion: str | None
    confidence: float | None
    box: RelativeBox
    appeared_at: datetime
    emotion_since: datetime | None


@dataclass(frozen=True, slots=True)
class StateSnapshot:
    """The faces of one frame, the most prominent (largest) first.

    Attributes:
        taken_at: when the frame was taken.
        faces: in view.
        occupied: whether anybody is, or was a moment ago.
    """

    taken_at: datetime
    faces: tuple[FaceState, ...] = ()
    occupied: bool = False

    @classmethod
    def of(cls, observation: Observation, *, occupied: bool | None = None) -> "StateSnapshot":
        """What ``observation`` shows; ``occupied`` follows the faces where it is not given."""
        frame = observation.frame
        faces = (_face_state(face, frame) for face in observation.faces)
        ordered = sorted(faces, key=lambda face: (-face.box.w * face.box.h, face.track))
        return cls(frame.taken_at, tuple(ordered), bool(ordered) if occupied is None else occupied)

    @property
    def dominant_emotion(self) -> str:
        """The emotion of the most prominent face that has a reading; ``none`` without one."""
        return next((face.emotion for face in self.faces if face.emotion is not None), NO_EMOTION)

    def differs_from(self, other: "StateSnapshot") -> bool:
        """Whether there is news in it: a face or an emotion more, less or other, or a clear move.

        A box must move by a twentieth of the frame and a confidence by a tenth; else every frame were a message.
        """
        ours = {face.track: face for face in self.faces}
        theirs = {face.track: face for face in other.faces}
        if self.occupied != other.occupied:
            return True
        return ours.keys() != theirs.keys() or any(_differ(face, theirs[track]) for track, face in ours.items())


def _face_state(face: ObservedFace, frame: Frame) -> FaceState:
    def time_of(monotonic_s: float) -> datetime:
        return frame.taken_at - timedelta(seconds=frame.time_s - monotonic_s)

    reading = face.reading
    return FaceState(
        track=face.track.id,
        emotion=reading.emotion if reading else None,
        confidence=round(reading.confidence, 4) if reading else None,
        box=RelativeBox.of(face.track.box, frame.width, frame.height),
        appeared_at=time_of(face.track.first_seen_s),
        emotion_since=time_of(reading.since_s) if reading else None,
    )


def _differ(one: FaceState, other: FaceState) -> bool:
    if one.emotion != other.emotion:
        return True
    moves = (abs(getattr(one.box, side) - getattr(other.box, side)) for side in ("x", "y", "w", "h"))
    return abs((one.confidence or 0.0) - (other.confidence or 0.0)) >= _CONFIDENCE_STEP or max(moves) >= _BOX_STEP


def info_message(info: DeviceInfo, *, device: str, run: str, newest: str | None = None) -> dict[str, Any]:
    """The JSON object on the topic ``info``; ``newest`` is the version that a package could be had of, if known."""
    return {
        "schema": MESSAGE_SCHEMA,
        "device": device,
        "run": run,
        "version": info.version,
        "newest_version": newest,
        "model": {
            "name": redact(info.model_name),
            "version": redact(info.model_version),
            "sha256": info.model_sha256,
        },
        "config_sha256": info.config_sha256,
        "labels": list(info.labels),
        "source": redact(info.source),
        "detector": redact(info.detector()),
    }


def state_message(source: SourceState, seen: StateSnapshot) -> dict[str, Any]:
    """The JSON object on the topic ``state``."""
    return {
        "schema": MESSAGE_SCHEMA,
        "time": rfc3339(seen.taken_at),
        "source": source,
        "face_count": len(seen.faces),
        "occupied": seen.occupied,
        "dominant_emotion": seen.dominant_emotion,
        "faces": [
            {
                "track": face.track,
                "emotion": face.emotion,
                "confidence": face.confidence,
                "box": asdict(face.box),
                "appeared_at": rfc3339(face.appeared_at),
                "emotion_since": rfc3339(face.emotion_since) if face.emotion_since else None,
            }
            for face in seen.faces
        ],
    }


def stats_message(
    snapshot: TelemetrySnapshot,
    *,
    time: datetime,
    queue: int,
    dropped_events: int,
    version: str,
    source: SourceState,
    disk_ok: bool,
) -> dict[str, Any]:
    """The JSON object on the topic ``stats``; ``queue`` counts the events that the broker has not acknowledged.

    Version, source and disk are here, too, for monitoring that listens to one topic.
    """
    return {
        "schema": MESSAGE_SCHEMA,
        "time": rfc3339(time),
        "version": version,
        "source": source,
        "disk": "ok" if disk_ok else "trouble",
        "fps": snapshot.fps,
        "latency_ms": {stage: _latency_message(latency) for stage, latency in snapshot.latency.items()},
        "queue": queue,
        "dropped": {"frames": snapshot.dropped_frames, "events": dropped_events},
        "temperature_c": snapshot.temperature_c,
        "throttled": _throttling_message(snapshot.throttling),
        "slowed_to_fps": snapshot.slowed_to_fps,
        "last_error": None if snapshot.last_error is None else redact(snapshot.last_error),
    }


def summary_message(snapshot: SummarySnapshot) -> dict[str, Any]:
    """The JSON object on the topic ``summary``."""
    today, last_hour = snapshot.today, snapshot.last_hour
    return {
        "schema": MESSAGE_SCHEMA,
        "time": rfc3339(snapshot.time),
        "clock": snapshot.clock,
        "today": _period_message(today.day, snapshot.day_began, today.counts),
        "last_hour": _period_message(last_hour.day, last_hour.start, last_hour.counts),
    }


def _period_message(day: date, start: datetime, counts: Counts) -> dict[str, Any]:
    mean_s, median_s, frontal = counts.mean_dwell_s, counts.median_dwell_s, counts.frontal_share
    return {
        "date": day.isoformat(),
        "start": rfc3339(start),
        "visits": counts.visits,
        "looked": counts.looked,
        "dwell_s": None
        if mean_s is None or median_s is None
        else {"mean": round(mean_s, 1), "median": round(median_s, 1)},
        "emotions": {redact(label): round(share, 4) for label, share in counts.emotion_shares.items()},
        "dominant": {redact(label): visits for label, visits in sorted(counts.dominant.items())},
        "frontal": None if frontal is None else round(min(frontal, 1.0), 4),
        "watched_s": round(counts.watched_s),
        "paused_s": round(counts.paused_s),
        "lost_s": round(counts.lost_s),
    }


def _latency_message(latency: Latency | None) -> dict[str, float] | None:
    return {"p50": latency.p50_ms, "p95": latency.p95_ms} if latency else None


def _throttling_message(throttling: Throttling | None) -> dict[str, list[str]] | None:
    return {"now": list(throttling.now), "since_boot": list(throttling.since_boot)} if throttling else None


def encode(message: dict[str, Any]) -> bytes:
    """A message as it goes over the wire: compact JSON in UTF-8, what cannot be printed escaped."""
    return printable(json.dumps(message, separators=(",", ":"), ensure_ascii=False, allow_nan=False)).encode()
