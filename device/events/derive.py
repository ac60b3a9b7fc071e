"""Observations in, changes out."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from device.interfaces import Clock
from device.records import (
    ClockState,
    Event,
    EventType,
    LeaveReason,
    Observation,
    ObservedFace,
    Reading,
    RelativeBox,
)


@dataclass(frozen=True, slots=True)
class _Moment:
    """What an event takes from the frame; the frame itself is let go."""

    taken_at: datetime
    clock: ClockState
    width: int
    height: int


class EventDeriver:
    """Remembers every confirmed face and tells what has changed, once."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._faces: dict[int, ObservedFace] = {}
        self._moment: _Moment | None = None

    def derive(self, observation: Observation) -> list[Event]:
        """The changes since the observation before, in the order they are to be told.

        A face that comes with a reading appears and then changes its emotion from none, so that whoever follows
        ``emotion_changed`` alone misses nothing.
        """
        frame = observation.frame
        moment = self._moment = _Moment(frame.taken_at, self._clock.state(), frame.width, frame.height)
        events: list[Event] = []
        for face in observation.ended:
            known = self._faces.pop(face.track.id, None)
            if known:
                last = ObservedFace(face.track, face.reading or known.reading)
                events.append(_left(last, moment, "lost"))
        for face in observation.faces:
            events += self._changes(face, moment)
        return events

    def end_all(self, reason: LeaveReason) -> list[Event]:
        """A ``face_left`` for every face still known, at the time of the last frame; none is known afterwards."""
        if self._moment is None:
            return []
        events = [_left(face, self._moment, reason) for face in self._faces.values()]
        self._faces.clear()
        return events

    def _changes(self, face: ObservedFace, moment: _Moment) -> list[Event]:
        known = self._faces.get(face.track.id)
        before = known.reading if known else None
        now = face.reading or before
        face = self._faces[face.track.id] = ObservedFace(face.track, now)
        events = [] if known else [_event("face_appeared", face, moment)]
        if now and (before is None or before.emotion != now.emotion):
            events.append(_changed(face, moment, before, now))
        return events


def _changed(face: ObservedFace, moment: _Moment, before: Reading | None, now: Reading) -> Event:
    if before is None:
        return _event("emotion_changed", face, moment)
    lasted_s = max(0.0, now.since_s - before.since_s)
    return _event("emotion_changed", face, moment, previous=before.emotion, duration_s=lasted_s)


def _left(face: ObservedFace, moment: _Moment, reason: LeaveReason) -> Event:
    there_s = face.track.last_seen_s - face.track.first_seen_s
    return _event("face_left", face, moment, duration_s=there_s, reason=reason)


def _event(
    kind: EventType,
    face: ObservedFace,
    moment: _Moment,
    *,
    previous: str | None = None,
    duration_s: float | None = None,
    reason: LeaveReason | None = None,
) -> Event:
    reading = face.reading
    return Event(
        id=str(uuid.uuid4()),
        type=kind,
        time=moment.taken_at,
        clock=moment.clock,
        track=face.track.id,
        box=RelativeBox.of(face.track.box, moment.width, moment.height),
        emotion=reading.emotion if reading else None,
        previous=previous,
        confidence=round(reading.confidence, 4) if reading else None,
        probabilities=reading.scores.as_dict() if reading else None,
        duration_s=None if duration_s is None else round(duration_s, 3),
        reason=reason,
    )
