import json
from typing import cast

import pytest

from converters.commands import main
from converters.upgrade import upgrade
from device.contract import container
from device.contract.model_card import ModelCard
from device.errors import EXIT_OK, EXIT_UNAVAILABLE, ModelError


class OldCard:
    """A card as an earlier affectd wrote it."""

    def __init__(self, raw):
        self.raw = raw

    def to_json(self):
        return json.dumps(self.raw).encode()


def _as_schema_1(card: ModelCard) -> dict:
    raw = json.loads(card.to_json())
    conversion = raw["conversion"]
    calibration = conversion["calibration"]
    for key in ("format", "ends", "kept_float", "accelerator"):
        del conversion[key]
    conversion |= {"calibration": calibration["method"], "calibration_faces": calibration["faces"], "seed": 0}
    for one in raw["accuracy"]:
        one["int8_value"] = one.pop("converted_value")
    return raw | {"schema": 1}


@pytest.fixture
def old(model_file, tmp_path):
    """A model file of schema 1."""
    model = container.read(model_file)
    path = tmp_path / "old.tflite"
    path.write_bytes(container.attach(model.flatbuffer, cast("ModelCard", OldCard(_as_schema_1(model.model_card)))))
    return path


def test_an_old_file_is_refused_with_the_command_that_upgrades_it(old):
    with pytest.raises(ModelError, match="has schema 1") as raised:
        container.read(old)
    assert raised.value.remedy == f"affectd-convert upgrade {old}"


def test_that_command_makes_it_what_a_conversion_of_today_would_be(old, model_file, capsys):
    assert main(["upgrade", str(old)]) == EXIT_OK
    assert "schema 1 became 2" in capsys.readouterr().out
    assert container.read(old) == container.read(model_file)


def test_a_file_of_today_is_left_alone(model_file, tmp_path, capsys):
    path = tmp_path / "model.tflite"
    path.write_bytes(model_file.read_bytes())
    assert main(["upgrade", str(path)]) == EXIT_OK
    assert "has schema 2 already" in capsys.readouterr().out
    assert path.read_bytes() == model_file.read_bytes()


def test_a_damaged_old_file_is_not_upgraded(old, capsys):
    damaged = bytearray(old.read_bytes())
    damaged[300] ^= 1
    old.write_bytes(damaged)
    assert main(["upgrade", str(old)]) == EXIT_UNAVAILABLE
    assert "is damaged" in capsys.readouterr().err
    assert old.read_bytes() == damaged


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ({"schema": 9}, "has schema 9, and 1 to 2 are known"),
        ({"schema": 0}, "has schema 0"),
        ({"schema": 1}, "the card of schema 1 lacks"),
        ({"schema": 1, "conversion": 3}, "the card of schema 1 lacks"),
        ({}, "not JSON with a schema"),
        ([], "not JSON with a schema"),
    ],
    ids=str,
)
def test_a_card_of_no_known_schema_is_reported(model_file, raw, message):
    data = container.attach(container.read(model_file).flatbuffer, cast("ModelCard", OldCard(raw)))
    with pytest.raises(ModelError, match=message):
        upgrade(data, "old.tflite")
