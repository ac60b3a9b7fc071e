import hashlib
import io
import json
import random
import zipfile

import pytest

from device.contract.container import attach, parse_card, read, unpack
from device.errors import ModelError
from tests.device.contract.model_cards import make_card

FLATBUFFER = b"\x1c\x00\x00\x00TFL3" + random.Random(1).randbytes(1500)
CARD = make_card()
WHOLE = attach(FLATBUFFER, CARD)


def _sealed(archive_entries):
    """A file with a true digest around an archive of other entries."""
    buffer = io.BytesIO(FLATBUFFER)
    with zipfile.ZipFile(buffer, "a") as archive:
        for name, content in archive_entries.items():
            archive.writestr(name, content)
        archive.comment = bytes(64)
    body = buffer.getvalue()[:-64]
    return body + hashlib.sha256(body).hexdigest().encode()


def test_a_model_file_gives_back_the_network_and_its_card(tmp_path):
    path = tmp_path / "model.tflite"
    path.write_bytes(WHOLE)
    model = read(path)
    assert model.flatbuffer == FLATBUFFER
    assert model.model_card == CARD


def test_the_same_model_gives_the_same_bytes():
    assert attach(FLATBUFFER, make_card()) == WHOLE


def test_other_programs_read_the_card_with_any_zip_tool():
    with zipfile.ZipFile(io.BytesIO(WHOLE)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["model.json"]
        assert json.loads(archive.read("model.json"))["labels"] == ["calm", "cross"]
        assert archive.comment.decode() == hashlib.sha256(WHOLE[:-64]).hexdigest()


def test_an_interpreter_finds_the_flatbuffer_at_the_start():
    assert WHOLE.startswith(FLATBUFFER)


@pytest.mark.parametrize("position", [*random.Random(2).sample(range(len(WHOLE)), 48), 0, 7, len(WHOLE) - 1])
def test_a_flipped_bit_is_noticed(position):
    damaged = bytearray(WHOLE)
    damaged[position] ^= 1 << random.Random(position).randrange(8)
    with pytest.raises(ModelError):
        unpack(bytes(damaged), "model.tflite")


def test_the_case_of_a_digests_letter_is_a_bit_like_any_other():
    position = next(index for index in range(len(WHOLE) - 64, len(WHOLE)) if WHOLE[index : index + 1].isalpha())
    damaged = bytearray(WHOLE)
    damaged[position] ^= 0x20
    with pytest.raises(ModelError):
        unpack(bytes(damaged), "model.tflite")


@pytest.mark.parametrize("length", [*random.Random(3).sample(range(len(WHOLE)), 32), 0, 1, 8, len(WHOLE) - 1])
def test_a_file_that_is_cut_off_is_refused(length):
    with pytest.raises(ModelError):
        unpack(WHOLE[:length], "model.tflite")


@pytest.mark.parametrize(
    "tail", [b"\n", b"\x00" * 4096, WHOLE[-64:], WHOLE], ids=["newline", "zeros", "digest", "twice"]
)
def test_a_file_that_goes_on_is_refused(tail):
    with pytest.raises(ModelError):
        unpack(WHOLE + tail, "model.tflite")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (b"version https://git-lfs.github.com/spec/v1\n", "not a TFLite model.*b'version '.*b'TFL3'"),
        (b"<!DOCTYPE html><html>", "not a TFLite model"),
        (b"TFL3", "not a TFLite model"),
        (FLATBUFFER, "does not end in a digest.*convert the model again"),
        (_sealed({}), "has no model.json"),
        (_sealed({"labels.txt": "a"}), "has no model.json"),
        (_sealed({"model.json": "{"}), "is not JSON"),
        (_sealed({"model.json": b"\xff\xfe\xfd"}), "is not JSON"),
        (_sealed({"model.json": "[]"}), "schema None"),
        (_sealed({"model.json": '{"schema": 3}'}), "has schema 3, and this affectd reads schema 2; update affectd"),
        (_sealed({"model.json": '{"schema": 1}'}), "has schema 1, .* reads schema 2; affectd-convert upgrade "),
        (_sealed({"model.json": '{"schema": 2}'}), "name: Field required"),
    ],
    ids=[
        "empty",
        "pointer",
        "page",
        "short",
        "bare",
        "archive",
        "foreign",
        "json",
        "text",
        "list",
        "newer",
        "older",
        "fields",
    ],
)
def test_what_is_no_model_file_is_refused_with_what_was_found(data, message):
    with pytest.raises(ModelError, match=message) as raised:
        unpack(data, "model.tflite")
    assert str(raised.value).startswith("model.tflite")
    assert raised.value.remedy


def test_damage_is_told_before_the_archive_is_opened(monkeypatch):
    damaged = bytearray(WHOLE)
    damaged[200] ^= 1
    monkeypatch.setattr(
        "device.contract.container.zipfile.ZipFile", lambda *_: pytest.fail("an unverified archive was opened")
    )
    with pytest.raises(ModelError, match="is damaged: its bytes have the SHA-256"):
        unpack(bytes(damaged), "model.tflite")


def test_a_wrong_value_in_the_card_is_named_by_its_place():
    raw = json.loads(CARD.to_json())
    raw["input"]["height"] = "tall"
    with pytest.raises(ModelError, match=r"model\.json: input\.height: "):
        parse_card(json.dumps(raw).encode(), "model.tflite")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ModelError, match=r"expected at .*none\.tflite, and there is nothing"):
        read(tmp_path / "none.tflite")


def test_a_folder_is_no_model_file(tmp_path):
    with pytest.raises(ModelError, match="there is a folder"):
        read(tmp_path)


def test_a_card_is_attached_to_a_bare_network_only():
    with pytest.raises(ModelError, match="bare flatbuffer is expected"):
        attach(WHOLE, CARD)
    with pytest.raises(ModelError, match="not a TFLite model"):
        attach(b"PK\x03\x04 something else", CARD)


def test_the_card_lies_in_the_archive_as_a_plain_file_without_a_date_on_every_system():
    with zipfile.ZipFile(io.BytesIO(attach(FLATBUFFER, make_card()))) as archive:
        (entry,) = archive.infolist()
    assert entry.external_attr >> 16 == 0o644
    assert entry.create_system == 3
    assert entry.date_time == (1980, 1, 1, 0, 0, 0)
    assert entry.compress_type == zipfile.ZIP_STORED
