"""Rows of a table of text: comma, semicolon or tab between cells, UTF-8 or UTF-16, also in a GZIP, TAR or ZIP."""

import csv
import gzip
import io
import sys
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import IO, Any, cast

from device.errors import DataError

Progress = Callable[[int, int], None]
"""Called with how much is done, and of how much."""

_KNOWN = ("fer2013.csv", "icml_face_data.csv", "fer2013new.csv")
_LONGEST_LINE = 4 << 20
"""Characters. A row of FER-2013 has some 9,000; what is longer is no table, whatever an archive swells to."""
_DELIMITERS = ",\t;"


def csv_rows(
    path: Path, columns: tuple[str, ...], progress: Progress | None = None
) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield (line number, row) of a table that has ``columns``; spaces around names are forgiven.

    Raises:
        DataError: when the file is missing, is no table, or lacks a column or a cell.
    """
    with _told(path), _opened(path) as (raw, text):
        size = path.stat().st_size
        rows = _split_lines(_bounded(path, text))
        _, cells = next(rows, (1, []))
        header = _header(path, cells, columns)
        for count, (line, row) in enumerate(rows):
            if len(row) != len(header):
                raise DataError(f"{path}:{line}: expected {len(header)} cells, found {len(row)}")
            yield line, dict(zip(header, row, strict=True))
            if progress is not None and count % 64 == 0:
                progress(min(raw.tell(), size - 1), size)
        if progress is not None:
            progress(size, size)


def columns_of(path: Path) -> list[str]:
    """The columns of a table's first line; none where it is no table.

    Raises:
        DataError: when the file is missing or empty.
    """
    try:
        with _told(path), _opened(path) as (_, text):
            first = text.readline(4096)
    except DataError as error:
        if "is not a table" in error.reason:
            return []
        raise
    if not first.strip().replace("\t", " ").isprintable() or "\ufffd" in first:
        return []
    return [cell.strip().strip('"') for cell in first.strip().split(_delimiter(first))]


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except (UnicodeDecodeError, csv.Error, tarfile.TarError, zipfile.BadZipFile, EOFError) as error:
        raise DataError(f"{path} is not a table of text ({error})", "docs/data.md lists the forms") from error
    except gzip.BadGzipFile as error:
        raise DataError(f"{path} is damaged ({error})", "get it again") from error
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}", "check the path given") from error


@contextmanager
def _opened(path: Path) -> Iterator[tuple[IO[bytes], io.TextIOWrapper]]:
    """The file, whose place tells how much is read, and the text of the table in it."""
    with path.open("rb") as raw:
        start = raw.read(4)
        raw.seek(0)
        if not start:
            raise DataError(f"{path} is empty (0 bytes)", "docs/data.md lists the forms")
        if start.startswith(b"PK\x03\x04"):
            with zipfile.ZipFile(raw) as archive:
                name = _member(path, archive.namelist())
                with archive.open(name) as packed, _text(packed) as text:
                    yield raw, text
        elif start.startswith(b"\x1f\x8b") or _is_tar(raw):
            with _unpacked(path, raw) as unpacked, _text(unpacked) as text:
                yield raw, text
        else:
            with _text(raw) as text:
                yield raw, text


def _is_tar(raw: IO[bytes]) -> bool:
    raw.seek(257)
    found = raw.read(5) == b"ustar"
    raw.seek(0)
    return found


@contextmanager
def _unpacked(path: Path, raw: IO[bytes]) -> Iterator[IO[bytes]]:
    """What a GZIP holds, or the table in the TAR that it holds."""
    try:
        archive = tarfile.open(fileobj=raw, mode="r:*")  # noqa: SIM115 (closed below)
    except tarfile.ReadError:
        raw.seek(0)
        with gzip.GzipFile(fileobj=raw) as packed:
            yield packed  # type: ignore[misc] # it is one, but for its mode
        return
    with archive:
        member = archive.extractfile(_member(path, [one.name for one in archive if one.isfile()]))
        assert member is not None  # noqa: S101 (a file, as asked for)
        with member:
            yield member


def _member(path: Path, names: list[str]) -> str:
    """The table in an archive: one that is known by its name, or the only one."""
    tables = [name for name in names if name.lower().endswith((".csv", ".tsv")) and "__MACOSX" not in name]
    known = [name for wanted in _KNOWN for name in tables if PurePath(name).name == wanted]
    if known or len(tables) == 1:
        return (known or tables)[0]
    told = f"holds {len(tables)} tables ({', '.join(tables[:4])})" if tables else "holds no CSV"
    raise DataError(f"the archive {path} {told}", "unpack it and give what is inside")


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


def _bounded(path: Path, text: io.TextIOWrapper) -> Iterator[str]:
    while line := text.readline(_LONGEST_LINE):
        if len(line) == _LONGEST_LINE:
            raise DataError(
                f"{path} has a line of more than {_LONGEST_LINE:,} characters", "docs/data.md has the forms"
            )
        yield line


def _delimiter(header: str) -> str:
    return max(_DELIMITERS, key=header.count)


def _header(path: Path, cells: list[str], columns: tuple[str, ...]) -> list[str]:
    header = [name.strip() for name in cells]
    missing = [name for name in columns if name not in header]
    if missing:
        found = ", ".join(header[:12]) or "nothing"
        raise DataError(f"{path}:1: the columns {', '.join(missing)} are missing; found {found}")
    return header


def _split_lines(lines: Iterator[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield (line number, cells); the general reader, five times slower, takes over at the first quote."""
    delimiter = ","
    for number, text in enumerate(lines, 1):
        if number == 1:
            delimiter = _delimiter(text)
        if '"' in text:
            csv.field_size_limit(sys.maxsize)
            reader = csv.reader(_chain(text, lines), delimiter=delimiter)
            for row in reader:
                if row:
                    yield number - 1 + reader.line_num, row
            return
        if text.strip():
            if "\0" in text:
                raise csv.Error("line contains NUL")
            yield number, text.rstrip("\r\n").split(delimiter)


def _chain(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest
