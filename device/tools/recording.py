"""Annotated videos of files and folders; never of anything live, for no picture of a camera is kept.

Codec: OpenCV's wheels write MPEG-4 part 2 (``mp4v``) everywhere; their FFmpeg has no encoder of H.264 but the
hardware's.
"""

import os
import secrets
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from device.app import build_pipeline
from device.capture.sources import build_source
from device.capture.sources.frames import set_up_opencv
from device.capture.sources.isolated import IsolatedSource
from device.capture.sources.replay import ImageFolder
from device.capture.sources.settings import SourceSettings
from device.capture.sources.video import VideoFile
from device.classify.modelstore import open_model
from device.config import Config
from device.contract.files import check_folder
from device.errors import StorageError, UnavailableError, UsageError
from device.interfaces import Clock
from device.overlay.display_options import DisplayOptions
from device.overlay.draw import Drawer
from device.overlay.privacy import loose_boxes
from device.overlay.scene import FaceMark, Scene
from device.overlay.settings import OverlaySettings
from device.records import Frame, Observation, RelativeBox
from device.system.telemetry import Telemetry

RecordedSource = IsolatedSource | VideoFile | ImageFolder
Progress = Callable[[int, int | None], None]
"""Told after every picture how many are done, and of how many where that is known."""

SUFFIX = ".mp4"
_FOURCC = cv2.VideoWriter.fourcc(*"mp4v")
_LONGEST_GAP_S = 10.0
_LOOK_BACK_S = 0.6


@dataclass(frozen=True, slots=True)
class Recorded:
    """What was written: pictures, their (width, height) and rate, and how many faces were followed."""

    pictures: int
    size: tuple[int, int]
    fps: float
    faces: int


def recorded_source(settings: SourceSettings, clock: Clock, purpose: str) -> RecordedSource:
    """The file or folder that ``settings`` name, in colour and played once.

    Args:
        settings: the section ``source``.
        clock: stamps the frames.
        purpose: what refuses a live source, as in ``affectd snapshot``.

    Raises:
        UsageError: it is a camera or a stream.
    """
    source = build_source(settings.model_copy(update={"loop": False}), clock, colour="whole")
    if isinstance(source, RecordedSource) and not source.live:
        return source
    raise UsageError(
        f"{purpose} takes files and folders only, and {source.name} is live: no picture of a camera is ever kept",
        "film with another program, then name its file",
    )


def record(config: Config, out: Path, clock: Clock, progress: Progress = lambda *_: None) -> Recorded:
    """Take the source of ``config`` through the pipeline, and write what the overlay draws to ``out``.

    Nothing is published. ``out`` appears when it is whole: on any failure, Ctrl-C among them, it is as it was.

    Raises:
        UsageError: the source is live, or is ``out`` itself, or ``out`` is not named .mp4.
        StorageError: ``out`` cannot be written, or what was written cannot be read back.
        AffectdError: a stage cannot be built, or the source cannot be read.
    """
    source = recorded_source(config.source, clock, "--record")
    if out.suffix.lower() != SUFFIX:
        raise UsageError(f"--record writes {SUFFIX} files, not {out.name}", f"name it {out.stem}{SUFFIX}")
    if out.exists() and out.resolve() == Path(source.name).resolve():
        raise UsageError(f"--record would write over its own source {out}", "name another file")
    check_folder(out)
    classifier = open_model(config.classifier, config.models, config.device.resolved_state_dir)
    config.overlay.require_known_labels(classifier.labels)
    pipeline = build_pipeline(config, clock, classifier, Telemetry(clock), ())
    artist = _Artist(config.overlay)
    source.open()
    try:
        with _replacing(out) as unfinished, _Film(unfinished, source.fps) as film:
            for done, frame in enumerate(_frames(source), start=1):
                for picture, time_s in artist.draw(pipeline.step(frame)):
                    film.add(picture, time_s)
                progress(done, source.frame_count)
            for picture, time_s in artist.rest():
                film.add(picture, time_s)
            film.finish()
    finally:
        source.close()
    return Recorded(film.pictures, film.size, source.fps, artist.faces)


def _frames(source: RecordedSource) -> Iterator[Frame]:
    while (frame := source.read()) is not None:
        yield frame


