"""What a detector of new faces is: one search, and a second opinion on what it found."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from device.detect.picture import Picture
from device.detect.search import Search
from device.records import Box, Face

WAYS = 2
"""In so many ways a place is searched in one round: what one misses another may find."""

ROUNDS_FOR_CHANGES = 2
"""Of its rounds, a proposer keeps those after so many for what has not changed for long: they seldom find anything."""


class Proposer(Protocol):
    """Proposes faces in a picture, and vouches for them. Boxes are in the frame's pixels."""

    def parts(self, width: int, height: int) -> Sequence[Search]:
        """The searches that together see every face of a picture of ``width`` by ``height`` pixels."""
        ...

    def propose(self, picture: Picture, part: Search, where: Box, turn: int, known: Sequence[Box]) -> list[Face]:
        """What one search finds; ``verified`` says nothing yet.

        Args:
            picture: the frame.
            part: one of ``parts``.
            where: faces that do not lie in there need not be found.
            turn: in which way, counted from 0 on without an end.
            known: faces that need not be found again.
        """
        ...

    def vouch(self, picture: Picture, face: Face) -> Face | None:
        """The face, verified by a second opinion; None where that is refused."""
        ...

    def detect(self, grey: NDArray[np.uint8], bgr: NDArray[np.uint8] | None = None) -> list[Face]:
        """Every face of a still picture, the surest first, without regard to cost.

        Args:
            grey: uint8 (height, width).
            bgr: uint8 (height, width, 3), where there is colour.
        """
        ...
