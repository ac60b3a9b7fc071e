"""People in plain view, drawn from the bundled clip's two portraits with their true boxes: nothing has to be fetched.

Nine figures, who are the two portraits, mirrored, lit and tilted. They come, cross each other, walk towards the camera
and back, leave, and come again; four are small, three are tilted. What is drawn is a figure's whole cut-out.
"""

import functools
import math
from dataclasses import dataclass
from datetime import timedelta

import cv2
import numpy as np
from numpy.typing import NDArray

from device.records import Box, Frame
from tests.benchmarks.clips import Clip, Truth
from tests.clip.portraits import COLLINS, HOPPER, Cutout, Portrait, load_cutouts
from tests.fakes import START

WIDTH, HEIGHT, FPS = 640, 480, 15.0
SECONDS = 16.0
_NOISE_GREY = 2.0
_WHOLE = 0.95
_SAMPLES = 12


@dataclass(frozen=True, slots=True)
class Figure:
    """One person of the crowd.

    Attributes:
        name: whose true boxes they are.
        portrait: what is drawn.
        light: gain of its grey values.
        path: (time in seconds, x and y of the face's middle, its side, its tilt clockwise in degrees), by time.
        mirrored: whether its mirror image is drawn.
    """

    name: str
    portrait: Portrait
    light: float
    path: tuple[tuple[float, float, float, float, float], ...]
    mirrored: bool = False

    def at(self, time_s: float) -> tuple[float, float, float, float]:
        """x, y, side and tilt: eased from one point of the path to the next."""
        times = [point[0] for point in self.path]
        after = min(max(int(np.searchsorted(times, time_s)), 1), len(times) - 1)
        begin, end = self.path[after - 1], self.path[after]
        share = min(max((time_s - begin[0]) / (end[0] - begin[0]), 0.0), 1.0)
        eased = share * share * (3.0 - 2.0 * share)
        x, y, side, roll = (one + (other - one) * eased for one, other in zip(begin[1:], end[1:], strict=True))
        return x + 0.02 * side * math.sin(2.1 * time_s + len(self.name)), y, side, roll


_OUT, _IN = -140.0, 780.0
CROWD = (
    # Two who cross, the nearer in front.
    Figure("ann", COLLINS, 1.0, (
        (0.3, _OUT, 200, 84, 0), (5.0, 470, 190, 92, 4), (9.0, 480, 195, 92, -6), (12.0, _IN, 200, 90, 0),
    )),
    Figure("bob", HOPPER, 0.95, (
        (0.8, _IN, 190, 70, 0), (5.5, 170, 180, 72, -5), (9.5, 190, 180, 70, 5), (16.0, 200, 185, 72, 0),
    )),
    # One who walks towards the camera, to three times the size, and back.
    Figure("cyd", COLLINS, 0.9, (
        (0.0, 320, 120, 40, 0), (6.5, 320, 120, 40, 0), (9.0, 330, 220, 130, 3), (10.5, 330, 220, 130, -3),
        (13.0, 320, 120, 44, 0), (16.0, 320, 120, 44, 0),
    ), mirrored=True),
    # One who leaves and comes back.
    Figure("dan", HOPPER, 1.1, (
        (0.0, 540, 130, 56, 3), (3.0, 545, 130, 56, -3), (4.5, _IN, 130, 56, 0), (7.0, _IN, 130, 56, 0),
        (9.5, 560, 135, 58, 2), (16.0, 555, 135, 58, -2),
    ), mirrored=True),
    # A small one, and one who tilts the head.
    Figure("eve", COLLINS, 1.0, ((0.0, 60, 90, 34, 0), (16.0, 90, 92, 36, 2))),
    Figure("fay", HOPPER, 1.0, (
        (9.5, 430, 430, 74, 0), (10.8, 430, 330, 74, 0), (12.0, 440, 320, 74, 28), (14.0, 440, 320, 74, 32),
        (16.0, 440, 320, 74, 20),
    )),
    # One who comes and goes with a tilted head, and two small ones who do so, one of them tilted.
    Figure("gus", HOPPER, 1.0, (
        (0.5, 110, 640, 76, 12), (2.5, 110, 370, 76, 28), (6.0, 115, 365, 76, 36), (8.5, 110, 370, 76, 26),
        (10.5, 110, 640, 76, 12), (16.0, 110, 640, 76, 12),
    )),
    Figure("ida", COLLINS, 1.0, (
        (1.0, -60, 420, 40, 0), (3.5, 225, 415, 40, 2), (8.0, 230, 415, 42, -3), (9.5, 230, 640, 42, 0),
        (11.0, 230, 640, 42, 0), (12.5, 235, 415, 42, 3), (16.0, 230, 415, 42, 0),
    ), mirrored=True),
    Figure("jon", HOPPER, 1.05, (
        (4.3, 720, 80, 44, -20), (5.3, 590, 80, 44, -30), (7.2, 592, 82, 44, -64), (9.4, 720, 80, 44, -20),
        (16.0, 720, 80, 44, -20),
    ), mirrored=True),
)  # fmt: skip


