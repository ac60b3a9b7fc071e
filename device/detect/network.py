"""Faces by a network that sees the whole picture at once; a closer look at each is the second opinion."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from device.detect.distinct import distinct
from device.detect.follower import NetworkFollower
from device.detect.picture import Picture
from device.detect.search import Search
from device.detect.yunet import FaceNetwork
from device.records import Box, Face

_WINDOW_PX = 10.0  # side of the smallest face that the network is good at
_PROPOSED_FROM = 0.45  # a closer look is the judge
_ROLL_GAIN = 2.0  # of what a first look reads, see `Sighting.roll_deg`
_CLOSER = 1.4  # how much larger the picture of every third look is, for small and tilted faces
_STILL_LOOKS = 2
_STILL_PX = (320, 448, 640)


class NetworkDetector:
    """`Proposer` by YuNet.

    Args:
        network: what looks.
        look_px: longer side of the picture that it is shown.
    """

    def __init__(self, network: FaceNetwork, look_px: int) -> None:
        self._network = network
        self._closer = NetworkFollower(network)
        self._look_px = look_px

    def parts(self, width: int, height: int) -> tuple[Search, ...]:
        """See `Proposer`: the whole picture, and now and then in a larger size."""
        region, longest = Box(0.0, 0.0, width, height), float(max(width, height))
        smallest_px = [_WINDOW_PX * longest / px for px in (self._look_px, self._look_px * _CLOSER)]
        # Every face may be as large as the picture, so that it is always searched as a whole.
        often, rare = (Search(region, min(px, 2 * longest), 2 * longest) for px in smallest_px)
        return often, replace(rare, rare=True)

    def propose(self, picture: Picture, part: Search, where: Box, turn: int, known: Sequence[Box]) -> list[Face]:
        """See `Proposer`."""
        del where, turn, known
        return self._look(picture, round(_WINDOW_PX * max(picture.size) / part.smallest_px))

    def vouch(self, picture: Picture, face: Face) -> Face | None:
        """See `Proposer`: a closer look, with the face upright."""
        closer = self._closer.look_closely(picture, face.box, face.roll_deg)
        return closer if closer is not None and closer.verified else None

    def detect(self, grey: NDArray[np.uint8], bgr: NDArray[np.uint8] | None = None) -> list[Face]:
        """See `Proposer`."""
        picture = Picture(grey, lambda: bgr)
        found = [face for longest_px in _STILL_PX for face in self._look(picture, longest_px)]
        vouched = (self.vouch(picture, face) for face in distinct(found))
        return distinct(self._upright(picture, face) for face in vouched if face is not None)

    def _upright(self, picture: Picture, face: Face) -> Face:
        """The face with its tilt as it is known after some looks: a film has them anyway."""
        for _ in range(_STILL_LOOKS):
            face = self._closer.look_closely(picture, face.box, face.roll_deg) or face
        return face

    def _look(self, picture: Picture, longest_px: int) -> list[Face]:
        bgr, to_frame = picture.reduced(longest_px)
        sightings = (one for one in self._network.look(bgr) if one.score >= _PROPOSED_FROM)
        return [one.in_frame(to_frame, _ROLL_GAIN * one.roll_deg, verified=False) for one in sightings]
