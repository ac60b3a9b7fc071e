"""A table of text where people have it: in UTF-8 or UTF-16, as it is or packed in a GZIP, TAR or ZIP."""

import gzip
import io
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import IO, Any, cast

from device.errors import DataError

_KNOWN = ("fer2013.csv", "icml_face_data.csv", "fer2013new.csv")
_ZIP, _GZIP = b"PK\x03\x04", b"\x1f\x8b"
_OTHERS = {b"7z\xbc\xaf": "7-Zip", b"Rar!": "RAR", b"BZh": "bzip2", b"\xfd7zXZ": "xz"}
"""How archives begin that are not unpacked here."""
_CHUNK = 1 << 20
_DAMAGE = (zlib.error, EOFError, gzip.BadGzipFile, tarfile.TarError, zipfile.BadZipFile)
_UNPACK = "unpack it and give what is inside"


@contextmanager
def open_table(path: Path) -> Iterator[tuple[IO[bytes], io.TextIOWrapper]]:
    """The file at ``path``, whose place tells how much is read, and the text of the table in it.

    Raises:
        DataError: it is missing or empty, an archive that is damaged or holds no table, or no text. Also of what goes
            wrong while it is read, within the block.
    """
    try:
        with path.open("rb") as raw, _opened(path, raw) as text:
            yield raw, text
    except _DAMAGE as error:
        raise DataError(f"the archive {path} is damaged or cut short ({error})", "get it again") from error
    except (RuntimeError, NotImplementedError) as error:  # a ZIP with a password, or packed in another way
        raise DataError(f"the archive {path} cannot be unpacked here ({error})", _UNPACK) from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not text in UTF-8 or UTF-16", "save it as UTF-8") from error
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}", "check the path given") from error


@contextmanager
def _opened(path: Path, raw: IO[bytes]) -> Iterator[io.TextIOWrapper]:
    start = raw.read(6)
    raw.seek(0)
    if not start:
        raise DataError(f"{path} is empty (0 bytes)", "docs/data.md lists the forms")
    for begin, kind in _OTHERS.items():
        if start.startswith(begin):
            raise DataError(f"{path} is an archive of {kind}, which is not read here", _UNPACK)
    if start.startswith(_ZIP):
        unpacked = _from_zip(path, raw)
    elif start.startswith(_GZIP) or _is_tar(raw):
        unpacked = _from_tar_or_gzip(path, raw)
    else:
        with _text(raw) as text:
            yield text
        return
    with unpacked as table, _text(table) as text:
        yield text


def _is_tar(raw: IO[bytes]) -> bool:
    raw.seek(257)
    found = raw.read(5) == b"ustar"
    raw.seek(0)
    return found


@contextmanager
def _from_zip(path: Path, raw: IO[bytes]) -> Iterator[IO[bytes]]:
    with zipfile.ZipFile(raw) as archive, archive.open(_member(path, archive.namelist())) as table:
        yield table


@contextmanager
def _from_tar_or_gzip(path: Path, raw: IO[bytes]) -> Iterator[IO[bytes]]:
    """What a GZIP holds, or the table in the TAR that it holds."""
    try:
        archive = tarfile.open(fileobj=raw, mode="r:*")  # noqa: SIM115 (closed below)
    except tarfile.ReadError:
        raw.seek(0)
        with gzip.GzipFile(fileobj=raw) as packed:
            yield packed  # type: ignore[misc] # it is one, but for its mode
        return
    with archive:
        name = _member(path, [one.name for one in archive if one.isfile()])
        table = archive.extractfile(name)
        assert table is not None  # noqa: S101 (a file, as asked for)
        yield table
        _read_to_the_checksum(archive, archive.getmember(name))


def _read_to_the_checksum(archive: tarfile.TarFile, member: tarfile.TarInfo) -> None:
    """A GZIP tells of damage at its very end, behind the table, where that was read whole."""
    unpacked = cast("IO[bytes]", archive.fileobj)
    if unpacked.tell() >= member.offset_data + member.size:
        while unpacked.read(_CHUNK):
            pass


def _member(path: Path, names: list[str]) -> str:
    """The table in an archive: one that is known by its name, or the only one."""
    tables = [name for name in names if name.lower().endswith((".csv", ".tsv")) and "__MACOSX" not in name]
    known = [name for wanted in _KNOWN for name in tables if PurePath(name).name == wanted]
    if known or len(tables) == 1:
        return (known or tables)[0]
    content = f"holds {len(tables)} tables ({', '.join(tables[:4])})" if tables else "holds no CSV"
    raise DataError(f"the archive {path} {content}", _UNPACK)


def _text(file: IO[bytes]) -> io.TextIOWrapper:
    buffered: Any = file if hasattr(file, "peek") else io.BufferedReader(cast("Any", file))
    start = buffered.peek(4)[:4]
    encoding = "utf-8-sig"
    if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encoding = "utf-16"
    elif len(start) == 4 and start[1] == start[3] == 0:
        encoding = "utf-16-le"
    elif len(start) == 4 and start[0] == start[2] == 0:
        encoding = "utf-16-be"
    return io.TextIOWrapper(buffered, encoding=encoding, newline="")