def twenty() -> tuple[Figure, ...]:
    """Twenty who all come within the first second and stay, in four rows."""
    figures = []
    for number in range(20):
        row, column = divmod(number, 5)
        x, y, side = 70.0 + 125 * column, 60.0 + 112 * row, 50.0
        portrait = (COLLINS, HOPPER)[(row + column) % 2]
        path = ((0.0, x, y, side, 0.0), (3.0, x + 6, y + 3, side * 1.04, 3.0), (6.0, x - 5, y, side, -3.0))
        figures.append(Figure(f"p{number}", portrait, 0.9 + 0.01 * number, path, mirrored=number % 3 == 0))
    return tuple(figures)


def drawn(name: str, figures: tuple[Figure, ...], seconds: float) -> Clip:
    """A clip of ``figures`` with a sensor's noise, in colour, and the true boxes of each frame."""
    random = np.random.default_rng(7)
    room = _room()
    frames, truths = [], []
    for index in range(round(seconds * FPS)):
        time_s = index / FPS
        bgr = room.copy()
        posed = sorted(((figure, figure.at(time_s)) for figure in figures), key=lambda one: one[1][2])
        for figure, pose in posed:
            _draw(bgr, figure, pose)
        noise = random.normal(0.0, _NOISE_GREY, (HEIGHT, WIDTH, 1))
        picture = np.clip(255.0 * bgr + noise, 0, 255).astype(np.uint8)
        grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY).astype(np.uint8, copy=False)
        frames.append(Frame(grey, time_s, START + timedelta(seconds=time_s), index, picture))
        truths.append(_truths(posed))
    return Clip(name, frames, truths, FPS)


def _truths(posed: list[tuple[Figure, tuple[float, float, float, float]]]) -> list[Truth]:
    """Who is within the picture, far to near as in ``posed``; whole where nobody nearer and no edge hides the face."""
    found = []
    for number, (figure, (x, y, side, _)) in enumerate(posed):
        steps = (np.arange(_SAMPLES) + 0.5) * side / _SAMPLES
        xs, ys = (axis.ravel() for axis in np.meshgrid(x - side / 2 + steps, y - side / 2 + steps))
        seen = (xs >= 0) & (xs < WIDTH) & (ys >= 0) & (ys < HEIGHT)
        if not seen.any():
            continue
        for nearer, pose in posed[number + 1 :]:
            seen &= ~_covers(nearer, pose, xs, ys)
        box = Box(x - side / 2, y - side / 2, side, side)
        found.append(Truth(figure.name, box, whole=bool(seen.mean() >= _WHOLE)))
    return found


