"""Who is where in the clip, and when: the motion, and the true boxes that follow from it."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from device.demo import TrueFace
from tests.clip.portraits import COLLINS, HOPPER, PORTRAITS, Portrait

WIDTH_PX = 640
HEIGHT_PX = 480
FPS = 15
FRAME_COUNT = 24 * FPS
LEDGE_TOP_PX = 402

# The camera looks level from below the faces: the nearer (larger) a face, the higher it stands in the picture.
_HORIZON_PX = 372.0
_RISE_PER_SIZE = 1.05

# The visible share is counted on this many points along each side of a face box.
_SAMPLES_PER_SIDE = 24


@dataclass(frozen=True, slots=True)
class Pose:
    """How one person stands at one moment.

    `x_px` is the middle of the face, `size_px` the side of its box, `roll_deg` the tilt of the head (clockwise),
    `side_light` 0 to 1 how much the light comes from the left alone.
    """

    time_s: float
    x_px: float
    size_px: float
    roll_deg: float
    side_light: float = 0.0

    @property
    def y_px(self) -> float:
        """The middle of the face, downwards."""
        return _HORIZON_PX - _RISE_PER_SIZE * self.size_px


_KEY_POSES: dict[str, tuple[Pose, ...]] = {
    COLLINS.id: (
        Pose(0.7, -160, 90, 0),
        Pose(3.0, 215, 95, -4),
        Pose(4.8, 225, 145, 7.5),
        Pose(6.7, 200, 112, -3),
        Pose(9.3, 455, 100, 5),
        Pose(10.4, 450, 98, -7.5),
        Pose(12.8, 400, 55, -3),
        Pose(14.2, 385, 53, 3),
        Pose(16.6, 860, 80, 0),
        Pose(18.8, 860, 85, 0),
        Pose(20.6, 430, 115, 5),
        Pose(21.2, 425, 118, -5),
        Pose(22.9, 890, 108, 0),
    ),
    HOPPER.id: (
        Pose(4.2, 790, 105, 0),
        Pose(6.4, 470, 118, -5),
        Pose(6.9, 462, 126, 2),
        Pose(9.5, 190, 140, -4),
        Pose(10.3, 198, 140, 8.5, side_light=1.0),
        Pose(11.2, 205, 120, 2),
        Pose(12.9, 245, 57, 3),
        Pose(14.2, 258, 55, -4),
        Pose(15.6, 268, 60, 2),
        Pose(17.6, 235, 150, -8.5),
        Pose(19.0, 215, 130, 6),
        Pose(20.6, 205, 118, -3),
        Pose(21.2, 200, 118, 2),
        Pose(22.9, -170, 105, 0),
    ),
}


def pose_at(portrait: Portrait, time_s: float) -> Pose:
    """The person's pose at `time_s` seconds: eased from key pose to key pose, with a slight sway on top."""
    keys = _KEY_POSES[portrait.id]
    times_s = [key.time_s for key in keys]
    after = min(max(int(np.searchsorted(times_s, time_s)), 1), len(keys) - 1)
    start, end = keys[after - 1], keys[after]
    share = min(max((time_s - start.time_s) / (end.time_s - start.time_s), 0.0), 1.0)
    eased = share * share * (3.0 - 2.0 * share)

    def between(first: float, second: float) -> float:
        return first + (second - first) * eased

    phase = PORTRAITS.index(portrait) * 1.7
    sway = math.sin(2.1 * time_s + phase)
    size_px = between(start.size_px, end.size_px)
    return Pose(
        time_s=time_s,
        x_px=between(start.x_px, end.x_px) + 0.02 * size_px * sway,
        size_px=size_px,
        roll_deg=between(start.roll_deg, end.roll_deg) + sway,
        side_light=between(start.side_light, end.side_light),
    )


def portrait_to_frame(portrait: Portrait, pose: Pose) -> npt.NDArray[np.float64]:
    """The affine map, shape (2, 3), from the portrait's pixels to the frame's: scale, roll and shift about the face."""
    scale = pose.size_px / portrait.face_xywh[2]
    cosine = scale * math.cos(math.radians(pose.roll_deg))
    sine = scale * math.sin(math.radians(pose.roll_deg))
    face_x, face_y = portrait.face_centre
    return np.array(
        [
            [cosine, -sine, pose.x_px - cosine * face_x + sine * face_y],
            [sine, cosine, pose.y_px - sine * face_x - cosine * face_y],
        ]
    )


def far_to_near(time_s: float) -> list[tuple[Portrait, Pose]]:
    """Both people, the farther (smaller) first: the order to draw them in."""
    posed = [(portrait, pose_at(portrait, time_s)) for portrait in PORTRAITS]
    return sorted(posed, key=lambda item: item[1].size_px)


def true_faces(frame_index: int) -> tuple[TrueFace, ...]:
    """The faces of one frame, in the order of `PORTRAITS`; see `TrueFace` for what a box and its visible share are.

    The box keeps upright while the head rolls, as a detector's does: the map's scale and the mapped middle make it.
    """
    (far, far_pose), (near, near_pose) = far_to_near(frame_index / FPS)
    faces = {
        far.id: _true_face(far, far_pose, (near, near_pose)),
        near.id: _true_face(near, near_pose, None),
    }
    listed = (faces[portrait.id] for portrait in PORTRAITS)
    return tuple(face for face in listed if face is not None)


def _true_face(portrait: Portrait, pose: Pose, nearer: tuple[Portrait, Pose] | None) -> TrueFace | None:
    half = pose.size_px / 2
    left, top = pose.x_px - half, pose.y_px - half
    steps = (np.arange(_SAMPLES_PER_SIDE) + 0.5) * pose.size_px / _SAMPLES_PER_SIDE
    xs, ys = (axis.ravel() for axis in np.meshgrid(left + steps, top + steps))
    seen = (xs >= 0) & (xs < WIDTH_PX) & (ys >= 0) & (ys < HEIGHT_PX)
    if not seen.any():
        return None
    if nearer is not None:
        seen &= ~_covered(xs, ys, *nearer)
    box_xywh = (round(left, 2), round(top, 2), round(pose.size_px, 2), round(pose.size_px, 2))
    return TrueFace(id=portrait.id, box_xywh=box_xywh, visible=round(float(seen.mean()), 3))


def _covered(
    xs: npt.NDArray[np.float64], ys: npt.NDArray[np.float64], portrait: Portrait, pose: Pose
) -> npt.NDArray[np.bool_]:
    """Which of the frame's points lie within the person's outline, looked up in the portrait's own pixels."""
    matrix = portrait_to_frame(portrait, pose)
    points = np.linalg.solve(matrix[:, :2], np.stack([xs, ys]) - matrix[:, 2:])
    columns, rows = np.floor(points).astype(np.int64)
    width, height = portrait.size_wh
    inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
    covered = np.zeros(xs.shape, np.bool_)
    covered[inside] = portrait.mask()[rows[inside], columns[inside]] > 0
    return covered
