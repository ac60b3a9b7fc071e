"""Files that take their places together: a card that is full, locked or pulled out before is as it was."""

import filecmp
import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Self


class Staging:
    """New files, each written beside its place, and moved there in the end.

    Used with ``with``: what was not put into place by then is removed.
    """

    def __init__(self) -> None:
        self._waiting: dict[Path, Path] = {}
        self._folders: list[Path] = []
        self._kept: list[Path] = []

    @property
    def places(self) -> list[Path]:
        """Every file that is, or will be, in its place."""
        return [*self._kept, *self._waiting]

    def write(self, place: Path, content: bytes) -> None:
        """Take ``content`` for ``place``. Raises OSError."""
        with self._beside(place).open("xb") as file:
            file.write(content)
            file.flush()
            _to_the_card(file.fileno())

    def copy(self, place: Path, source: Path) -> None:
        """Take the file ``source`` for ``place``; the same file that is there already stays. Raises OSError."""
        if place.is_file() and (place.samefile(source) or filecmp.cmp(source, place, shallow=False)):
            self._kept.append(place)
            return
        with source.open("rb") as given, self._beside(place).open("xb") as file:
            shutil.copyfileobj(given, file, 1_000_000)
            file.flush()
            _to_the_card(file.fileno())

    def put_in_place(self) -> None:
        """Move all to their places, in the order in which they came. Raises OSError."""
        for place, beside in list(self._waiting.items()):
            beside.replace(place)
            del self._waiting[place]
            self._kept.append(place)
        self._folders.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for beside in self._waiting.values():
            with suppress(OSError):
                beside.unlink(missing_ok=True)
        for folder in reversed(self._folders):
            with suppress(OSError):
                folder.rmdir()

    def _beside(self, place: Path) -> Path:
        for folder in reversed(place.parents):
            if not folder.exists():
                folder.mkdir()
                self._folders.append(folder)
        # Windows and macOS hide nothing here that a maker has to see, and the first boot looks for affectd*.deb alone.
        beside = place.with_name(f".{place.name}.new")
        beside.unlink(missing_ok=True)
        self._waiting[place] = beside
        return beside


def _to_the_card(descriptor: int) -> None:
    """Out of the PC's memory, for the card is pulled out soon; a full one says so here, if not before."""
    os.fsync(descriptor)
