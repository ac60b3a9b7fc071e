"""HTTP Live Streaming (RFC 8216), as far as a camera needs it: the newest segments of one playlist, all from its host.

FFmpeg would fetch whatever a playlist names, from any host.
"""

import re
import time
from collections.abc import Iterable, Iterator

from device.capture.sources.http_client import WebServer
from device.errors import SourceError

_MOST_PLAYLIST_BYTES = 1_000_000
_CHUNK_BYTES = 65_536
_FIRST_SEGMENTS = 3  # RFC 8216, 6.3.3: no nearer to the end than three target durations
_MOST_VARIANTS_DEEP = 3
_TARGET = re.compile(r"#EXT-X-TARGETDURATION:\s*(\d{1,4})")
_SEQUENCE = re.compile(r"#EXT-X-MEDIA-SEQUENCE:\s*(\d{1,18})")
_MAP = re.compile(r'#EXT-X-MAP:.*?URI="([^"]+)"')


def is_playlist(content_type: str, beginning: bytes) -> bool:
    """Whether an answer is a playlist."""
    return "mpegurl" in content_type or beginning.startswith(b"#EXTM3U")


def read_segments(server: WebServer, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The bytes of a playlist's segments, one after the other, as the camera adds them.

    Args:
        server: that the playlist came from.
        chunks: the playlist itself.

    Raises:
        SourceError: it is none that can be read here, or names another host.
    """
    text = _text(server, chunks)
    for _ in range(_MOST_VARIANTS_DEEP):
        if "#EXT-X-STREAM-INF" not in text:
            break
        server = server.beside(_addresses(text)[0])
        text = _text(server, _body(server))
    yield from _follow(server, text)


def _follow(server: WebServer, text: str) -> Iterator[bytes]:
    sent_map: str | None = None
    next_number: int | None = None
    while True:
        if "#EXT-X-KEY" in text and "METHOD=NONE" not in text:
            raise SourceError(f"{server.name} is encrypted", "use the camera's rtsp:// address")
        first, addresses = _number(_SEQUENCE, text, 0), _addresses(text)
        if next_number is None or not first <= next_number <= first + len(addresses):
            next_number = first + max(0, len(addresses) - _FIRST_SEGMENTS)
        found = _MAP.search(text)
        if found and found[1] != sent_map:
            sent_map = found[1]
            yield from _body(server.beside(sent_map))
        for address in addresses[next_number - first :]:
            yield from _body(server.beside(address))
        next_number = first + len(addresses)
        if "#EXT-X-ENDLIST" in text:
            return
        time.sleep(max(0.5, _number(_TARGET, text, 2) / 2))
        text = _text(server, _body(server))


def _addresses(text: str) -> list[str]:
    found = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if not found:
        raise SourceError("a playlist names no video", "use the camera's rtsp:// address")
    return found


def _number(pattern: re.Pattern[str], text: str, otherwise: int) -> int:
    found = pattern.search(text)
    return int(found[1]) if found else otherwise


def _body(server: WebServer) -> Iterator[bytes]:
    body = server.get().body
    while chunk := body.read1(_CHUNK_BYTES):
        yield chunk


def _text(server: WebServer, chunks: Iterable[bytes]) -> str:
    data = bytearray()
    for chunk in chunks:
        data += chunk
        if len(data) > _MOST_PLAYLIST_BYTES:
            raise SourceError(f"{server.name} sends a playlist without end")
    return data.decode("utf-8", "replace")
