"""Labelled photographs as short films: which faces a pipeline sees in them, how soon, and what that costs.

A film drifts by two pixels, with a sensor's noise, so that it is neither frozen nor moving.
"""

import collections
import math
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from device.records import Box, Frame, ObservedFace
from tests.benchmarks.contenders import Naive
from tests.benchmarks.photographs import Photograph
from tests.benchmarks.race import FALSE_IOU, HELD_IOU
from tests.fakes import START

LARGE = 0.08
"""Share of the picture's height that a large face has."""
_FPS = 15
_FILM_S = 6.0
_NOISES = [np.round(np.random.default_rng(number).normal(0, 2, (680, 680, 1))).astype(np.int16) for number in range(12)]


class Contender(Protocol):
    """Sees faces in frame after frame."""

    def step(self, frame: Frame) -> Sequence[ObservedFace]:
        """The confirmed faces."""
        ...


@dataclass
class Seen:
    """What came of some photographs.

    Attributes:
        last, ever: by group of faces, whether each was seen in the last frame, and in any.
        false: by kind of picture, tracks that never touched a face.
        pictures: by kind, how many.
        first_s: of each large face that was seen, after how long.
        cpu_s, frames: of the pipeline.
    """

    last: dict[str, list[bool]] = field(default_factory=lambda: collections.defaultdict(list))
    ever: dict[str, list[bool]] = field(default_factory=lambda: collections.defaultdict(list))
    false: collections.Counter[str] = field(default_factory=collections.Counter)
    pictures: collections.Counter[str] = field(default_factory=collections.Counter)
    first_s: list[float] = field(default_factory=list)
    cpu_s: float = 0.0
    frames: int = 0

    def __add__(self, other: Self) -> "Seen":
        """Both together."""
        both = Seen(false=self.false + other.false, pictures=self.pictures + other.pictures)
        for one in (self, other):
            for of_both, of_one in ((both.last, one.last), (both.ever, one.ever)):
                for group, faces in of_one.items():
                    of_both[group] += faces
            both.first_s += one.first_s
            both.cpu_s += one.cpu_s
            both.frames += one.frames
        return both

    @property
    def ms(self) -> float:
        """Of CPU, for a frame."""
        return 1000 * self.cpu_s / self.frames


def in_photographs(pictures: Iterable[Photograph], make: Callable[[], Contender]) -> Seen:
    """Show each photograph to a new contender."""
    seen = Seen()
    for described, bgr in pictures:
        _watch(described, list(film(bgr)), make(), seen)
    return seen


def _watch(picture: dict[str, Any], frames: list[Frame], contender: Contender, seen: Seen) -> None:
    faces = [Box(*face["box"]) for face in picture["faces"]]
    first: list[float | None] = [None] * len(faces)
    now = [False] * len(faces)
    tracks: dict[int, list[Box]] = collections.defaultdict(list)
    for frame in frames:
        begun_s = time.process_time()
        observed = contender.step(frame)
        seen.cpu_s += time.process_time() - begun_s
        for face in observed:
            tracks[face.track.id].append(face.track.box)
        visible = [face.track.box for face in observed if face.track.visible]
        now = [any(face.iou(box) >= HELD_IOU for box in visible) for face in faces]
        first = [frame.time_s if was is None and there else was for was, there in zip(first, now, strict=True)]
    seen.frames += len(frames)
    seen.pictures[picture["kind"]] += 1
    known = _known(picture)
    seen.false[picture["kind"]] += sum(
        not any(_touches(box, one) for box in of_one for one in known) for of_one in tracks.values()
    )
    for face, there, first_s in zip(picture["faces"], now, first, strict=True):
        for group in _groups(face, picture["kind"]):
            seen.last[group].append(there)
            seen.ever[group].append(first_s is not None)
        if first_s is not None and face["share"] >= LARGE:
            seen.first_s.append(first_s)


def _known(picture: dict[str, Any]) -> list[Box]:
    """Its faces, and the boxes that count neither way."""
    boxes = [face["box"] for face in picture["faces"]]
    boxes += [one["box"] if isinstance(one, dict) else one for one in picture["ignore"]]
    return [Box(*box) for box in boxes]


def _touches(box: Box, face: Box) -> bool:
    return max(box.iou(face), box.overlap(face) - 0.5) >= FALSE_IOU


def _groups(face: dict[str, Any], kind: str) -> Iterator[str]:
    roll_deg = abs((face["roll"] + 180) % 360 - 180)
    if kind in ("rotated", "turned"):
        yield "turned pictures"
    else:
        yield "all"
        yield "8% and more" if face["share"] >= LARGE else "below 8%"
    if face["share"] >= LARGE:
        if kind not in ("rotated", "turned"):
            yield f"{face['yaw']}, 8% and more"
        yield "tilted below 25" if roll_deg < 25 else "tilted 25 to 45" if roll_deg < 45 else "tilted beyond 45"


def film(bgr: NDArray[np.uint8]) -> Iterator[Frame]:
    """Six seconds of one photograph, uint8 (height, width, 3)."""
    height, width = bgr.shape[:2]
    draw = np.random.default_rng(0)
    for number in range(round(_FPS * _FILM_S)):
        dx, dy = 2 * math.sin(2 * math.pi * number / 90), math.sin(2 * math.pi * number / 90 + 1)
        shift = np.array([[1, 0, dx], [0, 1, dy]])
        moved = cv2.warpAffine(bgr, shift, (width, height), borderMode=cv2.BORDER_REPLICATE)
        y, x = draw.integers(0, 30, 2)
        noise = _NOISES[draw.integers(12)][y : y + height, x : x + width]
        noisy = np.clip(moved + noise, 0, 255).astype(np.uint8)
        grey = cv2.cvtColor(noisy, cv2.COLOR_BGR2GRAY).astype(np.uint8, copy=False)
        yield Frame(grey, number / _FPS, START + timedelta(seconds=number / _FPS), number, noisy)


def naive_in_photographs(pictures: Iterable[Photograph]) -> Seen:
    """Search each still photograph once, as naive does."""
    naive, seen = Naive(), Seen()
    for described, bgr in pictures:
        grey = cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY).astype(np.uint8, copy=False)
        begun_s = time.process_time()
        boxes = naive.find(grey)
        seen.cpu_s += time.process_time() - begun_s
        seen.frames += 1
        seen.pictures[described["kind"]] += 1
        seen.false[described["kind"]] += sum(not any(_touches(box, one) for one in _known(described)) for box in boxes)
        for face in described["faces"]:
            hit = any(Box(*face["box"]).iou(box) >= HELD_IOU for box in boxes)
            for group in _groups(face, described["kind"]):
                seen.last[group].append(hit)
    return seen


def percent(values: Sequence[bool]) -> float:
    """The share of true ones."""
    return 100 * statistics.mean(values)