def _matrix(figure: Figure, pose: tuple[float, float, float, float]) -> NDArray[np.float64]:
    """The affine map, float64 (2, 3), from the portrait's pixels to the frame's."""
    x, y, side, roll = pose
    scale = side / figure.portrait.face_xywh[2]
    cosine, sine = scale * math.cos(math.radians(roll)), scale * math.sin(math.radians(roll))
    face_x, face_y = figure.portrait.face_centre
    turn = np.array([[cosine, -sine], [sine, cosine]])
    if figure.mirrored:
        turn[:, 0] *= -1.0
    return np.hstack([turn, np.array([[x], [y]]) - turn @ np.array([[face_x], [face_y]])])


def _covers(
    figure: Figure, pose: tuple[float, float, float, float], xs: NDArray[np.float64], ys: NDArray[np.float64]
) -> NDArray[np.bool_]:
    matrix = _matrix(figure, pose)
    columns, rows = np.floor(np.linalg.solve(matrix[:, :2], np.stack([xs, ys]) - matrix[:, 2:])).astype(int)
    mask = _mask(figure.portrait)
    inside = (columns >= 0) & (columns < mask.shape[1]) & (rows >= 0) & (rows < mask.shape[0])
    covered = np.zeros(xs.shape, np.bool_)
    covered[inside] = mask[rows[inside], columns[inside]] > 0
    return covered


def _draw(bgr: NDArray[np.float32], figure: Figure, pose: tuple[float, float, float, float]) -> None:
    cutouts = _cutouts(figure.portrait)
    scale = pose[2] / figure.portrait.face_xywh[2]
    cutout = min((one for one in cutouts if one.scale >= min(scale, 1.0)), key=lambda one: one.scale)
    matrix = _matrix(figure, pose)
    matrix[:, :2] /= cutout.scale
    matrix[:, 2] += matrix[:, :2] @ (0.5, 0.5) - 0.5
    height, width = cutout.alpha.shape
    corners = matrix[:, :2] @ np.array([[0, width, 0, width], [0, 0, height, height]]) + matrix[:, 2:]
    left, top = np.clip(np.floor(corners.min(axis=1)).astype(int) - 1, 0, (WIDTH, HEIGHT))
    right, bottom = np.clip(np.ceil(corners.max(axis=1)).astype(int) + 1, 0, (WIDTH, HEIGHT))
    if right <= left or bottom <= top:
        return
    matrix[:, 2] -= (left, top)
    lit = cutout.bgr * np.float32(figure.light) * cutout.alpha[..., None]
    warped = cv2.warpAffine(np.dstack([lit, cutout.alpha]), matrix, (int(right - left), int(bottom - top)))
    bgr[top:bottom, left:right] *= 1.0 - warped[..., 3:]
    bgr[top:bottom, left:right] += warped[..., :3]


@functools.cache
def _cutouts(portrait: Portrait) -> tuple[Cutout, ...]:
    return load_cutouts(portrait)


@functools.cache
def _mask(portrait: Portrait) -> NDArray[np.uint8]:
    return portrait.mask()


def _room() -> NDArray[np.float32]:
    """A wall with shelves and frames, whose edges a cascade has to tell from faces; float32 (HEIGHT, WIDTH, 3)."""
    random = np.random.default_rng(11)
    rows = np.linspace(1.05, 0.8, HEIGHT, dtype=np.float32)[:, None, None]
    room = np.ones((HEIGHT, WIDTH, 3), np.float32) * np.array([0.66, 0.68, 0.7], np.float32) * rows
    for _ in range(14):
        x, y, w, h = random.integers(0, WIDTH - 80), random.integers(0, HEIGHT - 60), *random.integers(20, 90, 2)
        colour = [float(value) for value in random.uniform(0.25, 0.9, 3)]
        cv2.rectangle(room, (int(x), int(y)), (int(x + w), int(y + h)), colour, -1 if random.random() < 0.5 else 2)
    return cv2.GaussianBlur(room, (0, 0), 1.0).astype(np.float32, copy=False)
