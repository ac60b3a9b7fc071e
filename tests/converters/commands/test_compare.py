import re

import pytest

from converters.commands import main
from device.errors import EXIT_DATA, EXIT_OK, EXIT_USAGE


def test_each_format_has_a_row_with_what_it_costs(training_folder, capsys):
    assert main(["compare", str(training_folder / "model.keras"), "--rounds", "2"]) == EXIT_OK
    rows = [line.split() for line in capsys.readouterr().out.splitlines() if line.startswith("tiny ")]
    assert [row[1] for row in rows] == ["float32", "float16", "int8"]
    sizes = [int(row[2]) for row in rows]
    assert sizes == sorted(sizes, reverse=True)
    assert rows[0][-1] == "1.00"
    assert all(float(row[5].rstrip("%")) >= 98 for row in rows)


def test_two_models_are_compared_on_the_same_faces(training_folder, model_file, capsys):
    assert main(["compare", str(training_folder / "model.keras"), str(model_file), str(training_folder)]) == EXIT_OK
    out = capsys.readouterr().out
    assert re.search(r"B less A +[+-]\d\.\d\d points \([+-]\d+\.\d\d to [+-]\d+\.\d\d\)", out)
    assert "McNemar's exact test" in out
    assert "135 of" in out  # those of 150 that have a label


def test_a_third_model_on_data_is_one_too_many(training_folder, capsys):
    keras = str(training_folder / "model.keras")
    assert main(["compare", keras, keras, keras, str(training_folder)]) == EXIT_USAGE
    assert "two models are compared" in capsys.readouterr().err


def test_folders_of_trainings_stand_for_their_models(training_folder, model_file, capsys):
    assert main(["compare", str(training_folder), str(model_file), str(training_folder)]) == EXIT_OK
    assert "B           " in capsys.readouterr().out
    assert main(["compare", str(training_folder), "--rounds", "1"]) == EXIT_OK
    assert "float16" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["faces", "fer2013.csv", "none.npz"])
def test_data_in_another_form_is_refused_with_how_to_make_arrays_of_it(training_folder, tmp_path, name, capsys):
    (tmp_path / "faces").mkdir()
    (tmp_path / "fer2013.csv").write_text("emotion,pixels,Usage\n")
    keras, data = str(training_folder / "model.keras"), str(tmp_path / name)
    assert main(["compare", keras, keras, data]) == EXIT_DATA
    assert f"affectd-train data convert {data} FACES.npz makes it" in capsys.readouterr().err


def test_a_converted_model_has_no_formats_to_compare(training_folder, model_file, capsys):
    assert main(["compare", str(model_file), str(training_folder / "model.keras")]) == EXIT_DATA
    assert "is converted already" in capsys.readouterr().err


def test_a_model_that_is_not_there_is_reported(tmp_path, capsys):
    assert main(["compare", str(tmp_path / "none.keras")]) == EXIT_DATA
    assert "a Keras model is expected at" in capsys.readouterr().err
