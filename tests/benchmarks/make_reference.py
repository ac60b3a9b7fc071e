"""Where the face truly is in the clips of one person: ``python -m tests.benchmarks.make_reference`` (20 minutes).

A search without regard to cost: every frame at seven tilts, in steps of 5% in size. The best path through all finds, by
dynamic programming, is the face; a short average takes the steps out of it. The result was checked by eye.
"""

import json
import math
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from tests.benchmarks.clips import EMPTY_CLIPS, REFERENCE_PATH, VIDEOS, decoded

TILTS_DEG = (0, -12, 12, -24, 24, -36, 36)
LONGEST_GAP = 15
FARTHEST = 0.35  # from frame to frame, in sides
MOST_PER_FRAME = 15
KERNEL = np.array([1, 2, 3, 2, 1]) / 9


@dataclass
class Find:
    """Middle and side in pixels, the cascade's weight, tilt; then the best path that ends here."""

    x: float
    y: float
    side: float
    weight: float
    tilt_deg: int
    total: float = 0.0
    before: tuple[int, int] | None = None


def main() -> None:
    """Write the file anew."""
    boxes = {}
    for path in sorted(VIDEOS.iterdir()):
        if path.suffix in {".mkv", ".gif"} and path.name not in EMPTY_CLIPS:
            frames, _ = decoded(path)
            boxes[path.name] = _smoothed(_best_path([_finds(frame.grey) for frame in frames]), len(frames))
            print(path.name, flush=True)
    lines = ",\n".join(f'  "{name}": {json.dumps(of_clip, separators=(",", ":"))}' for name, of_clip in boxes.items())
    REFERENCE_PATH.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")


def _finds(grey: np.ndarray) -> list[Find]:
    cascade = cv2.CascadeClassifier(str(Path(cv2.__file__).parent / "data" / "haarcascade_frontalface_default.xml"))
    height, width = grey.shape
    finds = []
    for tilt_deg in TILTS_DEG:
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), tilt_deg, 1)
        turned = cv2.warpAffine(grey, turn, (width, height), borderMode=cv2.BORDER_REPLICATE)
        back = cv2.invertAffineTransform(turn)
        boxes, _, weights = cascade.detectMultiScale3(turned, 1.05, 2, minSize=(48, 48), outputRejectLevels=True)
        for (left, top, side, _), weight in zip(boxes, np.ravel(weights), strict=True):
            middle = back @ (left + side / 2, top + side / 2, 1)
            x, y = (float(value) for value in middle)
            finds.append(Find(x, y, float(side), float(weight) - 0.02 * abs(tilt_deg), tilt_deg))
    return sorted(finds, key=lambda find: find.weight, reverse=True)[:MOST_PER_FRAME]


def _best_path(finds: list[list[Find]]) -> dict[int, Find]:
    for number, of_frame in enumerate(finds):
        for find in of_frame:
            find.total = find.weight
            for gap in range(1, min(number, LONGEST_GAP) + 1):
                for position, earlier in enumerate(finds[number - gap]):
                    total = earlier.total + find.weight - _strain(earlier, find, gap)
                    if total > find.total:
                        find.total, find.before = total, (number - gap, position)
    ends = ((number, position) for number, of_frame in enumerate(finds) for position in range(len(of_frame)))
    place: tuple[int, int] | None = max(ends, key=lambda end: finds[end[0]][end[1]].total)
    path = {}
    while place is not None:
        path[place[0]] = finds[place[0]][place[1]]
        place = path[place[0]].before
    return path


def _strain(earlier: Find, later: Find, gap: int) -> float:
    moved = math.hypot(later.x - earlier.x, later.y - earlier.y) / later.side / gap
    if moved > FARTHEST:
        return math.inf
    grown, tilted = abs(math.log(later.side / earlier.side)), abs(later.tilt_deg - earlier.tilt_deg)
    return 4 * moved + 6 * grown + 0.02 * tilted + (gap - 1)


def _smoothed(path: dict[int, Find], count: int) -> list[list[float]]:
    numbers = sorted(path)
    columns = []
    for values in zip(*((path[n].x, path[n].y, path[n].side) for n in numbers), strict=True):
        filled = np.interp(np.arange(count), numbers, values)
        columns.append(np.convolve(np.pad(filled, 2, "edge"), KERNEL, "valid"))
    return [[round(float(v), 1) for v in (x - s / 2, y - s / 2, s)] for x, y, s in zip(*columns, strict=True)]


if __name__ == "__main__":
    main()
