import json
import shutil

import pytest

from device.errors import EXIT_DATA, EXIT_IO, EXIT_OK, EXIT_UNAVAILABLE, EXIT_USAGE
from tests.trainer.files import fer2013_row, picture, write_faces, write_fer2013
from trainer.commands import main


@pytest.fixture
def folder(tmp_path):
    write_faces(tmp_path, train=14, validation=14)
    return tmp_path


@pytest.fixture
def evaluate(bundled, folder):
    def run(*options):
        return main(["evaluate", str(bundled), str(folder / "fer2013.csv"), *map(str, options)])

    return run


def test_evaluate_prints_a_table_and_writes_json_and_a_report(evaluate, folder, capsys):
    ferplus, report, figures = folder / "fer2013new.csv", folder / "report.html", folder / "figures.json"
    assert evaluate("--ferplus", ferplus, "--html", report, "--json", figures) == EXIT_OK
    printed = capsys.readouterr().out
    assert "PublicTest: 14 faces by the data set's labels" in printed
    assert "Training" not in printed
    document = json.loads(figures.read_text())
    assert [split["split"] for split in document["splits"]] == ["PublicTest"]
    assert document["splits"][0]["role"] == "unknown"  # in FER-2013's form, but none of its rows
    assert report.read_text().startswith("<!doctype html>")


def test_a_damaged_log_costs_the_report_its_curves_alone(bundled, folder, capsys):
    shutil.copy(bundled, folder / "model.tflite")
    (folder / "log.csv").write_text("epoch\nmany\n")
    report = folder / "report.html"
    model, data = str(folder / "model.tflite"), str(folder / "fer2013.csv")
    assert main(["evaluate", model, data, "--html", str(report)]) == EXIT_OK
    assert "the report has no curves" in capsys.readouterr().out
    assert "the report has no curves" in report.read_text()


def test_public_and_private_rows_are_reported_apart(evaluate, folder, capsys):
    rows = [fer2013_row(k % 7, usage, picture(k % 7, k)) for k, usage in enumerate(["PublicTest", "PrivateTest"] * 7)]
    write_fer2013(folder / "fer2013.csv", rows)
    assert evaluate() == EXIT_OK
    printed = capsys.readouterr().out
    assert "PublicTest: 7 faces" in printed
    assert "PrivateTest: 7 faces" in printed
    assert "nothing tells whether the model has seen these faces" in printed


def test_the_training_split_is_measured_only_when_it_is_asked_for(evaluate, capsys):
    assert evaluate("--split", "train", "--limit", 5) == EXIT_OK
    printed = capsys.readouterr().out
    assert "Training: 5 faces" in printed
    assert "trained on" not in printed


def test_a_split_that_the_data_lacks_is_refused(evaluate, capsys):
    assert evaluate("--split", "test") == EXIT_DATA
    assert "has no faces for test" in capsys.readouterr().err


def test_flips_are_reported_in_the_figures(evaluate, folder, capsys):
    figures = folder / "figures.json"
    assert evaluate("--tta", "flip", "--json", figures) == EXIT_OK
    assert json.loads(figures.read_text())["options"]["tta"] == "flip"
    assert "mirror" in capsys.readouterr().out


def test_a_report_for_a_folder_that_is_not_there_is_refused_before_any_work(evaluate, folder, capsys):
    assert evaluate("--html", folder / "none" / "report.html") == EXIT_IO
    assert "affectd-train: the folder" in capsys.readouterr().err


def test_a_limit_of_no_faces_is_refused(evaluate, capsys):
    assert evaluate("--limit", 0) == EXIT_USAGE
    assert "at least 1" in capsys.readouterr().err


def test_a_report_can_be_had_without_faces(evaluate, folder):
    report = folder / "report.html"
    assert evaluate("--html", report, "--without-faces") == EXIT_OK
    assert "<img" not in report.read_text()


def test_a_model_that_is_not_there_is_one_line(folder, capsys):
    assert main(["evaluate", str(folder / "none.tflite"), str(folder / "fer2013.csv")]) == EXIT_UNAVAILABLE
    assert capsys.readouterr().err.count("\n") == 1


def test_dark_and_light_faces_are_compared_where_there_are_enough(evaluate, folder, capsys):
    write_faces(folder, train=7, validation=154)
    assert evaluate() == EXIT_OK
    printed = capsys.readouterr().out
    assert "grey level" in printed
    assert "darkest third" in printed
