"""Rows of a table of text: comma, semicolon or tab between cells."""

import csv
import itertools
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TextIO

from device.errors import DataError
from trainer.datasets.archives import open_table

Progress = Callable[[int, int], None]
"""Called with how much is done, and of how much."""

_FORMS = "docs/data.md lists the forms"
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
    with open_table(path) as (raw, text):
        size = path.stat().st_size
        rows = _split_lines(path, _bounded(path, text))
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
        DataError: when the file is missing, empty, or an archive that cannot be used.
    """
    with open_table(path) as (_, text):
        try:
            first = text.readline(4096)
        except UnicodeDecodeError as error:
            if b"\n" in error.object[: error.start]:
                raise  # text, whose first line is sound, in another encoding
            return []
    if not first.strip().replace("\t", " ").isprintable() or "\ufffd" in first:
        return []
    return [cell.strip().strip('"') for cell in first.strip().split(_delimiter(first))]


def _bounded(path: Path, text: TextIO) -> Iterator[str]:
    while line := text.readline(_LONGEST_LINE):
        if len(line) == _LONGEST_LINE:
            raise DataError(f"{path} has a line of more than {_LONGEST_LINE:,} characters", _FORMS)
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


def _split_lines(path: Path, lines: Iterator[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield (line number, cells); the general reader, five times slower, takes over at the first quote."""
    delimiter = ","
    for number, text in enumerate(lines, 1):
        if number == 1:
            delimiter = _delimiter(text)
        if '"' in text:
            yield from _quoted_rows(path, number, itertools.chain((text,), lines), delimiter)
            return
        if text.strip():
            if "\0" in text:
                raise DataError(f"{path}:{number}: this is no text, but has bytes of zero", _FORMS)
            yield number, text.rstrip("\r\n").split(delimiter)


def _quoted_rows(path: Path, begin: int, lines: Iterable[str], delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield (line number, cells) from the line ``begin`` on; a quoted cell may go on over several lines."""
    size = 0

    def measured() -> Iterator[str]:
        nonlocal size
        for text in lines:
            size += len(text)
            if size > _LONGEST_LINE:  # a quote that nobody closes, and an archive that swells to any size
                raise DataError(f"{path} has a row of more than {_LONGEST_LINE:,} characters", _FORMS)
            yield text

    csv.field_size_limit(_LONGEST_LINE)
    reader = csv.reader(measured(), delimiter=delimiter)
    try:
        for row in reader:
            size = 0
            if row:
                yield begin - 1 + reader.line_num, row
    except csv.Error as error:
        line = begin - 1 + reader.line_num
        raise DataError(f"{path}:{line}: this is no row of a table ({error})", _FORMS) from error
