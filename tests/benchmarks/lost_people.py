"""``make lost-people``: a sheet of the labelled faces that are not seen in the last frame, and for what cause.

Each photograph with faces is shown as in ``make bench-people``. The sheet shows people: keep it where the photographs
are kept.
"""

import argparse
import collections
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from device.detect import DetectorSettings, open_detector
from device.detect.picture import Picture
from device.detect.proposer import Proposer
from device.detect.search import Search
from device.records import Box, Face, ObservedFace
from tests.benchmarks.contenders import Ours, network
from tests.benchmarks.films import LARGE, film
from tests.benchmarks.people import PHOTOGRAPHS
from tests.benchmarks.photographs import photographs
from tests.benchmarks.race import HELD_IOU

CAUSES = (
    "of a size that is not searched",
    "not proposed",
    "vetoed by the second opinion",
    "found but not confirmed",
    "confirmed and lost again",
    "followed, but the box is off",
)
_FOUND_IOU = 0.3
_TILE_PX, _CAPTION_PX, _COLUMNS = 112, 16, 10
_AROUND = 1.8  # sides of the face


@dataclass(frozen=True)
class Lost:
    """One labelled face that is not seen in the last frame.

    Attributes:
        file: the photograph's.
        box: where it is, pixels.
        share: its side as a share of the picture's height.
        cause: one of ``CAUSES``.
        pixels: uint8 (112, 112, 3), the face and what is around it.
    """

    file: str
    box: Box
    share: float
    cause: str
    pixels: NDArray[np.uint8]


class WatchedProposer:
    """A proposer that writes down what it proposed and what its second opinion said."""

    def __init__(self, proposer: Proposer) -> None:
        self._proposer = proposer
        self.smallest_px = float("inf")
        self.proposed: list[Box] = []
        self.vouched: list[Face] = []
        self.detect = proposer.detect

    def parts(self, width: int, height: int) -> Sequence[Search]:
        """See `Proposer`."""
        parts = self._proposer.parts(width, height)
        self.smallest_px = min(part.smallest_px for part in parts)
        return parts

    def propose(self, picture: Picture, part: Search, where: Box, turn: int, known: Sequence[Box]) -> list[Face]:
        """See `Proposer`."""
        faces = self._proposer.propose(picture, part, where, turn, known)
        self.proposed += [face.box for face in faces]
        return faces

    def vouch(self, picture: Picture, face: Face) -> Face | None:
        """See `Proposer`."""
        vouched = self._proposer.vouch(picture, face)
        self.vouched += [vouched] if vouched is not None else []
        return vouched


def lost_in(described: dict[str, Any], bgr: NDArray[np.uint8], settings: DetectorSettings) -> Iterator[Lost]:
    """The faces of one photograph that are not seen in the last frame of its film."""
    detector = open_detector(settings, None)
    watched = WatchedProposer(detector.proposer)
    contender = Ours(detector=replace(detector, proposer=watched))
    observed: list[Sequence[ObservedFace]] = [contender.step(frame) for frame in film(bgr)]
    for face in described["faces"]:
        box = Box(*face["box"])
        if not _is_held(box, observed[-1]):
            cause = cause_of(box, watched, observed)
            yield Lost(described["file"], box, face["share"], cause, _tile(bgr, box))


def _is_held(box: Box, faces: Sequence[ObservedFace]) -> bool:
    return any(face.track.visible and box.iou(face.track.box) >= HELD_IOU for face in faces)


def cause_of(box: Box, watched: WatchedProposer, observed: Sequence[Sequence[ObservedFace]]) -> str:
    """Why the face is not seen in the last of the frames: how far it came."""
    ever = any(_is_held(box, faces) for faces in observed)
    off = any(face.track.visible and box.iou(face.track.box) >= _FOUND_IOU for face in observed[-1])
    weighed = [face.surplus or 0.0 for face in watched.vouched if box.iou(face.box) >= _FOUND_IOU]
    if off:
        return CAUSES[5]
    if ever:
        return CAUSES[4]
    if weighed:
        return CAUSES[3] if sum(weighed) >= 0.0 else CAUSES[2]
    if any(box.iou(one) >= _FOUND_IOU for one in watched.proposed):
        return CAUSES[2]
    return CAUSES[0] if box.w < watched.smallest_px else CAUSES[1]


def _tile(bgr: NDArray[np.uint8], box: Box) -> NDArray[np.uint8]:
    scale = _TILE_PX / (_AROUND * box.w)
    x, y = box.centre
    to_tile = np.array([[scale, 0, _TILE_PX / 2 - scale * x], [0, scale, _TILE_PX / 2 - scale * y]])
    tile = cv2.warpAffine(bgr, to_tile, (_TILE_PX, _TILE_PX), flags=cv2.INTER_LINEAR)
    side = round(scale * box.w / 2)
    middle = _TILE_PX // 2
    cv2.rectangle(tile, (middle - side, middle - side), (middle + side, middle + side), (255, 255, 255), 1)
    return tile.astype(np.uint8, copy=False)


def sheet(lost: Sequence[Lost]) -> NDArray[np.uint8]:
    """All of them, uint8 (height, width, 3): by cause, each with its number there, its share and its file."""
    tiles = []
    for face in sorted(lost, key=lambda one: (CAUSES.index(one.cause), -one.share)):
        caption = np.full((2 * _CAPTION_PX, _TILE_PX, 3), 20, np.uint8)
        for line, text in enumerate((f"{CAUSES.index(face.cause)}: {100 * face.share:.0f}%", face.file)):
            where = (2, _CAPTION_PX * (line + 1) - 4)
            cv2.putText(caption, text, where, cv2.FONT_HERSHEY_SIMPLEX, 0.36, (255, 255, 255), 1, cv2.LINE_AA)
        tiles.append(np.vstack([face.pixels, caption]))
    if not tiles:
        return np.zeros((_TILE_PX, _TILE_PX, 3), np.uint8)
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % _COLUMNS)
    rows = [np.hstack(tiles[begin : begin + _COLUMNS]) for begin in range(0, len(tiles), _COLUMNS)]
    return np.vstack(rows)


def main() -> None:
    """Look, count and draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=PHOTOGRAPHS)
    parser.add_argument("--detector", choices=("haar", "yunet"), default="haar")
    parser.add_argument("--out", type=Path, help="where the sheet goes, a .jpg")
    parser.add_argument("--every", type=int, default=1, help="take one photograph in so many")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    named = network() if options.detector == "yunet" else None
    settings = DetectorSettings(kind=options.detector, network=named)
    lost: list[Lost] = []
    shown = [0, 0]
    for described, bgr in photographs(options.folder, slice(None, None, options.every)):
        if described["kind"] == "faces":
            lost += lost_in(described, bgr, settings)
            for face in described["faces"]:
                shown[face["share"] < LARGE] += 1
    _print(options.detector, lost, shown)
    if options.out is not None:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(options.out), sheet(lost), [cv2.IMWRITE_JPEG_QUALITY, 90])


def _print(name: str, lost: Sequence[Lost], shown: Sequence[int]) -> None:
    counts = collections.Counter((one.cause, one.share < LARGE) for one in lost)
    print(f"{name}: lost in the last frame, of {shown[0]} faces of at least 8% and {shown[1]} smaller ones")
    for number, cause in enumerate(CAUSES):
        print(f"{number}: {cause:<32}{counts[cause, False]:>6}{counts[cause, True]:>6}")
    print(f"{'':<3}{'all':<32}{sum(n for (_, small), n in counts.items() if not small):>6}", end="")
    print(f"{sum(n for (_, small), n in counts.items() if small):>6}")


if __name__ == "__main__":
    main()
