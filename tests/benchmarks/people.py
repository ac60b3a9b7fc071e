"""``make bench-people``: who of many people in plain view is seen, how soon, and what that costs.

A crowd and twenty faces, drawn; and, where they are, labelled photographs, as they are and turned. Each half of the
photographs counts for itself: the settings were chosen on one, and the other judges them.
"""

import collections
import math
import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from device.records import ObservedFace
from tests.benchmarks.clips import Clip
from tests.benchmarks.contenders import Ours, OursWithNetwork, network
from tests.benchmarks.crossings import SECONDS as CROSSING_S
from tests.benchmarks.crossings import crossing
from tests.benchmarks.crowd import CROWD, SECONDS, drawn, twenty
from tests.benchmarks.films import Contender, Seen, in_photographs, naive_in_photographs, percent
from tests.benchmarks.photographs import photographs, turned
from tests.benchmarks.race import HELD_IOU, _false, _held, _switches

PHOTOGRAPHS = Path(os.environ.get("AFFECTD_PEOPLE", Path(__file__).parents[3] / "shared" / "data" / "people"))
HALVES = ("half that settings were chosen on", "half that judges")  # the even and the odd photographs
_CROSSINGS = range(24, 32)  # the tracker was settled on others


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


def main(every: int) -> None:
    """Measure and print."""
    cv2.setNumThreads(1)
    contenders: dict[str, Callable[[], Contender]] = {"Haar": Ours}
    if network().is_file():
        contenders["network"] = OursWithNetwork
    else:
        print(f"{network()} is not there: the network is left out (AFFECTD_NETWORK names another)")
    _print_crowds(contenders)
    _print_crossings(contenders)
    if not PHOTOGRAPHS.is_dir():
        print(f"{PHOTOGRAPHS} is not there: the photographs are left out (AFFECTD_PEOPLE names another)")
        return
    by_half: list[dict[str, Seen]] = []
    for begin in range(len(HALVES)):
        part = slice(begin, None, len(HALVES) * every)
        seen = {"naive, still": naive_in_photographs(photographs(PHOTOGRAPHS, part))}
        seen |= {name: in_photographs(photographs(PHOTOGRAPHS, part), make) for name, make in contenders.items()}
        by_half.append(seen)
    for title, seen in zip(HALVES, by_half, strict=True):
        _print_photographs(title, seen)
    first, second = by_half
    _print_photographs("both halves", {name: seen + second[name] for name, seen in first.items()})
    _print_turned(contenders, every)


def _print_crowds(contenders: dict[str, Callable[[], Contender]]) -> None:
    print(f"{'':<26}{'held':>8}{'switches':>9}{'false':>6}{'confirmed: median':>19}{'p90':>6}{'ms':>7}")
    for clip in (drawn("crowd of nine", CROWD, SECONDS), drawn("twenty faces", twenty(), 6.0)):
        for name, make in contenders.items():
            crowd = in_crowd(clip, make())
            waits = list(crowd.confirmed_s.values())
            median, p90 = statistics.median(waits), float(np.quantile(waits, 0.9, method="lower"))
            cells = f"{crowd.held:>8.3f}{crowd.switches:>9}{crowd.false_tracks:>6}{median:>19.2f}{p90:>6.2f}"
            print(f"{f'{clip.name}, {name}':<26}{cells}{crowd.ms:>7.2f}")
            worst = sorted(crowd.held_of.items(), key=lambda one: one[1])[:4]
            print("  held least: " + ", ".join(f"{person} {held:.2f}" for person, held in worst))


def _print_photographs(title: str, shown: dict[str, Seen]) -> None:
    print(f"\n{title}\n{'faces, last frame / ever, %':<28}{'count':>7}" + "".join(f"{name:>16}" for name in shown))
    naive, *films = shown.values()
    for group in sorted(naive.last):
        cells = "".join(f"{percent(one.last[group]):>9.1f}/{percent(one.ever[group]):<6.1f}" for one in films)
        print(f"{group:<28}{len(naive.last[group]):>7}{percent(naive.last[group]):>16.1f}{cells}")
    for kind in sorted(naive.pictures):
        cells = "".join(f"{one.false[kind]:>16}" for one in shown.values())
        print(f"{f'false, {kind}':<28}{naive.pictures[kind]:>7}{cells}")
    for name, one in list(shown.items())[1:]:
        median_s, p90_s = statistics.median(one.first_s), float(np.quantile(one.first_s, 0.9))
        ms = f"{one.ms:.2f} ms a frame (naive {naive.ms:.1f} a search)"
        print(f"{name}: {ms}, confirmed after {median_s:.2f} s, p90 {p90_s:.2f}")


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
        seen = in_photographs(turned(PHOTOGRAPHS, slice(None, None, every)), make)
        last, ever, false = percent(seen.last[group]), percent(seen.ever[group]), seen.false["turned"]
        print(
            f"{name}, {seen.pictures['turned']} photographs turned: {len(seen.last[group])} faces {group}, "
            f"{last:.1f}% in the last frame, {ever:.1f}% ever, {false} false"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
