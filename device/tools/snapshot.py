"""An annotated picture of a photo, or of one moment of a video."""

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from device.capture.sources.frames import set_up_opencv
from device.capture.sources.pictures import MOST_BYTES, decode_picture
from device.capture.sources.replay import ImageFolder
from device.capture.sources.settings import SourceSettings
from device.classify.modelstore import open_model
from device.config import Config
from device.contract.files import check_folder, read_limited, write_atomically
from device.contract.picture_header import read_header
from device.contract.preprocess import crop_face
from device.detect import open_detector
from device.errors import SourceError, UsageError
from device.events.smooth import EmotionSmoother
from device.interfaces import Clock
from device.overlay.display_options import DisplayOptions
from device.overlay.draw import draw
from device.overlay.scene import FaceMark, Scene
from device.records import RelativeBox
from device.tools.recording import RecordedSource, recorded_source

Picture = NDArray[np.uint8]

SUFFIXES = (".png", ".jpg", ".jpeg")
_GIF = b"GIF8"
_BEGINNING_BYTES = 1_000_000  # a JPEG's size may stand behind a preview and a colour profile
LONGEST_SIDE_PX = 1920
"""A larger photo is reduced to it: the result is for a page or a message."""


def snapshot(config: Config, file: str, out: Path, at_s: float | None, clock: Clock) -> tuple[FaceMark, ...]:
    """Write ``file`` with its faces marked to ``out``; returns the faces, from left to right.

    Faces are found and read as the daemon does it, in this one picture: without a past there is nothing to follow and
    to average, so every find counts at once.

    Args:
        config: the configuration; its source is not asked for.
        file: a photo, a video or ``demo``.
        out: a PNG or JPEG file, which appears when it is whole.
        at_s: which moment of a video, seconds from its beginning; None for the first picture.
        clock: stamps the frames.

    Raises:
        UsageError: ``file`` is a camera, a stream or a folder, ``out`` is of no known kind, or a photo has no ``at_s``.
        SourceError: ``file`` cannot be read, or ends before ``at_s``.
        AffectdError: a stage cannot be built, or ``out`` cannot be written.
    """
    if out.suffix.lower() not in SUFFIXES:
        raise UsageError(f"a snapshot is written as {', '.join(SUFFIXES)}, not as {out.name}")
    picture = _read(config, file, at_s, clock)
    check_folder(out)
    longest = max(picture.shape[:2])
    if longest > LONGEST_SIDE_PX:
        share = LONGEST_SIDE_PX / longest
        picture = cv2.resize(picture, None, fx=share, fy=share, interpolation=cv2.INTER_AREA).astype(
            np.uint8, copy=False
        )
    faces = _read_faces(config, picture)
    scene = Scene(picture, faces, time_s=0.0, fps=None, source="ok", broker="off")
    view = DisplayOptions(privacy=config.overlay.privacy, mirrored=False, status_shown=False)
    size = max(64, picture.shape[1]), max(64, picture.shape[0])
    _, encoded = cv2.imencode(out.suffix.lower(), draw(scene, size, config.overlay, view))
    write_atomically(out, encoded.tobytes())
    return faces


def _read_faces(config: Config, bgr: Picture) -> tuple[FaceMark, ...]:
    grey = cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY).astype(np.uint8, copy=False)
    height, width = grey.shape
    classifier = open_model(config.classifier, config.models, config.device.resolved_state_dir)
    config.overlay.require_known_labels(classifier.labels)
    spec = classifier.model_card.input.spec()
    smoothing = config.smoothing.over(classifier.model_card.smoothing)
    smoother = EmotionSmoother(smoothing.model_copy(update={"min_dwell_s": 0.0}))
    detector = open_detector(config.detector, config.device.resolved_state_dir)
    found = sorted(detector.proposer.detect(grey, bgr), key=lambda face: face.box.centre)
    marks = []
    for number, face in enumerate(found, start=1):
        crop = crop_face(grey, face.box, spec, face.roll_deg)
        reading = smoother.update(number, classifier.classify(crop), 0.0)
        mark = FaceMark(number, RelativeBox.of(face.box, width, height), None, None, 0.0, visible=True)
        marks.append(replace(mark, emotion=reading.emotion, scores=reading.scores) if reading else mark)
    return tuple(marks)


def _read(config: Config, file: str, at_s: float | None, clock: Clock) -> Picture:
    """The photo, or the moment of the video, uint8 (height, width, 3) BGR."""
    path = Path(file).expanduser()
    set_up_opencv()
    beginning = _beginning(path)
    # A GIF may be a film; where a moment of it is asked for, it is read as one.
    if read_header(beginning) is not None and not (at_s is not None and beginning.startswith(_GIF)):
        if at_s is not None:
            raise UsageError(f"--at names a moment of a video, and {file} is a photo", "leave it out")
        photo = decode_picture(read_limited(path, MOST_BYTES), f"the photo {file}", config.source.max_pixels)
        return photo.astype(np.uint8, copy=False)
    source = recorded_source(_settings_of(config, file), clock, "affectd snapshot")
    if isinstance(source, ImageFolder):
        raise UsageError(f"{file} is a folder, and a snapshot is of one picture", "name one of its files")
    return _moment(source, at_s or 0.0)


def _beginning(path: Path) -> bytes:
    """How a file begins; nothing of what cannot be read, which is looked at as a video."""
    try:
        with path.open("rb") if path.is_file() else BytesIO() as file:
            return file.read(_BEGINNING_BYTES)
    except OSError:
        return b""


def _settings_of(config: Config, file: str) -> SourceSettings:
    try:
        return SourceSettings.model_validate(config.source.model_dump() | {"uri": file})
    except ValidationError:
        raise UsageError(f"{file} is no photo and no video", "name a file") from None


def _moment(source: RecordedSource, at_s: float) -> Picture:
    source.open()
    try:
        first_s, last_s = None, 0.0
        while (frame := source.read()) is not None:
            first_s = frame.time_s if first_s is None else first_s
            last_s = frame.time_s - first_s
            # Half a frame early is nearer than half a frame late.
            if last_s + 0.5 / source.fps > at_s:
                return cv2.cvtColor(frame.grey, cv2.COLOR_GRAY2BGR).astype(np.uint8) if frame.bgr is None else frame.bgr
    finally:
        source.close()
    raise SourceError(
        f"{source.name} has no picture at {at_s:g} s: it ends after {last_s:.1f} s", "name an earlier --at"
    )
