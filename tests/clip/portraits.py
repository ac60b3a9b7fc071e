"""The two portraits: where the face is on each, its outline, and the cut-out made from it."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

Outline = tuple[tuple[int, int], ...]

_COLLINS_OUTLINE: Outline = (
    (185, 151), (183, 132), (176, 128), (173, 119), (164, 114), (156, 100), (154, 85), (154, 66), (161, 51), (176, 41),
    (188, 36), (200, 24), (215, 18), (232, 16), (250, 19), (269, 27), (283, 38), (292, 51), (297, 65), (299, 85),
    (295, 104), (288, 116), (278, 127), (275, 134), (267, 136), (262, 150), (256, 165), (254, 174), (271, 186),
    (287, 204), (299, 223), (303, 237), (316, 243), (332, 254), (342, 268), (345, 283), (352, 305), (358, 330),
    (361, 345), (27, 345), (29, 335), (40, 300), (45, 280), (57, 256), (71, 242), (96, 224), (114, 208), (116, 189),
    (124, 184), (129, 169), (141, 156), (158, 150), (175, 150),
)  # fmt: skip

_HOPPER_OUTLINE: Outline = (
    (202, 317), (195, 294), (180, 289), (167, 275), (165, 255), (162, 225), (157, 205), (152, 190), (149, 183),
    (149, 150), (150, 121), (157, 106), (167, 93), (177, 85), (178, 76), (187, 62), (201, 50), (216, 45), (221, 37),
    (232, 28), (250, 24), (269, 25), (288, 32), (299, 42), (319, 49), (338, 62), (348, 73), (351, 87), (363, 94),
    (367, 106), (369, 130), (369, 150), (366, 175), (372, 183), (373, 196), (370, 220), (360, 245), (356, 262),
    (357, 280), (349, 296), (338, 304), (331, 310), (344, 332), (379, 354), (419, 370), (454, 379), (483, 392),
    (494, 406), (500, 426), (507, 446), (511, 480), (511, 600), (12, 600), (17, 560), (27, 480), (31, 440), (41, 402),
    (53, 383), (72, 376), (111, 362), (161, 349), (187, 335),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Portrait:
    """The geometry of one portrait, in its own pixels.

    `face_xywh` is what OpenCV's `haarcascade_frontalface_default.xml` finds on the original, scanned in steps of 1.05
    with 5 neighbours. `outline` is the person's contour, drawn by hand, clockwise from the left of the neck.
    """

    id: str
    size_wh: tuple[int, int]
    face_xywh: tuple[int, int, int, int]
    outline: Outline

    @property
    def face_centre(self) -> tuple[float, float]:
        """The middle of the face box: x and y in the portrait's pixels."""
        x, y, width, height = self.face_xywh
        return x + width / 2, y + height / 2

    def mask(self) -> npt.NDArray[np.uint8]:
        """The person's area, shape (height, width): 1 inside the outline, 0 outside."""
        width, height = self.size_wh
        mask = np.zeros((height, width), np.uint8)
        cv2.fillPoly(mask, [np.array(self.outline, np.int32)], 1)
        return mask


COLLINS = Portrait("collins", (512, 512), (175, 66, 97, 97), _COLLINS_OUTLINE)
HOPPER = Portrait("hopper", (512, 600), (152, 103, 228, 228), _HOPPER_OUTLINE)
PORTRAITS: tuple[Portrait, ...] = (COLLINS, HOPPER)


@dataclass(frozen=True, slots=True)
class Cutout:
    """A person cut out of a portrait: `bgr` and `alpha`, float32 in 0 to 1, shapes (h, w, 3) and (h, w).

    `scale` is the size of these pixels against the portrait's own: 0.5 for a picture at half its width.
    """

    bgr: npt.NDArray[np.float32]
    alpha: npt.NDArray[np.float32]
    scale: float


def load_cutouts(portrait: Portrait) -> tuple[Cutout, ...]:
    """The portrait's cut-out at full, half and quarter size, largest first.

    Shrinking from the nearest larger one keeps a small face free of aliasing. Raises ModuleNotFoundError when the
    package that carries the portrait is missing, and ValueError when its picture is not the one measured here.
    """
    bgr = _READERS[portrait.id]()
    height, width = bgr.shape[:2]
    if (width, height) != portrait.size_wh:
        raise ValueError(
            f"portrait {portrait.id!r}: expected {portrait.size_wh[0]}x{portrait.size_wh[1]} px, got {width}x{height};"
            " its package ships another picture now, so the outline no longer fits"
        )
    full = Cutout(bgr=(bgr / np.float32(255)).astype(np.float32), alpha=_feathered(portrait.mask()), scale=1.0)
    return full, _shrunk(full, 2), _shrunk(full, 4)


def _shrunk(cutout: Cutout, divisor: int) -> Cutout:
    height, width = cutout.alpha.shape
    size_wh = (width // divisor, height // divisor)
    return Cutout(
        bgr=cv2.resize(cutout.bgr, size_wh, interpolation=cv2.INTER_AREA).astype(np.float32),
        alpha=cv2.resize(cutout.alpha, size_wh, interpolation=cv2.INTER_AREA).astype(np.float32),
        scale=cutout.scale / divisor,
    )


def _feathered(mask: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """An alpha channel, 0 to 1, that rises inside the mask only, so that nothing of the old background shines in."""
    rounded = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 2.0)
    rising = np.clip((rounded - 0.5) * 2.5, 0.0, 1.0)
    alpha: npt.NDArray[np.float32] = cv2.GaussianBlur(rising, (0, 0), 0.7).astype(np.float32)
    return alpha


def _read_collins() -> npt.NDArray[np.uint8]:
    from skimage import data  # a development extra

    read_rgb: Callable[[], npt.NDArray[np.uint8]] = data.astronaut
    return np.ascontiguousarray(read_rgb()[:, :, ::-1])


def _read_hopper() -> npt.NDArray[np.uint8]:
    from matplotlib import cbook  # a development extra

    path = str(cbook.get_sample_data("grace_hopper.jpg", asfileobj=False))
    picture = cv2.imread(path, cv2.IMREAD_COLOR)
    if picture is None:
        raise ValueError(
            f"portrait 'hopper': expected a picture in {path}, which could not be read; reinstall matplotlib"
        )
    return picture.astype(np.uint8, copy=False)


_READERS: dict[str, Callable[[], npt.NDArray[np.uint8]]] = {"collins": _read_collins, "hopper": _read_hopper}
