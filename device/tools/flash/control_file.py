"""What a Debian package says of itself: its file ``control`` (deb(5), deb-control(5)), read by Python alone.

A card is also prepared where there is no dpkg.
"""

import io
import lzma
import os
import tarfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from device.errors import UsageError

_MAGIC = b"!<arch>\n"
_HEAD_BYTES = 60
_MOST_MEMBERS = 4
_MOST_PACKED_BYTES = 1024 * 1024
_MOST_BYTES = 4 * 1024 * 1024
_MOST_CONTROL_BYTES = 64 * 1024
_MOST_LZMA_BYTES = 64 * 1024 * 1024
_MOST_FILES = 100


def read_control(package: Path) -> dict[str, str] | None:
    """The fields of ``package`` by their names in small letters, each with its first line.

    Returns:
        None where they are compressed by something that Python does not know: zstd, up to 3.13.

    Raises:
        UsageError: it cannot be read, is no Debian package, or is damaged.
    """
    try:
        with package.open("rb") as file:
            if file.read(len(_MAGIC)) != _MAGIC:
                raise UsageError(f"{package} is no Debian package", "name affectd's .deb, or copy it again")
            return _control(file)
    except OSError as error:
        raise UsageError(f"{package} cannot be read: {error.strerror}", "affectd's own is made by: make deb") from error
    except (ValueError, EOFError, zlib.error, lzma.LZMAError, tarfile.TarError) as error:
        raise UsageError(f"{package} is a damaged Debian package", "copy it again") from error


def _control(file: IO[bytes]) -> dict[str, str] | None:
    """See `read_control`; raises ValueError and others where the package is not whole."""
    fields: dict[str, str] | None = None
    names = []
    for name, size in _members(file):
        names.append(name.partition(".tar")[0])
        if names[-1] == "control":
            if size > _MOST_PACKED_BYTES:
                raise ValueError
            fields = _fields(file.read(size), name.removeprefix("control.tar"))
    if names[-2:] != ["control", "data"]:
        raise ValueError
    return fields


def _members(file: IO[bytes]) -> Iterator[tuple[str, int]]:
    """Name and size of each part up to the files; its content is next in ``file`` then. Raises ValueError."""
    end = os.fstat(file.fileno()).st_size
    for _ in range(_MOST_MEMBERS):
        head = file.read(_HEAD_BYTES)
        if len(head) < _HEAD_BYTES or not head.endswith(b"`\n"):
            raise ValueError
        size, begin = int(head[48:58]), file.tell()
        if not 0 <= size <= end - begin:
            raise ValueError
        name = head[:16].decode("ascii").strip().removesuffix("/")
        yield name, size
        if name.startswith("data.tar"):
            return
        file.seek(begin + size + size % 2)


def _fields(packed: bytes, kind: str) -> dict[str, str] | None:
    unpack = _UNPACK.get(kind)
    if unpack is None:
        return None
    with tarfile.open(fileobj=io.BytesIO(unpack(packed)), mode="r:") as archive:
        for _ in range(_MOST_FILES):
            found = archive.next()
            if found is None:
                break
            if found.name.removeprefix("./") == "control" and found.isreg() and found.size <= _MOST_CONTROL_BYTES:
                content = archive.extractfile(found)
                return _parsed(content.read().decode("utf-8")) if content else None
    raise ValueError


def _parsed(text: str) -> dict[str, str]:
    lines = [line.partition(":") for line in text.splitlines() if line[:1].strip()]
    return {name.lower(): value.strip() for name, _, value in lines}


def _gunzip(packed: bytes) -> bytes:
    return _whole(zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(packed, _MOST_BYTES + 1))


def _unxz(packed: bytes) -> bytes:
    return _whole(lzma.LZMADecompressor(memlimit=_MOST_LZMA_BYTES).decompress(packed, _MOST_BYTES + 1))


def _whole(unpacked: bytes) -> bytes:
    if len(unpacked) > _MOST_BYTES:
        raise ValueError
    return unpacked


_UNPACK: dict[str, Callable[[bytes], bytes]] = {"": _whole, ".gz": _gunzip, ".xz": _unxz}
