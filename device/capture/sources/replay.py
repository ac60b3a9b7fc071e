"""A folder of pictures, played as a film."""

import logging
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from device.capture.sources.colours import Colour, split_colours
from device.capture.sources.frames import Timeline, set_up_opencv
from device.capture.sources.pictures import MOST_BYTES, decode_picture
from device.contract.files import read_limited
from device.errors import AffectdError, SourceError
from device.interfaces import Clock
from device.records import Frame

_LOGGER = logging.getLogger(__name__)

_SUFFIXES = (".bmp", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp")


class ImageFolder:
    """The pictures of one folder in the order of their names, at a fixed rate.

    A picture that cannot be read is left out: logged once, kept in ``unreadable``, and its place in time and in the
    numbering stays empty.

    Args:
        folder: where the pictures are.
        clock: gives the moment of opening.
        fps: pictures per second.
        loop: begin again at the end.
        colour: what frames carry beside grey.
        max_pixels: a larger picture is left out.
    """

    live = False

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        *,
        fps: float = 15.0,
        loop: bool = False,
        colour: Colour = "none",
        max_pixels: int = 25_000_000,
    ) -> None:
        self.name = str(folder)
        self.unreadable: list[Path] = []
        self._folder = folder
        self._step_s = 1.0 / fps
        self._loop = loop
        self._colour = colour
        self._max_pixels = max_pixels
        self._timeline = Timeline(clock, self.name)
        self._pictures: list[Path] = []
        self._index = 0

    def open(self) -> None:
        """List the folder. Raises SourceError when it is missing or holds no picture."""
        set_up_opencv()
        self._pictures = self._list()
        self._position = 0
        self._read_in_round = 0
        self._timeline.begin(self._step_s)

    def read(self) -> Frame | None:
        """The next picture, None after the last. Raises SourceError when not one of them can be read."""
        if not self._pictures:
            raise SourceError(f"{self.name} is not open")
        while self._position < len(self._pictures) or self._begin_round():
            position, index = self._position, self._index
            self._position += 1
            self._index += 1
            picture = self._decode(self._pictures[position])
            if picture is not None:
                self._read_in_round += 1
                time_s, taken_at = self._timeline.place(position * self._step_s, self._step_s)
                pictures = split_colours(picture, colour=self._colour)
                return Frame(time_s=time_s, taken_at=taken_at, index=index, **pictures)
        return None

    def close(self) -> None:
        """Forget the list."""
        self._pictures = []

    @property
    def fps(self) -> float:
        """Pictures per second."""
        return 1.0 / self._step_s

    @property
    def frame_count(self) -> int | None:
        """How many pictures one round has; None where the folder is not open."""
        return len(self._pictures) or None

    def _list(self) -> list[Path]:
        try:
            files = sorted(path for path in self._folder.iterdir() if path.is_file() and not path.name.startswith("."))
        except OSError as error:
            raise SourceError(
                f"cannot read the folder {self.name}: {error.strerror}", "check source.uri and the folder's permissions"
            ) from error
        pictures = [path for path in files if path.suffix.lower() in _SUFFIXES]
        if not pictures:
            raise SourceError(
                f"the folder {self.name} holds no picture ({len(files)} other files)",
                f"give source.uri a folder of files ending in {', '.join(_SUFFIXES)}",
            )
        return pictures

    def _begin_round(self) -> bool:
        if not self._read_in_round:
            raise SourceError(
                f"not one of the {len(self._pictures)} pictures in {self.name} can be read",
                "check that they are whole and readable",
            )
        if self._loop:
            self._position = 0
            self._read_in_round = 0
            self._timeline.rewind(self._step_s)
        return self._loop

    def _decode(self, path: Path) -> NDArray[Any] | None:
        """The picture in BGR order, None where it cannot be read."""
        try:
            return decode_picture(read_limited(path, MOST_BYTES), str(path), self._max_pixels)
        except (OSError, AffectdError) as error:
            if path not in self.unreadable:
                self.unreadable.append(path)
                why = f"{path}: {error.strerror}" if isinstance(error, OSError) else error
                _LOGGER.warning("left out: %s", why)
            return None
