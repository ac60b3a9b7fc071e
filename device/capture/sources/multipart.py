"""Motion-JPEG over HTTP as cameras really write it: parts behind boundaries, more or less as RFC 2046 has them."""

import re
from collections.abc import Iterator
from typing import Protocol

from device.errors import SourceError

_MOST_LINE_BYTES = 4096
_MOST_HEADER_LINES = 100
_CHUNK_BYTES = 16_384
_JPEG_START = b"\xff\xd8"
_HEADER = re.compile(rb"(?i)(content-length)[ \t]*:[ \t]*(\d+)[ \t]*|[!-9;-~]{1,100}[ \t]*:.*")


class Body(Protocol):
    """What parts are read from."""

    def read1(self, count: int = -1, /) -> bytes:
        """Up to ``count`` bytes, as soon as there are some; none at the end."""
        ...


class Parts:
    """The parts of a body, one after the other; empty ones are passed over.

    Understood is what real cameras send: parts with and without type and length, a first boundary that is missing, or
    written with more or fewer dashes than was announced, and lengths that are wrong.

    Args:
        name: what errors call the camera.
        body: the answer's.
        boundary: as the answer announced it; None to take the first line that can be one.
        most_bytes: of a part; more is refused before it is taken.
    """

    def __init__(self, name: str, body: Body, boundary: str | None, most_bytes: int) -> None:
        self._name = name
        self._body = body
        self._boundary = boundary.strip("-").encode("latin-1", "replace") if boundary else None
        self._most_bytes = most_bytes
        self._buffer = bytearray()

    def __iter__(self) -> Iterator[bytes]:
        """Each part's content. Raises SourceError for one that is too large."""
        while (length := self._read_headers()) is not None:
            content = self._take(length) if length > 0 else self._take_to_boundary()
            if content is None:
                return
            if content.strip(b"\r\n"):
                yield content

    def _read_headers(self) -> int | None:
        """Go to the next part's content: the length that is announced, 0 for none announced; None at the end."""
        length, headers = 0, 0
        while headers < _MOST_HEADER_LINES:
            if not self._has(len(_JPEG_START)):
                return None
            if self._buffer.startswith(_JPEG_START):
                return length
            line = self._read_line()
            if line is None or (not line and headers):
                return None if line is None else length
            header = _HEADER.fullmatch(line)
            if self._is_boundary(line):
                length, headers = 0, 0
            elif header:
                headers += 1
                if header[1]:
                    length = self._checked(int(header[2][:20]))
                    headers *= length > 0  # a part without content ends where the next begins
            elif line and self._take_to_boundary() is None:  # the rest of a part whose length was wrong
                return None
        raise SourceError(f"{self._name} sends headers without end", "check the path in source.uri")

    def _is_boundary(self, line: bytes) -> bool:
        if not line.startswith(b"--"):
            return False
        if self._boundary is None:
            self._boundary = line.strip(b"-")
        return line.strip(b"-") == self._boundary

    def _has(self, count: int) -> bool:
        """Whether ``count`` bytes are there, or have come."""
        while len(self._buffer) < count:
            if not self._fill():
                return False
        return True

    def _take(self, length: int) -> bytes | None:
        if not self._has(length):
            return None
        content = bytes(self._buffer[:length])
        del self._buffer[:length]
        return content

    def _take_to_boundary(self) -> bytes | None:
        """All up to the next boundary; of an unknown one, up to what begins a line with two dashes."""
        core = re.escape(self._boundary) if self._boundary else rb"[!-~]"
        pattern = re.compile(rb"\r?\n-{2,6}" + core)
        searched = 0
        while (found := pattern.search(self._buffer, searched)) is None:
            self._checked(len(self._buffer))
            searched = max(0, len(self._buffer) - len(pattern.pattern))
            if not self._fill():
                return None
        content = bytes(self._buffer[: found.start()])
        del self._buffer[: found.start()]
        return content

    def _read_line(self) -> bytes | None:
        while (end := self._buffer.find(b"\n")) < 0:
            if len(self._buffer) > _MOST_LINE_BYTES:
                end = len(self._buffer)  # no header is so long: it is the rest of a part whose length was wrong
                break
            if not self._fill():
                return None
        line = bytes(self._buffer[:end]).rstrip(b"\r")
        del self._buffer[: end + 1]
        return line

    def _fill(self) -> bool:
        read = self._body.read1(_CHUNK_BYTES)
        self._buffer += read
        return bool(read)

    def _checked(self, length: int) -> int:
        if length > self._most_bytes:
            raise SourceError(
                f"{self._name} sends a picture of more than {self._most_bytes / 1e6:g} MB",
                "raise source.max_megapixels if its pictures are really so large",
            )
        return length
