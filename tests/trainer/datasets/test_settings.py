import pytest
from pydantic import ValidationError

from device.contract.labels import EMOTIONS
from device.errors import DataError
from trainer.datasets.settings import DataSettings

FIVE = ("angry", "fear", "happy", "neutral", "sad")


def test_without_a_word_the_seven_emotions_are_learnt():
    assert DataSettings().label_names == EMOTIONS


@pytest.mark.parametrize("name", ["Angry", "anger", " ANGER "])
def test_usual_names_of_a_class_need_no_word(name):
    assert DataSettings().class_map().indices([name]) == {name: 0}


def test_a_label_of_another_name_takes_the_same_classes():
    classes = DataSettings(labels=("happiness", "sadness")).class_map()
    assert classes.indices(["happy", "Sad"]) == {"happy": 0, "Sad": 1}


def test_classes_are_merged_with_their_synonyms():
    classes = DataSettings(labels=FIVE, classes={"sad": ("disgust",)}, drop=("surprise",)).class_map()
    assert classes.indices(["disgusted", "surprised"]) == {"disgusted": 4, "surprised": None}


def test_a_class_called_by_a_number_may_be_written_as_one():
    settings = DataSettings.model_validate({"classes": {"happy": [4]}, "drop": [7]})
    assert settings.class_map().indices(["4", "7"]) == {"4": 3, "7": None}


def test_contempt_is_not_neutral():
    with pytest.raises(DataError, match="the data's class 'contempt' is none of the labels"):
        DataSettings().class_map().indices(["contempt"])


def test_an_unknown_class_is_reported_with_the_nearest_and_what_to_write():
    with pytest.raises(
        DataError, match=r"class 'angri'.*nearest to 'angri' is 'angry'.*--set 'data.classes=\{angry: \[angri\]\}'"
    ):
        DataSettings().class_map().indices(["angri"])


def test_all_unknown_classes_are_reported_at_once():
    with pytest.raises(
        DataError, match=r"classes 'disgust', 'surprise' are none.*--set 'data.drop=\[disgust, surprise\]'"
    ):
        DataSettings(labels=FIVE).class_map().indices(EMOTIONS)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"labels": ["angry", "anger"]}, "the labels 'angry' and 'anger' mean one class"),
        ({"classes": {"sad": ["disgust"]}}, "'disgust' means 'disgust' and 'sad'"),
        ({"classes": {"bored": ["x"]}}, "classes names 'bored', which is none of the labels"),
        ({"drop": ["happy"]}, "is dropped, and means the label 'happy' as well"),
        ({"validation_share": 0.5, "test_share": 0.5}, "leave nothing to train on"),
        ({"duplicates": "maybe"}, "duplicates"),
        ({"lables": ["a", "b"]}, "Extra inputs are not permitted"),
    ],
)
def test_settings_that_contradict_themselves_are_refused(settings, message):
    with pytest.raises(ValidationError, match=message):
        DataSettings.model_validate(settings)
