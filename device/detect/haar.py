"""Faces by two Haar cascades: the first finds, the second, trained on other pictures, must agree."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from device.detect.cascade import HaarCascade, cascade_path
from device.detect.distinct import distinct
from device.detect.light import LightEvener, lifted
from device.detect.picture import Picture
from device.detect.pyramid import Patch, Pyramid
from device.detect.search import Search, between_sizes, narrowed, surroundings, whole_picture
from device.detect.settings import DetectorSettings
from device.records import Box, Face

ROLL_STEP_DEG = 22.0
"""From one tilt that is searched to the next: a cascade bears about two thirds of it."""

_FRONTAL_FINDS = 4.0  # so many merge around a frontal face: 3 to 10 in real clips
_FIRST = "haarcascade_frontalface_default.xml"
_SECOND = "haarcascade_frontalface_alt.xml"
# With these, the second takes 103 of 105 faces in real clips for faces, and none of 22 errors of the first.
_SECOND_FACE_PX = 32
_SECOND_REACH = 1.5
_SECOND_GROWTH = 1.3
_SECOND_FACTOR = 1.1


class HaarDetector:
    """What the cascades see in a picture, and in a part of it.

    Raises:
        UnavailableError: a cascade is missing or cannot be read.
    """

    def __init__(self, settings: DetectorSettings) -> None:
        self._settings = settings
        self._first = HaarCascade(cascade_path(settings.cascade, _FIRST, "detector.cascade"))
        self._evener = LightEvener()
        self._second = None
        if settings.second_neighbors:
            path = cascade_path(settings.second_cascade, _SECOND, "detector.second_cascade")
            self._second = HaarCascade(path)

    def detect(self, grey: NDArray[np.uint8], bgr: NDArray[np.uint8] | None = None) -> list[Face]:
        """The faces in uint8 (height, width) that both cascades see, boxes in its pixels, the surest first."""
        pyramid = Picture(grey, bgr).pyramid
        found = [
            face
            for search in self.parts(*pyramid.size)
            for evened in dict.fromkeys((False, self._settings.equalise))
            for face in self.search(pyramid, search, evened=evened)
        ]
        return [face for face in distinct(found) if self.agrees(pyramid, face)]

    def parts(self, width: int, height: int) -> tuple[Search, ...]:
        """The searches that together see every face of a picture of ``width`` by ``height`` pixels."""
        return whole_picture(
            width,
            height,
            # A smaller one would have to be enlarged, which adds nothing to see.
            smallest_px=max(self._settings.min_face * height, self._first.window_px),
            factor=self._settings.scale_factor,
            window_px=self._first.window_px,
            tilt_deg=min(ROLL_STEP_DEG, self._settings.max_roll_deg),
        )

    def propose(self, picture: Picture, part: Search, where: Box, *, otherwise: bool) -> list[Face]:
        """See `Proposer`; otherwise: for the sizes between, in evened light."""
        search = narrowed(part, where)
        if not otherwise:
            return self.search(picture.pyramid, search)
        search = between_sizes(search, self._settings.scale_factor)
        return self.search(picture.pyramid, search, evened=self._settings.equalise)

    def vouch(self, picture: Picture, face: Face) -> Face | None:
        """See `Proposer`."""
        return face if self.agrees(picture.pyramid, face) else None

    def search(self, pyramid: Pyramid, search: Search, *, evened: bool = False) -> list[Face]:
        """What the first cascade finds, boxes in the frame's pixels, the surest first.

        A face's score is the number of overlapping finds that were merged into it.

        Args:
            pyramid: the frame.
            search: where, and for which sizes.
            evened: even the light out first: finds faces in shadows and in the dark, and misses others.
        """
        patch = self._cut(pyramid, search)
        if evened:
            patch = replace(patch, pixels=self._evener.even(patch.pixels))
        return self._find(self._first, patch, search, self._settings.scale_factor, self._settings.min_neighbors)

    def look_for(self, pyramid: Pyramid, search: Search) -> Face | None:
        """The face that the search is for, which is expected in its middle; None where the first cascade sees none."""
        patch = self._cut(pyramid, search)
        if self._settings.equalise:
            patch = replace(patch, pixels=lifted(patch.pixels))
        faces = self._find(self._first, patch, search, self._settings.scale_factor, self._settings.min_neighbors)
        return faces[0] if faces else None

    def _cut(self, pyramid: Pyramid, search: Search) -> Patch:
        return pyramid.cut(search.region, self._first.window_px / search.smallest_px, search.roll_deg)

    def agrees(self, pyramid: Pyramid, face: Face) -> bool:
        """Whether the second cascade, too, sees a face there, a little more or less tilted; so where there is none."""
        half_step_deg = ROLL_STEP_DEG / 2 if self._settings.max_roll_deg else 0.0
        tilts_deg = dict.fromkeys((0.0, half_step_deg, -half_step_deg))
        return self._second is None or any(
            self._sees_one(self._second, pyramid, face, face.roll_deg + tilt_deg) for tilt_deg in tilts_deg
        )

    def _sees_one(self, cascade: HaarCascade, pyramid: Pyramid, face: Face, roll_deg: float) -> bool:
        search = surroundings(face.box, reach=_SECOND_REACH, growth=_SECOND_GROWTH, roll_deg=roll_deg)
        patch = pyramid.cut(search.region, _SECOND_FACE_PX / max(face.box.w, face.box.h), search.roll_deg)
        if self._settings.equalise:
            patch = replace(patch, pixels=lifted(patch.pixels))
        return bool(self._find(cascade, patch, search, _SECOND_FACTOR, self._settings.second_neighbors))

    def _find(self, cascade: HaarCascade, patch: Patch, search: Search, factor: float, neighbors: int) -> list[Face]:
        finds = cascade.find(
            patch.pixels,
            smallest_px=search.smallest_px * patch.scale,
            largest_px=search.largest_px * patch.scale,
            factor=factor,
            neighbors=neighbors,
        )
        return [
            Face(
                patch.box_in_frame(find.x, find.y, find.side, find.side),
                float(find.neighbors),
                search.roll_deg,
                frontalness=min(1.0, find.neighbors / _FRONTAL_FINDS),
            )
            for find in finds
        ]
