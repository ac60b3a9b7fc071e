"""What to look for, and where: the parts of a search of the whole picture, and one face's surroundings."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from device.errors import RecordError
from device.records import Box

_SIZES_PER_SLICE = 3  # of the search's steps; what they find is merged, so that they belong into one search
_SMALL_PATCH_PX = 64_000  # what is left of the sizes is searched in one such patch
_OFTEN_BANDS = 1  # the smallest sizes are searched less often where they need more
_LARGEST_PATCH_PX = 90_000  # a patch above this is cut into bands, so that no frame waits long for its search


@dataclass(frozen=True, slots=True)
class Search:
    """One run of a cascade.

    Attributes:
        region: where, in the frame's pixels.
        smallest_px: side of the smallest face, frame pixels.
        largest_px: side of the largest face, frame pixels.
        roll_deg: how far the face is tilted clockwise, degrees.
        rare: whether it costs much or finds little, and is done less often.
    """

    region: Box
    smallest_px: float
    largest_px: float
    roll_deg: float = 0.0
    rare: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.smallest_px <= self.largest_px:
            raise RecordError(f"a search goes from a small face to a large one: {self.smallest_px, self.largest_px}")


def whole_picture(
    width: int, height: int, *, smallest_px: float, factor: float, face_px: float, tilt_deg: float
) -> tuple[Search, ...]:
    """The searches that together see every face of a picture.

    Faces are searched in slices of sizes, each in a picture reduced until its smallest face is ``face_px`` wide: a
    large face needs no more pixels than a small one. Slices of small faces are cut into bands that overlap by a
    face, so that all searches cost about the same. The others are searched for tilted faces as well; what a turned
    picture loses at its corners is left out.

    Args:
        width: of the picture, pixels.
        height: of the picture, pixels.
        smallest_px: side of the smallest face.
        factor: from one searched size to the next.
        face_px: side of a slice's smallest face where it is searched; no picture is enlarged for it.
        tilt_deg: how far tilted faces are, to either side; 0 looks for upright ones alone.
    """
    upright = _upright_parts(width, height, smallest_px=smallest_px, factor=factor, face_px=face_px)
    tilts_deg = (-tilt_deg, tilt_deg) if tilt_deg else ()
    tilted = (
        replace(part, roll_deg=roll, rare=True)
        for roll in tilts_deg
        for part in upright
        if part.region.w == width and part.region.h == height
    )
    return (*upright, *tilted)


def programme(parts: Sequence[Search], often: int) -> tuple[int, ...]:
    """The numbers of ``parts`` in the order in which they are done: rare ones once, the others ``often`` times.

    Of the rare ones, those for tilted faces come before those for small ones, which matter less.
    """
    common = [number for number, part in enumerate(parts) if not part.rare]
    rare = [number for number, part in enumerate(parts) if part.rare]
    rare.sort(key=lambda number: not parts[number].roll_deg)
    return tuple(number for turn in range(often) for number in (*common, *rare[turn::often]))


def _upright_parts(width: int, height: int, *, smallest_px: float, factor: float, face_px: float) -> list[Search]:
    largest_face_px = float(min(width, height))
    slice_factor = factor**_SIZES_PER_SLICE
    searches: list[Search] = []
    while smallest_px <= largest_face_px:
        patch_px = width * height * min(1.0, face_px / smallest_px) ** 2
        # Half a step above its last size, so that rounding does not drop it.
        largest_px = smallest_px * slice_factor / factor**0.5
        if patch_px <= _SMALL_PATCH_PX or largest_px >= largest_face_px:
            return [*searches, Search(Box(0.0, 0.0, width, height), smallest_px, largest_face_px)]
        bands = math.ceil(patch_px / _LARGEST_PATCH_PX)
        regions = _bands(width, height, bands, largest_px)
        searches += [
            Search(region, smallest_px, largest_px, rare=not searches and bands > _OFTEN_BANDS) for region in regions
        ]
        smallest_px *= slice_factor
    return searches


def between_sizes(search: Search, factor: float) -> Search:
    """``search`` for the sizes that lie between its own; a face that the one misses the other may find."""
    return replace(search, smallest_px=search.smallest_px / factor**0.5, largest_px=search.largest_px / factor**0.5)


def octaves(search: Search, factor: float) -> list[Search]:
    """``search`` cut into runs of sizes, each of fewer than a doubling; ``factor`` is from one size to the next."""
    span = factor ** math.ceil(math.log(2.0, factor))
    runs, smallest_px = [], search.smallest_px
    while smallest_px <= search.largest_px:
        largest_px = min(search.largest_px, smallest_px * span / factor**0.5)
        runs.append(replace(search, smallest_px=smallest_px, largest_px=largest_px))
        smallest_px *= span
    return runs


def surroundings(box: Box, *, reach: float, growth: float, roll_deg: float) -> Search:
    """The search for a face that is expected at ``box``.

    Args:
        box: where it is expected, pixels.
        reach: side of the searched square, in sides of the face.
        growth: how much larger or smaller than expected it may be, above 1.
        roll_deg: how far it is tilted, degrees.
    """
    side = max(box.w, box.h)
    centre_x, centre_y = box.centre
    region = Box(centre_x - side * reach / 2, centre_y - side * reach / 2, side * reach, side * reach)
    return Search(region, side / growth, side * growth, roll_deg)


def _bands(width: int, height: int, count: int, overlap_px: float) -> list[Box]:
    """``count`` upright bands over the picture's longer side."""
    length = max(width, height)
    step = length / count
    bands = []
    for number in range(count):
        begin, end = max(0.0, number * step - overlap_px / 2), min(float(length), (number + 1) * step + overlap_px / 2)
        across = width >= height
        bands.append(Box(begin, 0.0, end - begin, height) if across else Box(0.0, begin, width, end - begin))
    return bands
