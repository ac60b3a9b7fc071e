"""Looks as an observer would make them, without one."""

from device.records import Box
from device.tools.aim import FaceLook, Look


def face(number=1, box=None, *, held=True, unseen_s=0.0, roll_deg=0.0, faults=()):
    return FaceLook(
        id=number,
        box=box or Box(256, 180, 128, 120),
        unseen_s=unseen_s,
        held=held,
        brightness=120.0,
        sharpness=350.0,
        frontalness=1.0,
        roll_deg=roll_deg,
        faults=faults,
    )


def look(*faces, size=(640, 480), brightness=120.0, no_face_s=0.0, fps=15.0, fps_given=15.0):
    return Look(
        width=size[0],
        height=size[1],
        brightness=brightness,
        faces=faces,
        no_face_s=no_face_s,
        fps=fps,
        fps_given=fps_given,
    )
