import json
import re

import pytest
import yaml

from device.errors import DataError
from tests.trainer.judging.answers import evaluation
from trainer.model_card import EVALUATION_FILE, evaluations_of, model_card, read_evaluation, write_card
from trainer.predictor import file_sha256

RECORD = {
    "schema": 1,
    "name": "edge",
    "labels": ["happy", "sad", "fear"],
    "input": {"height": 48, "width": 48, "real_range": [0.0, 1.0], "crop_margin": 0.1},
    "recipe": {"name": "edge", "about": "a small net", "targets": "votes"},
    "data": {
        "files": {"fer2013.csv": "f5" * 32, "fer2013new.csv": "03" * 32},
        "train": {"split": "Training", "faces": 28709},
        "validation": {"split": "PublicTest", "faces": 3589},
    },
    "seed": 1,
    "epochs": 32,
    "kept_epoch": 27,
    "measured": [
        {"metric": "label_accuracy", "split": "PublicTest", "value": 0.59, "count": 3589, "recall": {"happy": 0.88}}
    ],
}


def _metadata(card):
    front = re.match(r"---\n(.*?)\n---\n", card, re.DOTALL)
    assert front
    return yaml.safe_load(front[1])


def _folder(tmp_path, record=RECORD):
    (tmp_path / "model.keras").write_bytes(b"weights")
    (tmp_path / "training.json").write_text(json.dumps(record))
    return tmp_path


def _document(tmp_path=None):
    document = evaluation().as_dict()
    if tmp_path:
        document["model"]["sha256"] = file_sha256(tmp_path / "model.keras")
    return document


def test_the_metadata_is_what_hugging_face_reads():
    metadata = _metadata(model_card(RECORD, [_document()]))
    assert metadata["license"] == "mit"
    assert metadata["datasets"] == ["fer2013", "ferplus"]
    assert metadata["metrics"] == ["accuracy", "f1"]
    (model,) = metadata["model-index"]
    result = model["results"][0]
    assert (model["name"], result["task"]["type"], result["dataset"]["split"]) == (
        "edge",
        "image-classification",
        "PublicTest",
    )
    assert result["metrics"][0] == {
        "type": "accuracy",
        "name": "accuracy against the data set's labels",
        "value": 0.8333,
        "verified": False,
    }


def test_figures_stand_for_each_label_with_their_intervals():
    card = model_card(RECORD, [_document()])
    assert "Accuracy 83.3% (72.0 to 90.7) of 60 faces" in card
    assert re.search(r"\| happy \| \d+\.\d% \| \d+\.\d% \(\d+\.\d to \d+\.\d\) \| \d+\.\d% \| 20 \|", card)


def test_without_an_evaluation_the_training_s_own_figures_stand():
    card = model_card(RECORD)
    assert "59.0% of 3,589 faces" in card
    assert "| happy | 88.0% |" in card


def test_a_model_that_nobody_measured_says_so():
    assert "Not measured." in model_card(RECORD | {"measured": []})


@pytest.mark.parametrize(
    "said",
    [
        "Article 5(1)(f)",
        "at work and in education",
        "Regulation (EU) 2024/1689",
        "## Consent and retention",
        "not what the person felt",
        "FER-2013's own labels are noisy",
        "the split `Training`",
        "epoch 27 was kept",
    ],
)
def test_the_card_says_what_must_be_known(said):
    assert said in model_card(RECORD)


def test_the_noise_of_fer2013_is_mentioned_only_where_it_was_learnt():
    record = RECORD | {"data": {"files": {"mine.csv": "00" * 32}}}
    card = model_card(record)
    assert "noisy" not in card
    assert _metadata(card)["datasets"] == ["mine"]


def test_nothing_of_the_template_is_left_open():
    assert "$" not in model_card(RECORD, [_document()])


def test_a_card_is_written_beside_the_model_with_the_evaluation_that_lies_there(tmp_path):
    folder = _folder(tmp_path)
    (folder / EVALUATION_FILE).write_text(json.dumps(_document(folder)))
    assert "83.3%" in write_card(folder).read_text(encoding="utf-8")


def test_an_evaluation_of_another_model_that_lies_there_is_passed_over(tmp_path):
    folder = _folder(tmp_path)
    (folder / EVALUATION_FILE).write_text(json.dumps(_document()))
    assert "59.0%" in write_card(folder).read_text(encoding="utf-8")


def test_an_evaluation_of_another_model_that_is_named_is_refused(tmp_path):
    folder = _folder(tmp_path)
    file = tmp_path / "other.json"
    file.write_text(json.dumps(_document()))
    with pytest.raises(DataError, match="another model"):
        evaluations_of(folder, [file])


@pytest.mark.parametrize("text", ["{", "[]", '{"schema": 2, "splits": []}', '{"schema": 1}'])
def test_a_file_that_is_no_evaluation_is_refused(tmp_path, text):
    file = tmp_path / "evaluation.json"
    file.write_text(text)
    with pytest.raises(DataError, match=r"evaluation\.json"):
        read_evaluation(file)


def test_groups_and_their_gap_are_in_the_card():
    document = _document()
    document["splits"][0]["references"][0]["groups"] = [
        {
            "attribute": "age",
            "groups": [{"group": "old", "faces": 90, "accuracy": {"value": 0.5, "low": 0.4, "high": 0.6}}],
            "gap": {"best": "young", "worst": "old", "value": 0.2, "low": 0.1, "high": 0.3},
            "warning": "too few faces to compare, fewer than 50: child (3)",
        }
    ]
    card = model_card(RECORD, [document])
    assert "| old | 50.0% (40.0 to 60.0) | 90 |" in card
    assert "young over old: 20.0 points (10.0 to 30.0)" in card
    assert "Too few faces to compare" in card
