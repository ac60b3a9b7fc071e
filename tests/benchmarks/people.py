"""``make bench-people``: who of many people in plain view is seen, how soon, and what that costs.

A crowd and twenty faces, drawn; and, where they are, labelled photographs, as they are and turned, each shown as a
short film: drifting by two pixels, with a sensor's noise, so that it is neither frozen nor moving.
"""

import collections
import math
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np

from device.records import Box, Frame, ObservedFace
from tests.benchmarks.clips import Clip
from tests.benchmarks.contenders import Naive, Ours, OursWithNetwork, network
from tests.benchmarks.crossings import SECONDS as CROSSING_S
from tests.benchmarks.crossings import crossing
from tests.benchmarks.crowd import CROWD, SECONDS, drawn, twenty
from tests.benchmarks.photographs import Photograph, photographs, turned
from tests.benchmarks.race import FALSE_IOU, HELD_IOU, _false, _held, _switches
from tests.fakes import START

PHOTOGRAPHS = Path(os.environ.get("AFFECTD_PEOPLE", Path(__file__).parents[3] / "shared" / "data" / "people"))
_CROSSINGS = range(24, 32)  # the tracker was settled on others
_FPS = 15
_FILM_S = 6.0
LARGE = 0.08  # share of the picture's height
_NOISES = [np.round(np.random.default_rng(number).normal(0, 2, (680, 680, 1))).astype(np.int16) for number in range(12)]


class Contender(Protocol):
    """Sees faces in frame after frame."""

    def step(self, frame: Frame) -> Sequence[ObservedFace]:
        """The confirmed faces."""
        ...


@dataclass
class Seen:
    """What came of the photographs.

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


@dataclass(frozen=True)
class Crowd:
    """What came of one clip: see `race.Result`.

    Attributes:
        held_of: by person, in those frames in which the whole face is in view, after the first second.
        confirmed_s: by person, how long a newcomer in full view waited, seconds; infinite for ever.
    """

    held: float
    held_of: dict[str, float]
    switches: int
    false_tracks: int
    confirmed_s: dict[str, float]
    ms: float


def in_crowd(clip: Clip, contender: Contender) -> Crowd:
    """Show ``clip`` to one contender."""
    begun_s = time.process_time()
    observed = [tuple(contender.step(frame)) for frame in clip.frames]
    ms = 1000 * (time.process_time() - begun_s) / len(clip.frames)
    boxes = [[face.track.box for face in faces if face.track.visible] for faces in observed]
    held_of = {person: _held(_alone(clip, person), boxes)[0] for person in _people(clip)}
    return Crowd(
        _held(clip, boxes)[0], held_of, _switches(clip, observed), _false(clip, observed), _waits(clip, observed), ms
    )


def _people(clip: Clip) -> list[str]:
    return sorted({truth.person for truths in clip.truths for truth in truths if truth.whole})


def _alone(clip: Clip, person: str) -> Clip:
    """The clip with one person's true boxes alone."""
    return replace(clip, truths=[[truth for truth in truths if truth.person == person] for truths in clip.truths])


def _waits(clip: Clip, observed: list[tuple[ObservedFace, ...]]) -> dict[str, float]:
    """Seconds from a person's first frame in full view to the first with a track there; infinite for never."""
    came: dict[str, float] = {}
    waits: dict[str, float] = {}
    for frame, truths, faces in zip(clip.frames, clip.truths, observed, strict=True):
        for truth in truths:
            if not truth.whole or truth.person in waits:
                continue
            came.setdefault(truth.person, frame.time_s)
            if any(truth.box.iou(face.track.box) >= HELD_IOU for face in faces):
                waits[truth.person] = frame.time_s - came[truth.person]
    return {person: waits.get(person, math.inf) for person in came}


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
    known = [*faces, *(Box(*(one["box"] if isinstance(one, dict) else one)) for one in picture["ignore"])]
    seen.false[picture["kind"]] += sum(
        not any(_touches(box, one) for box in of_one for one in known) for of_one in tracks.values()
    )
    for face, there, first_s in zip(picture["faces"], now, first, strict=True):
        for group in _groups(face, picture["kind"]):
            seen.last[group].append(there)
            seen.ever[group].append(first_s is not None)
        if first_s is not None and face["share"] >= LARGE:
            seen.first_s.append(first_s)


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


def film(bgr: np.ndarray) -> Iterator[Frame]:
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


