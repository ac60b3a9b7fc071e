from converters.commands import main
from device.errors import EXIT_DATA, EXIT_OK


def test_each_format_has_a_row_with_what_it_costs(training_folder, capsys):
    assert main(["compare", str(training_folder / "model.keras"), "--rounds", "2"]) == EXIT_OK
    rows = [line.split() for line in capsys.readouterr().out.splitlines() if line.startswith("tiny ")]
    assert [row[1] for row in rows] == ["float32", "float16", "int8"]
    sizes = [int(row[2]) for row in rows]
    assert sizes == sorted(sizes, reverse=True)
    assert rows[0][-1] == "1.00"
    assert all(float(row[5].rstrip("%")) >= 98 for row in rows)


def test_a_model_that_is_not_there_is_told(tmp_path, capsys):
    assert main(["compare", str(tmp_path / "none.keras")]) == EXIT_DATA
    assert "a Keras model is expected at" in capsys.readouterr().err
