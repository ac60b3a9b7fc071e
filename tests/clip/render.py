"""Draws the clip's frames: a quiet room, the people in it, the light."""

import math
from collections.abc import Mapping

import cv2
import numpy as np
import numpy.typing as npt

from tests.clip.choreography import HEIGHT_PX, LEDGE_TOP_PX, WIDTH_PX, Pose, far_to_near, portrait_to_frame
from tests.clip.portraits import Cutout, Portrait

FloatImage = npt.NDArray[np.float32]

_WALL_BGR = (0.72, 0.70, 0.66)
_LEDGE_BGR = (0.20, 0.24, 0.30)


class FrameRenderer:
    """Draws frames for any moment of the clip from the people's cut-outs; the same moment gives the same pixels."""

    def __init__(self, cutouts: Mapping[str, tuple[Cutout, ...]]) -> None:
        """Take the cut-outs of each portrait, largest first, by the portrait's id."""
        self._cutouts = cutouts
        self._wall = _wall()
        self._ledge_bgr, self._ledge_alpha = _ledge()

    def draw(self, time_s: float) -> npt.NDArray[np.uint8]:
        """The picture at `time_s` seconds: BGR, uint8, shape (480, 640, 3)."""
        canvas = self._wall * _light_pool(time_s)[..., None]
        for portrait, pose in far_to_near(time_s):
            canvas = _compose(canvas, *_stand(self._cutouts[portrait.id], portrait, pose))
        canvas = _compose(canvas, self._ledge_bgr * self._ledge_alpha[..., None], self._ledge_alpha)
        exposure = 1.0 + 0.07 * math.sin(2 * math.pi * time_s / 11.0)
        frame: npt.NDArray[np.uint8] = np.clip(canvas * exposure * 255.0 + 0.5, 0, 255).astype(np.uint8)
        return frame


def _compose(canvas: FloatImage, premultiplied_bgr: FloatImage, alpha: FloatImage) -> FloatImage:
    return premultiplied_bgr + canvas * (1.0 - alpha[..., None])


def _stand(cutouts: tuple[Cutout, ...], portrait: Portrait, pose: Pose) -> tuple[FloatImage, FloatImage]:
    """The person in the frame's pixels: premultiplied BGR, shape (480, 640, 3), and alpha, shape (480, 640)."""
    scale = pose.size_px / portrait.face_xywh[2]
    cutout = min((c for c in cutouts if c.scale >= min(scale, 1.0)), key=lambda c: c.scale)
    matrix = portrait_to_frame(portrait, pose)
    matrix[:, :2] /= cutout.scale
    # A pixel's middle lies at +0.5: without this the smaller cut-outs would stand half a pixel off the larger ones.
    matrix[:, 2] += matrix[:, :2] @ (0.5, 0.5) - 0.5
    lit = cutout.bgr * _side_light(cutout, portrait, pose.side_light)[None, :, None] * cutout.alpha[..., None]
    bgra = np.dstack([lit, cutout.alpha])
    interpolation = cv2.INTER_CUBIC if scale > 1.0 else cv2.INTER_LINEAR
    warped = cv2.warpAffine(bgra, matrix, (WIDTH_PX, HEIGHT_PX), flags=interpolation, borderValue=(0, 0, 0, 0))
    clipped = np.clip(warped, 0.0, 1.0).astype(np.float32)
    return clipped[..., :3], clipped[..., 3]


def _side_light(cutout: Cutout, portrait: Portrait, amount: float) -> FloatImage:
    """The gain of each column of the cut-out, shape (w,): brighter on the left and darker on the right by `amount`."""
    columns = (np.arange(cutout.alpha.shape[1]) + 0.5) / cutout.scale
    across = np.clip((columns - portrait.face_centre[0]) / portrait.face_xywh[2], -1.0, 1.0)
    return (1.0 - amount * (0.10 + 0.35 * across)).astype(np.float32)


def _wall() -> FloatImage:
    """A plain wall: lighter above, faintly mottled, with a fine grain against banding."""
    random = np.random.default_rng(1906)
    rows = np.linspace(1.06, 0.80, HEIGHT_PX, dtype=np.float32)[:, None]
    mottle = cv2.GaussianBlur(random.standard_normal((HEIGHT_PX, WIDTH_PX)).astype(np.float32), (0, 0), 36.0)
    grain = random.normal(0.0, 0.006, (HEIGHT_PX, WIDTH_PX)).astype(np.float32)
    shade = (rows + mottle * (0.018 / mottle.std()) + grain)[..., None]
    wall: FloatImage = (np.array(_WALL_BGR, np.float32) * shade).astype(np.float32)
    return wall


def _light_pool(time_s: float) -> FloatImage:
    """The lamp's soft pool on the wall, wandering slowly: a gain for every pixel, shape (480, 640)."""
    centre_x = WIDTH_PX * (0.45 + 0.20 * math.sin(2 * math.pi * time_s / 17.0))
    ys, xs = np.mgrid[0:HEIGHT_PX, 0:WIDTH_PX].astype(np.float32)
    distance = ((xs - centre_x) / 330.0) ** 2 + ((ys - 150.0) / 260.0) ** 2
    gain: FloatImage = (0.82 + 0.26 * np.exp(-distance)).astype(np.float32)
    return gain


def _ledge() -> tuple[FloatImage, FloatImage]:
    """The ledge along the bottom that hides where the portraits end: BGR and alpha, with a light upper edge."""
    below = np.arange(HEIGHT_PX, dtype=np.float32) - LEDGE_TOP_PX
    alpha = np.clip(below / 2.0 + 0.5, 0.0, 1.0)
    shade = (
        1.05 - 0.45 * np.clip(below, 0, None) / (HEIGHT_PX - LEDGE_TOP_PX) + 0.7 * np.exp(-((below - 3.0) ** 2) / 8.0)
    )
    bgr = np.array(_LEDGE_BGR, np.float32) * shade[:, None, None]
    return (
        np.broadcast_to(bgr, (HEIGHT_PX, WIDTH_PX, 3)).astype(np.float32),
        np.broadcast_to(alpha[:, None], (HEIGHT_PX, WIDTH_PX)).astype(np.float32),
    )