def _naive_search(folder: Path, every: int) -> tuple[dict[str, list[bool]], collections.Counter[str], float]:
    """What naive finds in each still photograph: by group, false boxes by kind, and milliseconds a search."""
    found: dict[str, list[bool]] = collections.defaultdict(list)
    false: collections.Counter[str] = collections.Counter()
    naive, spent_s, pictures = Naive(), 0.0, list(photographs(folder, every))
    for picture, bgr in pictures:
        grey = cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY).astype(np.uint8, copy=False)
        begun_s = time.process_time()
        boxes = naive.find(grey)
        spent_s += time.process_time() - begun_s
        known = [Box(*face["box"]) for face in picture["faces"]]
        known += [Box(*(one["box"] if isinstance(one, dict) else one)) for one in picture["ignore"]]
        false[picture["kind"]] += sum(not any(_touches(box, one) for one in known) for box in boxes)
        for face in picture["faces"]:
            hit = any(Box(*face["box"]).iou(box) >= HELD_IOU for box in boxes)
            for group in _groups(face, picture["kind"]):
                found[group].append(hit)
    return found, false, 1000 * spent_s / len(pictures)


def main(every: int) -> None:
    """Measure and print."""
    cv2.setNumThreads(1)
    contenders: dict[str, Callable[[], Contender]] = {"Haar": Ours}
    if network().is_file():
        contenders["network"] = OursWithNetwork
    else:
        print(f"{network()} is not there: the network is left out (AFFECTD_NETWORK names another)")
    clips = [drawn("crowd of nine", CROWD, SECONDS), drawn("twenty faces", twenty(), 6.0)]
    print(f"{'':<26}{'held':>8}{'switches':>9}{'false':>6}{'confirmed: median':>19}{'p90':>6}{'ms':>7}")
    for clip in clips:
        for name, make in contenders.items():
            crowd = in_crowd(clip, make())
            waits = list(crowd.confirmed_s.values())
            median, p90 = statistics.median(waits), float(np.quantile(waits, 0.9, method="lower"))
            cells = f"{crowd.held:>8.3f}{crowd.switches:>9}{crowd.false_tracks:>6}{median:>19.2f}{p90:>6.2f}"
            print(f"{f'{clip.name}, {name}':<26}{cells}{crowd.ms:>7.2f}")
            worst = sorted(crowd.held_of.items(), key=lambda one: one[1])[:4]
            print("  held least: " + ", ".join(f"{person} {held:.2f}" for person, held in worst))
    _print_crossings(contenders)
    if not PHOTOGRAPHS.is_dir():
        print(f"{PHOTOGRAPHS} is not there: the photographs are left out (AFFECTD_PEOPLE names another)")
        return
    naive, false, ms = _naive_search(PHOTOGRAPHS, every)
    shown = {name: in_photographs(photographs(PHOTOGRAPHS, every), make) for name, make in contenders.items()}
    print(
        f"{'faces, last frame / ever, %':<26}{'count':>7}{'naive still':>13}" + "".join(f"{name:>16}" for name in shown)
    )
    for group in sorted(naive):
        cells = "".join(
            f"{_percent(one.last[group]):>9.1f}/{_percent(one.ever[group]):<6.1f}" for one in shown.values()
        )
        print(f"{group:<26}{len(naive[group]):>7}{_percent(naive[group]):>13.1f}{cells}")
    for kind in sorted(false):
        cells = "".join(f"{one.false[kind]:>16}" for one in shown.values())
        count = next(iter(shown.values())).pictures[kind]
        print(f"{f'false, {kind}':<26}{count:>7}{false[kind]:>13}{cells}")
    for name, one in shown.items():
        p90 = float(np.quantile(one.first_s, 0.9))
        print(
            f"{name}: {1000 * one.cpu_s / one.frames:.2f} ms a frame (naive {ms:.1f} a search), "
            f"confirmed after {statistics.median(one.first_s):.2f} s, p90 {p90:.2f}"
        )
    _print_turned(contenders, every)


def _print_crossings(contenders: dict[str, Callable[[], Contender]]) -> None:
    switches, held = collections.Counter[str](), collections.defaultdict[str, list[float]](list)
    for seed in _CROSSINGS:
        clip = drawn(f"crossing {seed}", crossing(seed), CROSSING_S)
        for name, make in contenders.items():
            crowd = in_crowd(clip, make())
            switches[name] += crowd.switches
            held[name].append(crowd.held)
    for name in contenders:
        print(f"{len(_CROSSINGS)} crossings, {name}: {switches[name]} switches, held {statistics.mean(held[name]):.3f}")


def _print_turned(contenders: dict[str, Callable[[], Contender]], every: int) -> None:
    group = "tilted 25 to 45"
    for name, make in contenders.items():
        seen = in_photographs(turned(PHOTOGRAPHS, every), make)
        last, ever, false = _percent(seen.last[group]), _percent(seen.ever[group]), seen.false["turned"]
        print(
            f"{name}, {seen.pictures['turned']} photographs turned: {len(seen.last[group])} faces {group}, "
            f"{last:.1f}% in the last frame, {ever:.1f}% ever, {false} false"
        )


def _percent(values: list[bool]) -> float:
    return 100 * statistics.mean(values)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
