"""Naive and affectd, with each of its detectors, over the same frames in turn, and how well each held the faces."""

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from device.records import Box, ObservedFace
from tests.benchmarks.clips import Clip, Truth
from tests.benchmarks.contenders import Naive, Ours

HELD_IOU = 0.4
FALSE_IOU = 0.1
_AWAY_S = 1.0
_FRAMES_IN_TURN = 8  # short, so that both meet the same neighbours on the machine


@dataclass(frozen=True)
class Result:
    """One clip: CPU seconds and the share of whole faces held after the first second, and what went wrong.

    Attributes:
        switches: how often a person's id changed while in view.
        false_tracks: confirmed tracks that never touched a face.
        mean_iou: of the held faces.
    """

    clip: Clip
    naive_s: float
    ours_s: float
    naive_held: float
    held: float
    mean_iou: float
    switches: int
    false_tracks: int


def race(clip: Clip, makes: Sequence[Callable[[], Ours]] = (Ours,)) -> list[Result]:
    """Run naive and each of ``makes`` over ``clip``; one result for each of these."""
    naive, ours = Naive(), [make() for make in makes]
    naive_boxes: list[list[Box]] = []
    observed: list[list[tuple[ObservedFace, ...]]] = [[] for _ in ours]
    naive_s, ours_s = 0.0, [0.0] * len(ours)
    for begin in range(0, len(clip.frames), _FRAMES_IN_TURN):
        block = clip.frames[begin : begin + _FRAMES_IN_TURN]
        begun_s = time.process_time()
        naive_boxes += [naive.step(frame) for frame in block]
        naive_s += time.process_time() - begun_s
        for number, one in enumerate(ours):
            begun_s = time.process_time()
            observed[number] += [one.step(frame) for frame in block]
            ours_s[number] += time.process_time() - begun_s
    naive_held = _held(clip, naive_boxes)[0]
    return [_result(clip, naive_s, spent_s, naive_held, seen) for spent_s, seen in zip(ours_s, observed, strict=True)]


def _result(
    clip: Clip, naive_s: float, ours_s: float, naive_held: float, observed: list[tuple[ObservedFace, ...]]
) -> Result:
    held, mean_iou = _held(clip, [[face.track.box for face in faces] for faces in observed])
    switches, false_tracks = _switches(clip, observed), _false(clip, observed)
    return Result(clip, naive_s, ours_s, naive_held, held, mean_iou, switches, false_tracks)


def _held(clip: Clip, boxes: list[list[Box]]) -> tuple[float, float]:
    pairs = list(zip(clip.truths, boxes, strict=True))[round(clip.fps) :]
    ious = [
        max((truth.box.iou(box) for box in found), default=0.0)
        for truths, found in pairs
        for truth in truths
        if truth.whole
    ]
    held = [iou for iou in ious if iou >= HELD_IOU]
    return len(held) / len(ious) if ious else 1.0, sum(held) / len(held) if held else 0.0


def _switches(clip: Clip, observed: list[tuple[ObservedFace, ...]]) -> int:
    """Changes of the id at a person's face, also behind somebody; who was away for a second starts anew."""
    switches = 0
    last: dict[str, int] = {}
    there: dict[str, int] = {}
    for index, (truths, faces) in enumerate(zip(clip.truths, observed, strict=True)):
        away = {truth.person for truth in truths if index - there.get(truth.person, index) > _AWAY_S * clip.fps}
        last = {person: track for person, track in last.items() if person not in away}
        there |= {truth.person: index for truth in truths}
        whose = _whose(truths, faces)
        switches += sum(last.get(person, track) != track for person, track in whose.items())
        last |= whose
    return switches


def _whose(truths: Sequence[Truth], faces: Sequence[ObservedFace]) -> dict[str, int]:
    """The track at each whole face. One of somebody who is partly hidden is not another's who stands there."""
    pairs = [(truth.box.iou(face.track.box), truth, face.track.id) for truth in truths for face in faces]
    found: dict[str, int] = {}
    partly: dict[str, int] = {}
    for iou, truth, track in sorted(pairs, key=lambda pair: pair[0], reverse=True):
        taken = {**found, **partly}
        if iou >= HELD_IOU and truth.person not in taken and track not in taken.values():
            (found if truth.whole else partly)[truth.person] = track
    return found


def _false(clip: Clip, observed: list[tuple[ObservedFace, ...]]) -> int:
    closest: dict[int, float] = defaultdict(float)
    for truths, faces in zip(clip.truths, observed, strict=True):
        for face in faces:
            iou = max((truth.box.iou(face.track.box) for truth in truths), default=0.0)
            closest[face.track.id] = max(closest[face.track.id], iou)
    return sum(bool(iou < FALSE_IOU) for iou in closest.values())
