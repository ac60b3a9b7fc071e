"""Faces by Haar cascades: one proposes, and what all of them see there together is the evidence."""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from device.detect.cascade import Find, HaarCascade, cascade_path
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
_FIRST = "haarcascade_frontalface_alt2.xml"
_OTHER = "haarcascade_frontalface_default.xml"
_SECOND = "haarcascade_frontalface_alt.xml"
_EYE = "haarcascade_eye.xml"
_PROFILE = "haarcascade_profileface.xml"

# A logistic regression on what cascades see at 152 faces and at 547 errors of their searches, in photographs of many
# people: the logarithm of the odds that it is a face is the sum of weight * ln(1 + windows), and of the last.
_WEIGHTS = {"second": 1.75, "first": 1.20, "eyes": 2.36, "profile": 2.56}
_ODDS_BEFORE = -4.29
_NOT_WORTH_A_TURN = -2.0  # of a little more or less tilt
_MOST_WINDOWS = 8  # more are rare: what no cascade can make up for need not be looked at by it
_EVIDENCE_FACE_PX = 32
_EVIDENCE_REACH = 1.6
_EVIDENCE_GROWTH = 1.32
_EVIDENCE_FACTOR = 1.1
_EYES_FACE_PX = 72  # an eye then fills the window of its cascade
_EYES_REACH = 1.1
_EYES_FACTOR = 1.15
_EYES_ROWS, _EYES_COLUMNS = (0.15, 0.65), (0.15, 0.85)  # shares of the patch in which eyes lie


