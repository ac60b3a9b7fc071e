"""One box a face, however many searches found it."""

from collections.abc import Iterable

from device.records import Face

SAME_FACE_OVERLAP = 0.5
"""Boxes that share this much of the smaller one are of the same face."""


def distinct(faces: Iterable[Face]) -> list[Face]:
    """The surest of each heap of overlapping faces, the surest first."""
    kept: list[Face] = []
    for face in sorted(faces, key=lambda face: face.score, reverse=True):
        if all(face.box.overlap(other.box) < SAME_FACE_OVERLAP for other in kept):
            kept.append(face)
    return kept