class _Artist:
    """Draws observations; where faces are blurred, a little later, so that no face shows before it was found."""

    def __init__(self, settings: OverlaySettings) -> None:
        self._drawer = Drawer(settings.model_copy(update={"idle_after_s": 0.0}))
        self._view = DisplayOptions(privacy=settings.privacy, mirrored=False, status_shown=False)
        self._delay_s = _LOOK_BACK_S if settings.privacy == "blur" else 0.0
        self._waiting: deque[Scene] = deque()
        self._seen: set[int] = set()
        self._size: tuple[int, int] | None = None

    @property
    def faces(self) -> int:
        """How many there were."""
        return len(self._seen)

    def draw(self, observation: Observation) -> Iterator[tuple[NDArray[np.uint8], float]]:
        """The pictures that are ready, each with its time in seconds."""
        scene = _scene_of(observation)
        self._size = self._size or _film_size(observation.frame)
        new = tuple(face.box for face in scene.faces if face.track_id not in self._seen) + loose_boxes(scene)
        self._seen |= {face.track_id for face in scene.faces}
        if new:
            self._waiting = deque(replace(past, unconfirmed=past.unconfirmed + new) for past in self._waiting)
        self._waiting.append(scene)
        while self._waiting and scene.time_s - self._waiting[0].time_s >= self._delay_s:
            yield self._pixels(self._waiting.popleft(), self._size)

    def rest(self) -> Iterator[tuple[NDArray[np.uint8], float]]:
        """The pictures that still wait."""
        while self._waiting and self._size:
            yield self._pixels(self._waiting.popleft(), self._size)

    def _pixels(self, scene: Scene, size: tuple[int, int]) -> tuple[NDArray[np.uint8], float]:
        return self._drawer.draw(scene, size, self._view, scene.time_s), scene.time_s


def _film_size(first: Frame) -> tuple[int, int]:
    """(width, height) of the film; the encoder halves the colours' resolution and wants even sides."""
    height, width = first.grey.shape if first.bgr is None else first.bgr.shape[:2]
    return max(64, width // 2 * 2), max(64, height // 2 * 2)


def _scene_of(observation: Observation) -> Scene:
    frame = observation.frame
    faces = tuple(FaceMark.of(face, frame.width, frame.height, frame.time_s) for face in observation.faces)
    picture = frame.grey if frame.bgr is None else frame.bgr
    found = tuple(RelativeBox.of(box, frame.width, frame.height) for box in observation.found)
    return Scene(picture, faces, frame.time_s, fps=None, source="ok", broker="off", unconfirmed=found)


class _Film:
    """A video of a fixed rate: a picture stands until the next is due, one that comes too soon replaces the last."""

    def __init__(self, path: Path, fps: float) -> None:
        # A folder whose name is not UTF-8 would be the process's end in OpenCV.
        self._folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._name = f"/proc/self/fd/{self._folder}/{path.name}"
        self._fps = fps
        self._writer: cv2.VideoWriter | None = None
        self._held: NDArray[np.uint8] | None = None
        self._begun_s = 0.0
        self.pictures = 0
        self.size = (0, 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._writer is not None:
            self._writer.release()
        os.close(self._folder)

    def add(self, picture: NDArray[np.uint8], time_s: float) -> None:
        """Take the next picture, uint8 (height, width, 3) BGR, of monotonic ``time_s``."""
        if self._writer is None:
            self._begin(picture, time_s)
        elif self._held is not None:
            due = round((time_s - self._begun_s) * self._fps)
            longest = round(_LONGEST_GAP_S * self._fps)
            self._write(self._held, min(due - self.pictures, longest))
            # What was cut out of a gap is not made up for later.
            self._begun_s += max(0, due - self.pictures) / self._fps
        self._held = picture

    def finish(self) -> None:
        """Write what is left, and make sure that all of it can be read back. Raises StorageError."""
        if self._held is not None:
            self._write(self._held, 1)
        if self._writer is not None:
            self._writer.release()
        readable = cv2.VideoCapture(self._name, cv2.CAP_FFMPEG)
        try:
            count = round(readable.get(cv2.CAP_PROP_FRAME_COUNT))
            if not readable.read()[0] or count != self.pictures:
                raise StorageError(
                    f"of {self.pictures} pictures that were written {max(0, count)} can be read back",
                    "check that the disk has room",
                )
        finally:
            readable.release()

    def _begin(self, picture: NDArray[np.uint8], time_s: float) -> None:
        set_up_opencv()
        self._begun_s = time_s
        self.size = (picture.shape[1], picture.shape[0])
        self._writer = cv2.VideoWriter(self._name, cv2.CAP_FFMPEG, _FOURCC, self._fps, self.size)
        if not self._writer.isOpened():
            raise UnavailableError(
                f"this OpenCV {cv2.__version__} cannot write MPEG-4 video",
                "pip install 'opencv-python-headless>=4.10,<5'",
            )

    def _write(self, picture: NDArray[np.uint8], times: int) -> None:
        for _ in range(times):
            if self._writer is not None:
                self._writer.write(picture)
                self.pictures += 1


@contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """A file beside ``path`` that takes its place at the end, and is gone where there is none."""
    # Named before it is made: Ctrl-C between the two leaves nothing either.
    unfinished = path.with_name(f".recording.{secrets.token_hex(4)}{path.suffix}")
    try:
        with unfinished.open("xb") as file:
            os.fchmod(file.fileno(), 0o644)
            yield unfinished
            os.fsync(file.fileno())
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
