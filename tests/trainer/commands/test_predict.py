import csv
import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from device.contract.preprocess import InputSpec
from device.errors import EXIT_DATA, EXIT_OK
from tests.device.detect.pictures import NOBODY, ONE, shot
from trainer.commands import main


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    cv2.imwrite(str(folder / "one.png"), shot(ONE)[0])
    cv2.imwrite(str(folder / "nobody.png"), shot(NOBODY)[0])
    cv2.imwrite(str(folder / "crop.png"), np.full((InputSpec().height, InputSpec().width), 90, np.uint8))
    return folder


def test_predict_prints_writes_and_annotates(bundled, photos, tmp_path, capsys):
    pytest.importorskip("PIL", reason="the overlay needs Pillow: pip install 'affectd[overlay]'")
    table, document, marked = tmp_path / "faces.csv", tmp_path / "faces.json", tmp_path / "marked"
    code = main(
        ["predict", str(bundled), str(photos), "--csv", str(table), "--json", str(document), "--annotate", str(marked)]
    )
    assert code == EXIT_OK
    assert "no face found" in capsys.readouterr().out
    with table.open(newline="") as file:
        rows = {Path(row["picture"]).name: row for row in csv.DictReader(file)}
    assert rows["one.png"]["x"]
    assert rows["crop.png"]["emotion"]
    assert not rows["nobody.png"]["emotion"]
    assert len(json.loads(document.read_text())["pictures"]) == 3
    assert {path.name for path in marked.iterdir()} == {"one.jpg", "nobody.jpg", "crop.jpg"}


def test_a_picture_that_cannot_be_read_is_named_and_the_others_are_done(bundled, photos, capsys):
    (photos / "broken.jpg").write_bytes(b"no picture")
    assert main(["predict", str(bundled), str(photos)]) == EXIT_DATA
    captured = capsys.readouterr()
    assert "one.png" in captured.out
    assert "1 of 4 pictures could not be read" in captured.err
    assert captured.err.count("broken.jpg") == 2
