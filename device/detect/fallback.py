"""A detector that another one takes the place of, once it fails in the middle of its work."""

import logging
from collections.abc import Callable, Sequence

from device.errors import UnavailableError
from device.interfaces import FaceFinder
from device.records import Expected, Face, Frame

_log = logging.getLogger(__name__)


class Fallback:
    """What is used instead, for every source that is opened from then on.

    Args:
        open_other: makes a finder of the other detector.
        description: what faces are found by then, for a person.
    """

    def __init__(self, open_other: Callable[[], FaceFinder], description: str) -> None:
        self._open_other = open_other
        self.description = description
        self.is_used = False

    def use(self, error: UnavailableError | None = None) -> FaceFinder:
        """A finder of the other detector; says once why."""
        finder = self._open_other()
        if not self.is_used:
            self.is_used = True
            _log.warning("%s; faces are found by %s", error, self.description)
        return finder


class FallibleFinder:
    """`FaceFinder` that goes on with a fallback.

    Args:
        finder: the one that is meant.
        fallback: what is used once that fails.
    """

    def __init__(self, finder: FaceFinder, fallback: Fallback) -> None:
        self._finder = finder
        self._fallback = fallback

    def find(self, frame: Frame, expected: Sequence[Expected]) -> list[Face]:
        """See `FaceFinder`."""
        try:
            return self._finder.find(frame, expected)
        except UnavailableError as error:
            if self._fallback.is_used:
                raise
            self._finder = self._fallback.use(error)
            return self._finder.find(frame, expected)
