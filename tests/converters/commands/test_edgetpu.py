import sys
from pathlib import Path

import pytest

from converters.commands import main
from converters.edgetpu import compiler
from device.contract import container
from device.errors import EXIT_DATA, EXIT_GATE, EXIT_IO, EXIT_OK, EXIT_UNAVAILABLE

LOGS = Path(__file__).parents[1] / "logs"


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Put a stand-in for the compiler on the path: it tells a recorded log and writes a file, as the real one does."""

    def put(log, code=0, *, writes=True):
        folder = tmp_path / "bin"
        folder.mkdir()
        script = folder / compiler.COMMAND
        script.write_text(
            f"#!{sys.executable}\nimport pathlib, sys\n"
            "assert sys.argv[1:3] == ['-s', '-o'], sys.argv\n"
            "source = pathlib.Path(sys.argv[4])\n"
            "data = source.read_bytes()\n"
            "assert b'model.json' not in data\n"
            f"if {writes}:\n"
            "    made = pathlib.Path(sys.argv[3], source.stem + '_edgetpu.tflite')\n"
            "    made.write_bytes(data + b'compiled')\n"
            f"print(pathlib.Path({str(LOGS / log)!r}).read_text())\n"
            f"sys.exit({code})\n"
        )
        script.chmod(0o755)
        monkeypatch.setenv("PATH", str(folder))

    return put


@pytest.fixture
def no_compiler(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.fixture
def out(tmp_path):
    return tmp_path / "made_edgetpu.tflite"


def test_the_card_is_put_back_and_says_what_the_file_is_for(model_file, install, out, capsys):
    install("all_mapped.txt")
    assert main(["edgetpu", str(model_file), "--out", str(out)]) == EXIT_OK
    before, after = container.read(model_file), container.read(out)
    assert after.flatbuffer == before.flatbuffer + b"compiled"
    assert after.model_card.labels == before.model_card.labels
    assert after.model_card.golden == before.model_card.golden
    assert after.model_card.conversion.accelerator == "edgetpu"
    assert after.model_card.conversion.versions["edgetpu_compiler"] == "16.0.384591198"
    assert after.model_card.cost.flatbuffer_bytes == len(after.flatbuffer)
    assert "23 of 23 operators mapped" in capsys.readouterr().out


def test_without_a_name_it_goes_beside_the_model(own_training, model_file, install):
    install("all_mapped.txt")
    path = own_training / "hall.tflite"
    path.write_bytes(model_file.read_bytes())
    assert main(["edgetpu", str(path)]) == EXIT_OK
    assert (own_training / "hall_edgetpu.tflite").is_file()


def test_an_operator_that_stays_on_the_cpu_ends_it_with_nothing_written(model_file, install, out, capsys):
    install("some_on_cpu.txt")
    assert main(["edgetpu", str(model_file), "--out", str(out)]) == EXIT_GATE
    assert "2 CONV_2D (More than one subgraph is not supported)" in capsys.readouterr().err
    assert not out.exists()


def test_operators_may_be_let_stay_on_the_cpu(model_file, install, out):
    install("some_on_cpu.txt")
    assert main(["edgetpu", str(model_file), "--out", str(out), "--allow-cpu"]) == EXIT_OK
    assert container.read(out).model_card.conversion.accelerator == "edgetpu"


@pytest.mark.parametrize(
    ("log", "code", "message"),
    [
        ("aborted.txt", 1, "failed with code 1: Internal compiler error. Aborting!"),
        ("aborted.txt", 0, "Internal compiler error"),
        ("too_large.txt", 1, "failed with code 1: ERROR: Restored original execution plan"),
    ],
)
def test_a_compiler_that_fails_is_quoted(model_file, install, out, capsys, log, code, message):
    install(log, code, writes=False)
    assert main(["edgetpu", str(model_file), "--out", str(out)]) == EXIT_DATA
    assert message in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.usefixtures("no_compiler")
def test_without_the_compiler_the_check_is_reported_and_how_to_get_it(model_file, out, capsys):
    assert main(["edgetpu", str(model_file), "--out", str(out)]) == EXIT_UNAVAILABLE
    said = capsys.readouterr()
    assert "10 of 10 operators map" in said.out
    assert len(said.err.splitlines()) == 1
    assert "edgetpu_compiler is not installed; " in said.err
    assert "apt install edgetpu-compiler" in said.err


@pytest.mark.usefixtures("no_compiler")
def test_the_check_alone_needs_no_compiler(model_file):
    assert main(["edgetpu", str(model_file), "--check"]) == EXIT_OK


def test_the_check_alone_writes_nothing_and_asks_for_no_place_to_write(model_file, tmp_path):
    nowhere = tmp_path / "none" / "out.tflite"
    assert main(["edgetpu", str(model_file), "--check", "--out", str(nowhere)]) == EXIT_OK
    assert main(["edgetpu", str(model_file), "--out", str(nowhere)]) == EXIT_IO
    assert not nowhere.parent.exists()


@pytest.mark.usefixtures("no_compiler")
def test_a_float_network_is_not_for_the_accelerator(own_training, capsys):
    made = own_training / "float.tflite"
    assert main(["tflite", str(own_training / "model.keras"), "--format", "float32", "--out", str(made)]) == EXIT_OK
    assert main(["edgetpu", str(made)]) == EXIT_GATE
    said = capsys.readouterr()
    assert "works on float32, not on 8-bit integers" in said.out
    assert "no operator maps to the Edge TPU; convert to int8" in said.err


def test_a_damaged_file_is_not_compiled(own_training, model_file, capsys):
    path = own_training / "cut.tflite"
    path.write_bytes(model_file.read_bytes()[:-1])
    assert main(["edgetpu", str(path)]) == EXIT_UNAVAILABLE
    assert "does not end in a digest" in capsys.readouterr().err
