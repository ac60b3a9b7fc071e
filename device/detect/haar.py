"""Faces by Haar cascades: one proposes, and what all of them see there together is the evidence."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from device.detect.cascade import Find, HaarCascade, cascade_path
from device.detect.distinct import SAME_FACE_OVERLAP, distinct
from device.detect.evidence import Evidence
from device.detect.light import LightEvener, is_dull, lifted
from device.detect.picture import Picture
from device.detect.places import around, grown, heaps, scaled
from device.detect.proposer import WAYS
from device.detect.pyramid import Patch, Pyramid
from device.detect.reader import FaceReader
from device.detect.search import Search, between_sizes, octaves, whole_picture
from device.detect.settings import DetectorSettings
from device.records import Box, Face

ROLL_STEP_DEG = 22.0
"""From one tilt that is searched to the next: a cascade bears about two thirds of it."""

_FRONTAL_FINDS = 4.0  # so many merge around a frontal face: 3 to 10 in real clips
_FIRST = "haarcascade_frontalface_alt2.xml"
_OTHER = "haarcascade_frontalface_default.xml"
_SECOND = "haarcascade_frontalface_alt.xml"
_PROFILE = "haarcascade_profileface.xml"

_NOT_WORTH_A_TURN = -3.0  # from what is wanted, of a little more or less tilt
_MORE_FOR_A_TILT = 1.0  # few heads are tilted, so that more of what looks like one is none
_IN_DOUBT = 2.0  # less evidence than wanted by so much may still be of a face

_FURTHER_TILT_DEG = 34.0  # a face that is tilted by 25 to 45 degrees is found here more often than at the first step

_DENSE = 2.0
"""A cascade goes on by one pixel where windows are twice its own or larger, and by two where they are smaller. So a
place is looked at closely in a picture in which a face is at least so many times as large as the window."""

# A glance takes larger steps than a close look, and any single window counts. In photographs of many people nine of ten
# faces that close looks everywhere propose are proposed so, in a quarter of the time. With a step of 1.3 from size to
# size upright searches cost a fifth less, and one of three people side by side is missed for a second longer. Of tilted
# heads, hardly one is lost by it.
_GLANCE_FACTOR = 1.2
_TILTED_GLANCE_FACTOR = 1.3
_ROUNDS, _BETWEEN, _HALF_TURNED = 3, 1, 2  # the first two are for what changes, see `ROUNDS_FOR_CHANGES`
_AROUND = 0.3  # sides of the largest window that are looked at closely around what a glance sees
_HIDDEN = 0.9  # sides of a known face in which there is nothing to see for a glance


class HaarDetector:
    """What the cascades see in a picture, and in a part of it.

    Raises:
        UnavailableError: a cascade is missing or cannot be read.
    """

    def __init__(self, settings: DetectorSettings) -> None:
        self._settings = settings
        self._first = HaarCascade(cascade_path(settings.cascade, _FIRST, "detector.cascade"))
        self._other = HaarCascade(cascade_path(None, _OTHER, "detector.cascade"))
        self._evener = LightEvener()
        self._profile = HaarCascade(cascade_path(None, _PROFILE, "detector.cascade"))
        second = HaarCascade(cascade_path(settings.second_cascade, _SECOND, "detector.second_cascade"))
        reader = FaceReader()
        if settings.evidence is not None:
            reader.open()  # takes longer than a frame
        self._evidence = Evidence(second, self._profile, reader)

    def detect(self, grey: NDArray[np.uint8], bgr: NDArray[np.uint8] | None = None) -> list[Face]:
        """The faces in uint8 (height, width), boxes in its pixels, the surest first."""
        picture = Picture(grey, lambda: bgr)
        found = [
            face
            for part in self.parts(*picture.size)
            for turn in range(_ROUNDS * WAYS)
            for face in self.propose(picture, part, part.region, turn, ())
        ]
        return [face for face in distinct(found) if self.agrees(picture.pyramid, face)]

    def parts(self, width: int, height: int) -> tuple[Search, ...]:
        """The searches that together see every face of a picture of ``width`` by ``height`` pixels."""
        return whole_picture(
            width,
            height,
            # A smaller one would have to be enlarged, which adds nothing to see.
            smallest_px=max(self._settings.min_face * height, self._first.window_px),
            factor=self._settings.scale_factor,
            face_px=self._first.window_px,
            tilt_deg=min(ROLL_STEP_DEG, self._settings.max_roll_deg),
        )

    def propose(self, picture: Picture, part: Search, where: Box, turn: int, known: Sequence[Box]) -> list[Face]:
        """See `Proposer`.

        By a glance, and a close look by two cascades where that sees something. Upright faces are glanced at by one
        cascade in evened light, which shows more of them, and by another as they are; tilted ones at two tilts. The
        second round looks for the sizes between, and nowhere evens the light. The third one looks for heads that are
        half-turned, to one side and to the other: most of them the first two rounds find.
        """
        pyramid = picture.pyramid.without([scaled(box, _HIDDEN) for box in known])
        search, way, number = replace(part, region=where), turn % WAYS, turn // WAYS % _ROUNDS
        if number == _HALF_TURNED and not part.rare:
            return self._half_turned(pyramid, search, mirrored=way == 1)
        if part.roll_deg:
            search = self._turned(search, further=way == 1)
        if number == _BETWEEN:
            search = between_sizes(search, _glance_factor(search))
        if part.roll_deg or way == 1:
            return self._glance(pyramid, search, self._first)
        evened = number != _BETWEEN or is_dull(self._cut(pyramid, search, self._other).pixels)
        return self._glance(pyramid, search, self._other, evened=evened and self._settings.equalise)

    def _turned(self, search: Search, *, further: bool) -> Search:
        tilt_deg = min(_FURTHER_TILT_DEG, self._settings.max_roll_deg) if further else abs(search.roll_deg)
        return replace(search, roll_deg=math.copysign(tilt_deg, search.roll_deg))

    def _glance(self, pyramid: Pyramid, search: Search, cascade: HaarCascade, *, evened: bool = False) -> list[Face]:
        """What close looks find where the cascade takes a single window for a face."""
        boxes = [
            box
            for octave in octaves(search, _glance_factor(search))
            for box in self._windows(pyramid, octave, cascade, evened=evened)
        ]
        return [
            face
            for heap in heaps(boxes, SAME_FACE_OVERLAP)
            for closer in (self._first, self._other)
            for face in self.search(pyramid, self._around(heap, search.roll_deg), closer, evened=evened)
        ]

    def _windows(self, pyramid: Pyramid, search: Search, cascade: HaarCascade, *, evened: bool) -> list[Box]:
        patch = self._cut(pyramid, search, cascade)
        pixels = self._evener.even(patch.pixels) if evened else patch.pixels
        smallest_px, largest_px = search.smallest_px * patch.scale, search.largest_px * patch.scale
        windows = cascade.windows(pixels, smallest_px, largest_px, _glance_factor(search))
        return [patch.box_in_frame(*window) for window in windows]

    def _around(self, heap: Sequence[Box], roll_deg: float) -> Search:
        """The search for the one face that windows may be of."""
        smallest_px, largest_px = min(box.w for box in heap), max(box.w for box in heap)
        factor = self._settings.scale_factor
        return Search(grown(around(heap), _AROUND * largest_px), smallest_px / factor, largest_px * factor, roll_deg)

    def vouch(self, picture: Picture, face: Face) -> Face | None:
        """See `Proposer`: one that lacks a little evidence may have more in the frames to come."""
        weighed = self.weighed(picture.pyramid, face)
        return weighed if weighed.verified or (weighed.surplus or 0.0) >= -_IN_DOUBT else None

    def search(
        self,
        pyramid: Pyramid,
        search: Search,
        cascade: HaarCascade | None = None,
        *,
        evened: bool = False,
    ) -> list[Face]:
        """What a cascade finds, the first if none is named; boxes in the frame's pixels, the surest first.

        A face's score is the number of overlapping finds that were merged into it.

        Args:
            pyramid: the frame.
            search: where, and for which sizes.
            cascade: which.
            evened: even the light out first: finds faces in shadows and in the dark, and misses others.
        """
        cascade = cascade or self._first
        patch = self._cut(pyramid, search, cascade, _DENSE)
        if evened:
            patch = replace(patch, pixels=self._evener.even(patch.pixels))
        return self._find(cascade, patch, search)

    def look_for(self, pyramid: Pyramid, search: Search, *, otherwise: bool = False) -> Face | None:
        """The face that the search is for, which is expected in its middle; None where no cascade sees it.

        Args:
            pyramid: the frame.
            search: where, and for which sizes.
            otherwise: more thoroughly, and by those that are not asked first: the other frontal one, and the one for
                half-turned heads.
        """
        for cascade, mirrored in self._cascades(otherwise=otherwise):
            frontal = cascade is not self._profile
            patch = self._cut(pyramid, search, cascade, _DENSE if otherwise and frontal else 1.0)
            patch = replace(patch, pixels=self._lifted(patch.pixels))
            faces = self._find_mirrored(patch, search) if mirrored else self._find(cascade, patch, search)
            if faces:
                return faces[0]
        return None

    def _half_turned(self, pyramid: Pyramid, search: Search, *, mirrored: bool) -> list[Face]:
        found: list[Face] = []
        for octave in octaves(search, self._settings.scale_factor):
            patch = self._cut(pyramid, octave, self._profile)
            found += self._find_mirrored(patch, octave) if mirrored else self._find(self._profile, patch, octave)
        return found

    def agrees(self, pyramid: Pyramid, face: Face) -> bool:
        """Whether there is evidence enough of a face, a little more or less tilted; always where none is asked for."""
        return self.weighed(pyramid, face).verified

    def weighed(self, pyramid: Pyramid, face: Face) -> Face:
        """The face with what the evidence of it says; a little more or less tilted, if there is more of it then."""
        if self._settings.evidence is None:
            return replace(face, verified=True)
        wanted = self._settings.evidence + (_MORE_FOR_A_TILT if face.roll_deg else 0.0)
        odds = self.evidence(pyramid, face, face.roll_deg, wanted)
        if _NOT_WORTH_A_TURN <= odds - wanted < 0.0 and self._settings.max_roll_deg:
            tilts_deg = (ROLL_STEP_DEG / 2, -ROLL_STEP_DEG / 2)
            odds = max(odds, *(self.evidence(pyramid, face, face.roll_deg + tilt, wanted) for tilt in tilts_deg))
        return replace(face, verified=odds >= wanted, surplus=odds - wanted)

    def evidence(self, pyramid: Pyramid, face: Face, roll_deg: float, wanted: float) -> float:
        """The logarithm of the odds that a face is there, tilted by ``roll_deg``; see `Evidence.odds`."""
        return self._evidence.odds(pyramid, face, roll_deg, wanted)

    def _lifted(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        return lifted(pixels) if self._settings.equalise else pixels

    def _cascades(self, *, otherwise: bool) -> tuple[tuple[HaarCascade, bool], ...]:
        if not otherwise:
            # It sees a face in twice as many windows as the first does, and of these `frontalness` is made.
            return ((self._other, False),)
        return ((self._other, False), (self._first, False), (self._profile, False), (self._profile, True))

    def _cut(self, pyramid: Pyramid, search: Search, cascade: HaarCascade, dense: float = 1.0) -> Patch:
        scale = cascade.window_px / search.smallest_px
        return pyramid.cut(search.region, max(scale, min(1.0, dense * scale)), search.roll_deg)

    def _find_mirrored(self, patch: Patch, search: Search) -> list[Face]:
        mirrored = replace(patch, pixels=np.ascontiguousarray(patch.pixels[:, ::-1]), to_frame=_mirrored(patch))
        return self._find(self._profile, mirrored, search)

    def _find(self, cascade: HaarCascade, patch: Patch, search: Search) -> list[Face]:
        finds = cascade.find(
            patch.pixels,
            smallest_px=search.smallest_px * patch.scale,
            largest_px=search.largest_px * patch.scale,
            factor=self._settings.scale_factor,
            neighbors=self._settings.min_neighbors,
        )
        # Of a face that is shown larger, as many more finds are merged as there are more windows.
        dense = search.smallest_px * patch.scale / cascade.window_px
        if cascade is self._profile:
            finds = [_as_frontal(find) for find in finds]
        return [
            Face(
                patch.box_in_frame(find.x, find.y, find.side, find.side),
                float(find.neighbors),
                search.roll_deg,
                frontalness=min(1.0, find.neighbors / (_FRONTAL_FINDS * dense**2)),
            )
            for find in finds
        ]


def _glance_factor(search: Search) -> float:
    return _TILTED_GLANCE_FACTOR if search.roll_deg else _GLANCE_FACTOR


def _as_frontal(find: Find) -> Find:
    """Where the frontal cascade would draw it: the one for profiles draws 1.19 times as wide, and 0.14 ahead of it."""
    side = find.side / 1.19
    x, y = find.x + find.side / 2 - 0.14 * find.side, find.y + find.side / 2 + 0.03 * find.side
    return Find(x - side / 2, y - side / 2, side, find.neighbors)


def _mirrored(patch: Patch) -> NDArray[np.float64]:
    """The way to the frame from the pixels of the patch's mirror image."""
    flip = np.array([[-1.0, 0.0, patch.pixels.shape[1]], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    return np.asarray(patch.to_frame @ flip, np.float64)
