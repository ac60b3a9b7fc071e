"""The model file: a TFLite flatbuffer with a ZIP appended that holds the card, sealed by a digest.

The layout is that of TFLite Metadata's associated files (https://ai.google.dev/edge/litert/models/metadata):
interpreters do not look past the flatbuffer, and ``unzip`` and ``zipfile`` find the archive at the end. The archive's
comment is the SHA-256, in lower-case hexadecimal, of every byte before it. It is checked before any native code sees
the flatbuffer, since interpreters trust the offsets in it. It shows damage, not forgery.
"""

import hashlib
import io
import json
import struct
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from shlex import quote
from typing import Any

from pydantic import ValidationError

from device.contract.files import read_limited
from device.contract.keras_models import KERAS_SUFFIXES
from device.contract.model_card import SCHEMA, ModelCard
from device.errors import ModelError, StorageError

CARD_NAME = "model.json"

MOST_BYTES = 64 * 2**20
"""A model file of more is refused unread; those that ship have a megabyte."""
MOST_CARD_BYTES = 4 * 2**20
"""The same of the card: its golden inputs, mostly; eight of 512 x 512 pixels fit. Those that ship have 30 kB."""

# As in PKWARE's APPNOTE.TXT: the end of the central directory, an entry in it, an entry's own header.
_END = struct.Struct("<4s4H2LH")
_LISTED = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_IDENTIFIER = b"TFL3"  # a flatbuffer's file identifier stands at bytes 4 to 8
_DIGEST_LENGTH = 64
_HEXADECIMAL = frozenset(b"0123456789abcdef")
_NAME_ANOTHER = "train and convert one, or name another in the configuration"
_COPY_AGAIN = "copy it again from where it is whole"
_CONVERT_AGAIN = "convert the model again with affectd-convert"


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A verified model file, taken apart.

    Attributes:
        name: what errors call it.
        data: all of its bytes; empty where the parts came from elsewhere.
        flatbuffer: the network, without the archive.
        model_card: the card.
    """

    name: str = field(compare=False)
    data: bytes = field(repr=False)
    flatbuffer: bytes = field(repr=False)
    model_card: ModelCard = field(repr=False)

    @property
    def digest(self) -> str:
        """The SHA-256 of the file, but for its own seal, in hexadecimal."""
        return self.data[-_DIGEST_LENGTH:].decode("ascii")


def attach(flatbuffer: bytes, card: ModelCard) -> bytes:
    """The model file of ``flatbuffer`` and ``card``; the same bytes whenever and wherever it is made.

    Raises:
        ModelError: ``flatbuffer`` is none, or carries an archive already; or the card is too large.
    """
    check_identifier(flatbuffer, "the network")
    if zipfile.is_zipfile(io.BytesIO(flatbuffer)):
        raise ModelError("the network has an archive at its end where a bare flatbuffer is expected", _CONVERT_AGAIN)
    text = card.to_json()
    if len(text) > MOST_CARD_BYTES:
        raise ModelError(
            f"the card has {len(text):,} bytes, and {MOST_CARD_BYTES:,} are allowed", "keep fewer golden inputs"
        )
    entry = zipfile.ZipInfo(CARD_NAME, date_time=(1980, 1, 1, 0, 0, 0))
    entry.create_system = 3  # Unix, on every system
    entry.external_attr = 0o644 << 16
    buffer = io.BytesIO(flatbuffer)
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_STORED) as archive:
        archive.writestr(entry, text)
        archive.comment = bytes(_DIGEST_LENGTH)
    sealed = buffer.getvalue()[:-_DIGEST_LENGTH]
    return sealed + _digest(sealed)


def read(path: Path) -> ModelFile:
    """Read and verify the model file at ``path``.

    Raises:
        ModelError: it is missing, damaged, foreign, or its card is not one that is understood here.
    """
    return unpack(read_bytes(path), str(path))


def read_bytes(path: Path) -> bytes:
    """What is at ``path``, whatever it is. Raises ModelError when it is no file, or cannot be read."""
    try:
        return read_limited(path, MOST_BYTES)
    except FileNotFoundError as error:
        raise ModelError(f"a model file is expected at {path}, and there is nothing", _NAME_ANOTHER) from error
    except StorageError as error:
        raise ModelError(f"no model file can be read: {error.reason}", _NAME_ANOTHER) from error
    except OSError as error:
        raise ModelError(f"the model file {path} cannot be read: {error.strerror}", "check its permissions") from error


def unpack(data: bytes, name: str) -> ModelFile:
    """Verify the bytes of a model file and take it apart; ``name`` says in errors where they come from.

    Raises:
        ModelError: as ``read``.
    """
    flatbuffer, card = take_apart(data, name)
    return ModelFile(name, data, flatbuffer, parse_card(card, name))


def take_apart(data: bytes, name: str) -> tuple[bytes, bytes]:
    """The flatbuffer, and the card as the bytes of ``model.json``, of whatever schema, from verified ``data``.

    Raises:
        ModelError: the file is not whole, or has no card.
    """
    verify(data, name)
    try:
        start, card = _only_entry(data)
    except ValueError as error:
        raise ModelError(f"{name} has no {CARD_NAME} in the archive at its end ({error})", _CONVERT_AGAIN) from error
    return data[:start], card


def _only_entry(data: bytes) -> tuple[int, bytes]:
    """Where the archive starts, and the card in it.

    Read by hand, and only what ``attach`` writes: one entry of this name, stored, each part where the one before ends.
    A library for any archive unpacks what is small here and huge there, and lists a million entries.

    Raises:
        ValueError: anything else.
    """
    end = len(data) - _DIGEST_LENGTH - _END.size
    if end < 0:
        raise ValueError("there is no archive")
    signature, disk, first_disk, on_disk, entries, list_size, list_at, comment = _END.unpack_from(data, end)
    if signature != b"PK\5\6" or (disk, first_disk, comment) != (0, 0, _DIGEST_LENGTH):
        raise ValueError("there is no archive")
    if (on_disk, entries) != (1, 1):
        raise ValueError(f"one file is expected in it, not {entries}")
    name = CARD_NAME.encode("ascii")
    if list_at + list_size != end or list_size != _LISTED.size + len(name):
        raise ValueError("another file is in it")
    signature, *_, method, _, _, crc, packed, size, name_length, _, _, _, _, _, start = _LISTED.unpack_from(
        data, list_at
    )
    if signature != b"PK\1\2" or data[end - len(name) : end] != name or name_length != len(name):
        raise ValueError("another file is in it")
    if method != zipfile.ZIP_STORED or packed != size:
        raise ValueError("it is compressed")
    if size > MOST_CARD_BYTES:
        raise ValueError(f"it is larger than {MOST_CARD_BYTES:,} bytes")
    card_at = start + _LOCAL.size + len(name)
    if card_at + size != list_at or data[start : start + 4] != b"PK\3\4" or data[card_at - len(name) : card_at] != name:
        raise ValueError("it is not where the archive says")
    card = data[card_at:list_at]
    if zlib.crc32(card) != crc:
        raise ValueError("its checksum is wrong")
    return start, card


def verify(data: bytes, name: str) -> None:
    """Make sure that ``data`` is a model file to its last byte.

    Raises:
        ModelError: it is empty, not a TFLite model, cut off, or changed.
    """
    if not data:
        raise ModelError(f"{name} is empty, and a TFLite model is expected", _COPY_AGAIN)
    check_identifier(data, name)
    sealed, comment = data[:-_DIGEST_LENGTH], data[-_DIGEST_LENGTH:]
    if not _HEXADECIMAL.issuperset(comment):
        raise ModelError(
            f"{name} does not end in a digest: it is cut off, changed, or a TFLite model without a card",
            f"{_COPY_AGAIN}, or {_CONVERT_AGAIN}",
        )
    expected = _digest(sealed)
    if comment != expected:
        raise ModelError(
            f"{name} is damaged: its bytes have the SHA-256 {expected[:12].decode()}…, at its end stands "
            f"{comment[:12].decode()}…",
            _COPY_AGAIN,
        )


def check_identifier(data: bytes, name: str) -> None:
    """Make sure that ``data`` starts as a TFLite flatbuffer does. Raises ModelError."""
    if data[4:8] != _IDENTIFIER:
        is_keras = Path(name).suffix in KERAS_SUFFIXES
        remedy = "convert it on a PC: affectd-convert tflite" if is_keras else "name a .tflite file, or fetch it again"
        found = f"it starts with {data[:8]!r}, and bytes 4 to 8 should read {_IDENTIFIER!r}"
        raise ModelError(f"{name} is not a TFLite model: {found}", remedy)


def looks_like_model_file(data: bytes) -> bool:
    """Whether ``data`` has, or had, a card: if not, it may be a flatbuffer of another origin."""
    return CARD_NAME.encode("ascii") in data


def parse_card(text: bytes, name: str) -> ModelCard:
    """The card from the bytes of ``model.json``.

    Raises:
        ModelError: it is not JSON, of another schema, or something in it is missing or wrong.
    """
    try:
        raw: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{name}: {CARD_NAME} is not JSON ({error})", _CONVERT_AGAIN) from error
    found = raw.get("schema") if isinstance(raw, dict) else None
    if found != SCHEMA:
        raise ModelError(
            f"{name}: {CARD_NAME} has schema {found!r}, and this affectd reads schema {SCHEMA}",
            _mend_schema(found, name),
        )
    try:
        return ModelCard.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the card"
        raise ModelError(f"{name}: {CARD_NAME}: {where}: {first['msg']}", _CONVERT_AGAIN) from error


def _mend_schema(found: object, name: str) -> str:
    if not isinstance(found, int):
        return _CONVERT_AGAIN
    return f"affectd-convert upgrade {quote(name)}" if found < SCHEMA else f"update affectd, or {_CONVERT_AGAIN}"


def _digest(data: bytes) -> bytes:
    return hashlib.sha256(data).hexdigest().encode("ascii")
