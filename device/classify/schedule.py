"""Which face to classify next."""

import math
from collections.abc import Sequence


class ClassifySchedule:
    """Chooses whose turn it is: the face that has waited longest for its turn, the better one of equals.

    Args:
        interval_s: a face is classified no oftener, seconds.
        most_per_frame: faces that are classified in one frame at most.
    """

    def __init__(self, interval_s: float, most_per_frame: int) -> None:
        self._interval_s = interval_s
        self._most = most_per_frame
        self._last_s: dict[int, float] = {}

    def due(self, worth: Sequence[tuple[int, float]], time_s: float) -> list[int]:
        """The tracks to classify in the frame at monotonic ``time_s``, and takes note of it.

        Args:
            worth: (track id, how well its face can be read, 0 to 1) of every face in view.
            time_s: seconds.
        """
        waiting = []
        for track_id, quality in worth:
            waited_s = time_s - self._last_s.get(track_id, -math.inf)
            # Half a millisecond's grace: frames come a little early and late.
            if waited_s >= self._interval_s - 0.0005:
                waiting.append((waited_s * max(quality, 0.01), quality, track_id))
        chosen = [track_id for _, _, track_id in sorted(waiting, reverse=True)[: self._most]]
        self._last_s.update(dict.fromkeys(chosen, time_s))
        return chosen

    def forget(self, track_id: int) -> None:
        """Drop what is known of a track that ended."""
        self._last_s.pop(track_id, None)
