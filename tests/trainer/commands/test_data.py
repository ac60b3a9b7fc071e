import json

import pytest

from device.errors import EXIT_DATA, EXIT_OK, EXIT_USAGE
from tests.trainer.datasets.drawn import draw_folders
from tests.trainer.files import write_faces
from trainer.commands import main
from trainer.datasets.sources import SOURCES


def _run(capsys, *arguments):
    code = main(["data", *map(str, arguments)])
    out, err = capsys.readouterr()
    return code, out, err


def test_without_a_word_the_parts_are_shown(capsys):
    code, _, err = _run(capsys)
    assert code == EXIT_USAGE
    assert all(part in err for part in ("stats", "get", "convert"))


def test_stats_show_a_table(capsys, tmp_path):
    path, ferplus = write_faces(tmp_path)
    code, out, _ = _run(capsys, "stats", path, "--ferplus", ferplus)
    assert code == EXIT_OK
    assert "class     Training  PublicTest  all" in out
    assert "by the majority of FER+'s votes" in out


def test_stats_with_a_recipe_show_what_it_takes(capsys, tmp_path):
    path, ferplus = write_faces(tmp_path)
    code, out, _ = _run(capsys, "stats", path, "--ferplus", ferplus, "--recipe", "edge")
    assert code == EXIT_OK
    assert "with the recipe edge:" in out


def test_splits_that_a_training_makes_leave_room_for_the_labels(capsys, tmp_path):
    root = draw_folders(tmp_path / "in", {"": 10})
    code, out, _ = _run(capsys, "stats", root, "--recipe", "cnn4", "--set", "data.test_share=0.2")
    assert code == EXIT_OK
    assert "surprise      7           1     2   10" in out
    assert "test: 20% of all faces for test, seed 1" in out


def test_a_change_without_a_recipe_is_refused(capsys, tmp_path):
    code, _, err = _run(capsys, "stats", tmp_path, "--set", "data.test_share=0.2")
    assert code == EXIT_USAGE
    assert "--set changes a recipe, and none is named; name one with --recipe" in err


def test_stats_as_json(capsys, tmp_path):
    root = draw_folders(tmp_path, {"train": 3, "val": 1, "test": 1})
    code, out, _ = _run(capsys, "stats", root, "--json", "--recipe", "edge-fer2013")
    printed = json.loads(out)
    assert code == EXIT_OK
    assert printed["counts"]["happy"] == {"train/": 3, "val/": 1, "test/": 1}
    assert printed["recipe"]["splits"]["train"] == {"name": "train/", "faces": 21}


def test_a_recipe_that_does_not_fit_is_one_line_after_the_table(capsys, tmp_path):
    root = draw_folders(tmp_path, {"train": 3}, ("happy", "bored"))
    code, out, err = _run(capsys, "stats", root, "--recipe", "edge-fer2013")
    assert code == EXIT_DATA
    assert "bored" in out
    assert err.startswith("affectd-train: the data's class 'bored' is none of the labels")
    assert len(err.splitlines()) == 1


def test_a_path_that_is_not_there_is_one_line(capsys, tmp_path):
    code, out, err = _run(capsys, "stats", tmp_path / "nothing")
    assert (code, out) == (EXIT_DATA, "")
    assert "cannot be read: No such file" in err


def test_get_lists_every_data_set_with_its_terms(capsys):
    code, out, _ = _run(capsys, "get")
    assert code == EXIT_OK
    for source in SOURCES:
        assert source.where in out
    assert out.count("terms: ") == len(SOURCES)


@pytest.mark.parametrize("name", ["ferplus", "FER+", "RAF-DB", "FER-2013"])
def test_get_knows_a_data_set_by_its_usual_names(capsys, name):
    code, out, _ = _run(capsys, "get", name)
    assert code == EXIT_OK
    assert out.count("where: ") == 1


def test_get_of_another_name_lists_what_is_known(capsys):
    code, _, err = _run(capsys, "get", "nothing")
    assert code == EXIT_USAGE
    assert "known are fer2013, ferplus" in err


def test_a_download_that_is_not_whole_is_reported(capsys, tmp_path):
    path, _ = write_faces(tmp_path)
    code, out, _ = _run(capsys, "get", "fer2013", "--check", path)
    assert code == EXIT_DATA
    assert "Training: 42 rows, expected 28,709" in out
    assert out.endswith("this is not FER-2013, or not all of it\n")


def test_a_check_wants_a_name(capsys, tmp_path):
    assert _run(capsys, "get", "--check", tmp_path)[0] == EXIT_USAGE


def test_convert_there_and_back(capsys, tmp_path):
    path, _ = write_faces(tmp_path)
    code, out, _ = _run(capsys, "convert", path, tmp_path / "faces")
    assert code == EXIT_OK
    assert out.splitlines()[-1] == f"wrote 56 faces to {tmp_path / 'faces'}"
    assert _run(capsys, "convert", tmp_path / "faces", tmp_path / "back.csv")[0] == EXIT_OK
    rows = path.read_text().splitlines()
    assert sorted((tmp_path / "back.csv").read_text().splitlines()) == sorted(rows)


def test_convert_says_what_it_left_out(capsys, tmp_path):
    root = draw_folders(tmp_path / "in", {"train": 2})
    (root / "train/happy/im0.png").write_bytes(b"")
    code, out, _ = _run(capsys, "convert", root, tmp_path / "out", "--size", "64")
    assert code == EXIT_OK
    assert "note: left out train/happy/im0.png: is empty (0 bytes)" in out
    assert "13 faces" in out
    assert "1 unreadable pictures were left out" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("out.csv", "--size", "64"), "holds pictures of 48 x 48"),
        (("out", "--size", "4"), "pictures are 8 to 1024 pixels wide"),
        (("in",), "is there already, and nothing is overwritten"),
    ],
)
def test_convert_refuses_what_it_cannot_write(capsys, tmp_path, arguments, message):
    root = draw_folders(tmp_path / "in", {"train": 1})
    code, _, err = _run(capsys, "convert", root, tmp_path / arguments[0], *arguments[1:])
    assert code == EXIT_USAGE
    assert message in err