Witness = Callable[[Pyramid, Face, float], int]
"""How many windows at a face, tilted by so many degrees, speak for it."""


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
        second = HaarCascade(cascade_path(settings.second_cascade, _SECOND, "detector.second_cascade"))
        self._profile = HaarCascade(cascade_path(None, _PROFILE, "detector.cascade"))
        self._eye = HaarCascade(cascade_path(None, _EYE, "detector.cascade"))
        # In the order of what they tell for what they cost.
        self._witnesses: dict[str, Witness] = {
            "second": lambda pyramid, face, roll_deg: self._windows(second, pyramid, face, roll_deg),
            "first": lambda pyramid, face, roll_deg: self._windows(self._first, pyramid, face, roll_deg),
            "eyes": self._eyes,
            "profile": lambda pyramid, face, roll_deg: self._windows(self._profile, pyramid, face, roll_deg, both=True),
        }

    def detect(self, grey: NDArray[np.uint8], bgr: NDArray[np.uint8] | None = None) -> list[Face]:
        """The faces in uint8 (height, width), boxes in its pixels, the surest first."""
        picture = Picture(grey, lambda: bgr)
        found = [
            face
            for part in self.parts(*picture.size)
            for turn in range(self.turns(part))
            for face in self.propose(picture, part, part.region, turn)
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
            window_px=self._first.window_px,
            tilt_deg=min(ROLL_STEP_DEG, self._settings.max_roll_deg),
        )

    def turns(self, part: Search) -> int:
        """See `Proposer`: small and tilted faces are searched in two ways, for less."""
        return 2 if part.rare else 4

    def propose(self, picture: Picture, part: Search, where: Box, turn: int) -> list[Face]:
        """See `Proposer`.

        By the first cascade; by the other one, for the sizes between; in evened light; from one side or the other, for
        heads that are half turned. Small and tilted faces are looked for by the first alone, which costs least.
        """
        pyramid, search, way = picture.pyramid, narrowed(part, where), turn % self.turns(part)
        if way % 2:
            search = between_sizes(search, self._settings.scale_factor)
        if part.rare:
            return self.search(pyramid, search, evened=way == 1 and not part.roll_deg and self._settings.equalise)
        if way == 1:
            return self.search(pyramid, search, self._other)
        if way == 3:
            return self._half_turned(pyramid, search, mirrored=bool(turn // self.turns(part) % 2))
        return self.search(pyramid, search, evened=way == 2 and self._settings.equalise)

    def vouch(self, picture: Picture, face: Face) -> Face | None:
        """See `Proposer`."""
        return face if self.agrees(picture.pyramid, face) else None

    def search(
        self, pyramid: Pyramid, search: Search, cascade: HaarCascade | None = None, *, evened: bool = False
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
        patch = self._cut(pyramid, search, cascade)
        if evened:
            patch = replace(patch, pixels=self._evener.even(patch.pixels))
        return self._find(cascade, patch, search)

    def look_for(self, pyramid: Pyramid, search: Search, *, otherwise: bool = False) -> Face | None:
        """The face that the search is for, which is expected in its middle; None where no cascade sees it.

        Args:
            pyramid: the frame.
            search: where, and for which sizes.
            otherwise: by those that are not asked first: the other frontal one, and the one for half-turned heads.
        """
        for cascade, mirrored in self._cascades(otherwise=otherwise):
            patch = self._cut(pyramid, search, cascade)
            patch = replace(patch, pixels=self._lifted(patch.pixels))
            faces = self._find_mirrored(patch, search) if mirrored else self._find(cascade, patch, search)
            if faces:
                return faces[0]
        return None

    def _half_turned(self, pyramid: Pyramid, search: Search, *, mirrored: bool) -> list[Face]:
        patch = self._cut(pyramid, search, self._profile)
        return self._find_mirrored(patch, search) if mirrored else self._find(self._profile, patch, search)

    def agrees(self, pyramid: Pyramid, face: Face) -> bool:
        """Whether there is evidence enough of a face, a little more or less tilted; always where none is asked for."""
        wanted = self._settings.evidence
        if wanted is None:
            return True
        odds = self.evidence(pyramid, face, face.roll_deg, wanted)
        if odds >= wanted or odds < _NOT_WORTH_A_TURN or not self._settings.max_roll_deg:
            return odds >= wanted
        tilts_deg = (ROLL_STEP_DEG / 2, -ROLL_STEP_DEG / 2)
        return any(self.evidence(pyramid, face, face.roll_deg + tilt, wanted) >= wanted for tilt in tilts_deg)

    def evidence(self, pyramid: Pyramid, face: Face, roll_deg: float, wanted: float) -> float:
        """The logarithm of the odds that a face is there, tilted by ``roll_deg``.

        No cascade is asked any more once ``wanted`` is reached, or cannot be.
        """
        odds, left = _ODDS_BEFORE, dict(_WEIGHTS)
        for name, windows in self._witnesses.items():
            odds += left.pop(name) * math.log1p(windows(pyramid, face, roll_deg))
            if odds >= wanted or odds + sum(left.values()) * math.log1p(_MOST_WINDOWS) < wanted:
                break
        return odds

    def _windows(
        self, cascade: HaarCascade, pyramid: Pyramid, face: Face, roll_deg: float, *, both: bool = False
    ) -> int:
        """How many windows around the face the cascade takes for one; ``both``: or in the mirror image, if more."""
        search = surroundings(face.box, reach=_EVIDENCE_REACH, growth=_EVIDENCE_GROWTH, roll_deg=roll_deg)
        patch = pyramid.cut(search.region, _EVIDENCE_FACE_PX / max(face.box.w, face.box.h), search.roll_deg)
        pixels = self._lifted(patch.pixels)
        views = (pixels, np.ascontiguousarray(pixels[:, ::-1])) if both else (pixels,)
        smallest_px, largest_px = search.smallest_px * patch.scale, search.largest_px * patch.scale
        return max(len(cascade.windows(view, smallest_px, largest_px, _EVIDENCE_FACTOR)) for view in views)

    def _eyes(self, pyramid: Pyramid, face: Face, roll_deg: float) -> int:
        """How many windows are taken for an eye, on the side that has fewer."""
        search = surroundings(face.box, reach=_EYES_REACH, growth=1.01, roll_deg=roll_deg)
        patch = pyramid.cut(search.region, _EYES_FACE_PX / max(face.box.w, face.box.h), search.roll_deg)
        height, width = patch.pixels.shape
        rows = slice(int(_EYES_ROWS[0] * height), int(_EYES_ROWS[1] * height))
        upper = np.ascontiguousarray(self._lifted(patch.pixels)[rows])
        window_px = self._eye.window_px
        eyes = self._eye.windows(upper, window_px, 1.5 * window_px, _EYES_FACTOR)
        places = [(x + side / 2) / width for x, _, side, _ in eyes]
        left, right = _EYES_COLUMNS
        on_left = [place for place in places if left < place < 0.5]
        on_right = [place for place in places if 0.5 <= place < right]
        return min(len(on_left), len(on_right))

    def _lifted(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        return lifted(pixels) if self._settings.equalise else pixels

    def _cascades(self, *, otherwise: bool) -> tuple[tuple[HaarCascade, bool], ...]:
        if not otherwise:
            # It sees a face in twice as many windows as the first does, and of these `frontalness` is made.
            return ((self._other, False),)
        return ((self._first, False), (self._profile, False), (self._profile, True))

    def _cut(self, pyramid: Pyramid, search: Search, cascade: HaarCascade) -> Patch:
        return pyramid.cut(search.region, cascade.window_px / search.smallest_px, search.roll_deg)

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
        if cascade is self._profile:
            finds = [_as_frontal(find) for find in finds]
        return [
            Face(
                patch.box_in_frame(find.x, find.y, find.side, find.side),
                float(find.neighbors),
                search.roll_deg,
                frontalness=min(1.0, find.neighbors / _FRONTAL_FINDS),
            )
            for find in finds
        ]


def _as_frontal(find: Find) -> Find:
    """Where the frontal cascade would draw it: the one for profiles draws 1.19 times as wide, and 0.14 ahead of it."""
    side = find.side / 1.19
    x, y = find.x + find.side / 2 - 0.14 * find.side, find.y + find.side / 2 + 0.03 * find.side
    return Find(x - side / 2, y - side / 2, side, find.neighbors)


def _mirrored(patch: Patch) -> NDArray[np.float64]:
    """The way to the frame from the pixels of the patch's mirror image."""
    flip = np.array([[-1.0, 0.0, patch.pixels.shape[1]], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    return np.asarray(patch.to_frame @ flip, np.float64)
