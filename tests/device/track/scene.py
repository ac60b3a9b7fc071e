"""A tracker, and the time, which goes on by a frame with every look."""

from device.records import Box, Face
from device.track.tracker import CentroidTracker, TrackerSettings

FPS = 10.0


def face(
    x: float,
    y: float = 200.0,
    side: float = 100.0,
    score: float = 10.0,
    *,
    roll_deg: float = 0.0,
    verified: bool = True,
    surplus: float | None = None,
) -> Face:
    """A face around (x, y)."""
    return Face(Box(x - side / 2, y - side / 2, side, side), score, roll_deg, verified, surplus=surplus)


class Scene:
    """A tracker and the time, which goes on by a frame with every look."""

    def __init__(self, fps: float = FPS, size: tuple[float, float] | None = None, **settings):
        self.size = size
        self.tracker = CentroidTracker(TrackerSettings(**settings))
        self.time_s = 50.0
        self.fps = fps
        self.ended = []

    def look(self, *faces: Face):
        """The active tracks after one more frame."""
        self.time_s += 1 / self.fps
        update = self.tracker.update(faces, self.time_s, self.size)
        self.ended += update.ended
        return update.active

    def expect(self):
        """Where the faces should be in the next frame."""
        return self.tracker.expect(self.time_s + 1 / self.fps)

    def look_for(self, seconds: float, *faces: Face):
        """The active tracks after so many seconds of the same."""
        active = ()
        for _ in range(round(seconds * self.fps)):
            active = self.look(*faces)
        return active


def ids(tracks) -> list[int]:
    return [track.id for track in tracks]
