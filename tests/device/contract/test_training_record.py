import json
from pathlib import Path

import pytest

from device.contract import container
from device.contract.model_card import Smoothing
from device.contract.training_record import RecordedSplit, TrainingRecord, read_record
from device.errors import DataError
from tests.converters import tiny

BUNDLED = Path(__file__).parents[3] / "device" / "models" / "emotion.tflite"


def test_where_a_network_comes_from_is_read_with_the_names_of_its_teachers(tmp_path):
    origin = {"name": "edge", "sha256": "ab" * 32}
    tiny.write_record(tmp_path, start=origin, teachers=[origin])
    record = read_record(tmp_path / "training.json")
    assert (record.start, record.teachers) == (origin, (origin,))


def test_smoothing_of_the_training_stands_before_the_defaults(tmp_path):
    smoothing = {"time_constant_s": 1.5, "enter_threshold": 0.6, "exit_threshold": 0.4, "min_dwell_s": 0.2}
    tiny.write_record(tmp_path, smoothing=smoothing)
    assert read_record(tmp_path / "training.json").smoothing == Smoothing(**smoothing)
    tiny.write_record(tmp_path)
    assert read_record(tmp_path / "training.json").smoothing == Smoothing()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"schema": 2}, "has schema 2, and schema 1 is read here"),
        ({"labels": "lying"}, "labels: "),
        ({"input": {"height": 24}}, "input.width: Field required"),
        ({"seed": "three"}, "seed: "),
        ({"weather": "fine"}, "weather: Extra inputs"),
    ],
    ids=str,
)
def test_a_record_that_is_not_understood_is_refused_by_its_place(tmp_path, changes, message):
    tiny.write_record(tmp_path, **changes)
    with pytest.raises(DataError, match=message):
        read_record(tmp_path / "training.json")


def test_a_record_that_is_no_object_is_refused(tmp_path):
    (tmp_path / "training.json").write_text(json.dumps(["schema", 1]))
    with pytest.raises(DataError, match="has schema None"):
        read_record(tmp_path / "training.json")


def test_a_record_that_cannot_be_read_is_told_from_one_that_is_missing(tmp_path):
    path = tmp_path / "training.json"
    with pytest.raises(DataError, match="is not there"):
        read_record(path)
    path.mkdir()
    with pytest.raises(DataError, match="cannot be read: Is a directory"):
        read_record(path)


def test_a_record_comes_back_as_it_was_written(tmp_path):
    tiny.write_record(tmp_path)
    record = read_record(tmp_path / "training.json")
    (tmp_path / "again").mkdir()
    record.write(tmp_path / "again")
    assert read_record(tmp_path / "again" / "training.json") == record


def test_a_converted_model_s_card_tells_of_the_training_in_the_record_s_words():
    card = container.read(BUNDLED).model_card
    record = TrainingRecord.of_card(card)
    assert record.data.validation == RecordedSplit(split="PublicTest", faces=3589)
    assert record.recipe["name"] == card.training.recipe["name"]
    assert {one.metric for one in record.measured} >= {"label_accuracy", "majority_agreement"}


def test_data_that_a_card_describes_in_its_own_words_is_left_out():
    card = container.read(BUNDLED).model_card
    odd = card.model_copy(update={"training": card.training.model_copy(update={"data": {"train": "many faces"}})})
    assert TrainingRecord.of_card(odd).data.train is None
