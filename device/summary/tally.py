"""Counts while they come in: time, faces and visits."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from device.records import ObservedFace, SourceState
from device.summary.counts import Counts, dwell_bin, total

FRONTAL_ABOVE = 0.5
"""Frontalness of a face that looks at the camera. In real clips those below are turned or bent by a good deal."""

_LOOKED_SHARE = 0.5


class Tally:
    """Adds up what comes, until it is taken."""

    def __init__(self) -> None:
        self._sums: dict[str, float] = defaultdict(float)
        self._emotion_s: dict[str, float] = defaultdict(float)
        self._visits: list[Counts] = []

    def add_time(self, state: SourceState, elapsed_s: float) -> None:
        """The source has been in ``state`` for ``elapsed_s`` seconds."""
        name = "watched_s" if state == "ok" else "lost_s" if state == "lost" else "paused_s"
        self._sums[name] += elapsed_s

    def add_presence(self, emotion: str | None, elapsed_s: float, *, frontal: bool) -> None:
        """A face was there for ``elapsed_s`` seconds; ``emotion`` is None where it was not read yet."""
        self._sums["presence_s"] += elapsed_s
        if frontal:
            self._sums["frontal_s"] += elapsed_s
        if emotion is not None:
            self._emotion_s[emotion] += elapsed_s

    def add_visit(self, visit: Counts) -> None:
        """A visit has ended."""
        self._visits.append(visit)

    def so_far(self) -> Counts:
        """What has come since the last ``take``."""
        rest = Counts(emotion_s=dict(self._emotion_s), **self._sums)  # type: ignore[arg-type]  # no count is among them
        self._visits = [total(self._visits)] if self._visits else []
        return total([rest, *self._visits])

    def take(self) -> Counts:
        """As ``so_far``, and begin anew."""
        counts = self.so_far()
        self._sums.clear()
        self._emotion_s.clear()
        self._visits.clear()
        return counts


@dataclass(slots=True)
class _Visit:
    first_seen_s: float
    last_seen_s: float
    frontal_s: float = 0.0
    emotion_s: dict[str, float] = field(default_factory=dict)

    def as_counts(self, length_s: float) -> Counts:
        """The visit itself; the time of the face was counted as it passed."""
        dominant = max(self.emotion_s, key=self.emotion_s.__getitem__, default=None)
        looked = self.frontal_s > 0 and self.frontal_s >= _LOOKED_SHARE * length_s
        return Counts(
            visits=1,
            looked=int(looked),
            dwell_s=length_s,
            dwell_bins={dwell_bin(length_s): 1},
            dominant={} if dominant is None else {dominant: 1},
        )


class Visits:
    """Makes visits of the confirmed faces in frame after frame.

    A face's time is counted from one detection to the next, so that it adds up to the length of its visit.

    Args:
        tally: where to count.
    """

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._visits: dict[int, _Visit] = {}

    def see(self, faces: Iterable[ObservedFace]) -> None:
        """Take the confirmed faces of one frame."""
        for face in faces:
            track = face.track
            visit = self._visits.get(track.id)
            if visit is None:
                visit = self._visits[track.id] = _Visit(track.first_seen_s, track.first_seen_s)
            elapsed_s = track.last_seen_s - visit.last_seen_s
            if elapsed_s <= 0:
                continue
            visit.last_seen_s = track.last_seen_s
            is_frontal = track.frontalness > FRONTAL_ABOVE
            visit.frontal_s += elapsed_s if is_frontal else 0.0
            emotion = face.reading.emotion if face.reading else None
            if emotion is not None:
                visit.emotion_s[emotion] = visit.emotion_s.get(emotion, 0.0) + elapsed_s
            self._tally.add_presence(emotion, elapsed_s, frontal=is_frontal)

    def end(self, track_id: int) -> None:
        """The face of that track has left."""
        visit = self._visits.pop(track_id, None)
        if visit:
            self._tally.add_visit(visit.as_counts(visit.last_seen_s - visit.first_seen_s))

    def going_on(self) -> Counts:
        """The visits that have not ended, as they would count if they had ended now."""
        return total(visit.as_counts(visit.last_seen_s - visit.first_seen_s) for visit in self._visits.values())
