"""A clip in which a face changes: a smiling portrait of the bundled clip fades into a sober one, and back."""

from datetime import UTC, datetime

import cv2
import numpy as np
from numpy.typing import NDArray

from device.records import Box, Frame
from tests.benchmarks.clips import Clip, bundled_clip

FPS = 15.0
STAY_S, FADE_S = 4.0, 1.0
HEIGHT, WIDTH, SIDE = 360, 480, 240
NOISE = 2.0
ROOM = 1.9
"""Side of what is cut out of a frame, in sides of the face."""


def fading() -> list[Frame]:
    """The frames: the first person for a while, the second, and the first again."""
    clip = bundled_clip()
    smiling, sober = (_largest(clip, person).astype(np.float32) for person in ("collins", "hopper"))
    stay, fade = [0.0] * round(STAY_S * FPS), list(np.linspace(0, 1, round(FADE_S * FPS)))
    shares = [*stay, *fade, *(1.0 for _ in stay), *reversed(fade), *stay]
    chance = np.random.default_rng(1)
    return [_frame(number, smiling * (1 - share) + sober * share, chance) for number, share in enumerate(shares)]


def _frame(number: int, face: NDArray[np.float32], chance: np.random.Generator) -> Frame:
    picture = np.full((HEIGHT, WIDTH), 128, np.float32)
    top, left = (HEIGHT - SIDE) // 2, (WIDTH - SIDE) // 2
    picture[top : top + SIDE, left : left + SIDE] = face
    picture += chance.normal(0, NOISE, picture.shape)
    return Frame(picture.clip(0, 255).astype(np.uint8), number / FPS, datetime.now(UTC), number)


def _largest(clip: Clip, person: str) -> NDArray[np.uint8]:
    """The person where the clip shows the whole face largest, shape (SIDE, SIDE)."""

    def side(found: tuple[Frame, Box]) -> float:
        return found[1].w

    seen = [
        (frame, truth.box)
        for frame, truths in zip(clip.frames, clip.truths, strict=True)
        for truth in truths
        if truth.person == person and truth.whole
    ]
    frame, box = max(seen, key=side)
    half = ROOM * box.w / 2
    x, y = box.x + box.w / 2, box.y + box.h / 2
    rows = slice(max(0, round(y - half)), round(y + half))
    columns = slice(max(0, round(x - half)), round(x + half))
    cut = frame.grey[rows, columns]
    return cv2.resize(cut, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC).astype(np.uint8)
