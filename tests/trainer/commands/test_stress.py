import json

import pytest

from tests.trainer.files import write_faces
from trainer.commands import main


@pytest.fixture
def data(tmp_path):
    return write_faces(tmp_path)


def test_a_model_is_stressed_from_the_command_line(bundled, data, tmp_path, capsys):
    pytest.importorskip("cv2.data")
    faces, votes = data
    record = tmp_path / "stress.json"
    arguments = ["stress", bundled, faces, "--ferplus", votes, "--limit", 4, "--json", record]
    assert main(list(map(str, arguments))) == 0
    text = capsys.readouterr().out
    assert "4 faces, enlarged 2 to 5 times, in as many frames of 640 x 480" in text
    assert "PublicTest: 4 faces by majority of people's votes (FER+)" in text
    found = json.loads(record.read_text(encoding="utf-8"))
    assert (found["schema"], found["split"], found["faces"]) == (1, "PublicTest", 4)
    assert [one["metric"] for one in found["references"]] == ["label_accuracy", "majority_agreement"]
    assert 0 <= found["found"]["share"] <= 1


def test_without_a_camera_no_frame_is_made(bundled, data, tmp_path, capsys):
    record = tmp_path / "stress.json"
    arguments = ["stress", bundled, data[0], "--limit", 4, "--without-camera", "--json", record]
    assert main(list(map(str, arguments))) == 0
    assert "frames" not in capsys.readouterr().out
    assert json.loads(record.read_text(encoding="utf-8"))["found"] is None


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [(["--limit", "0"], 2, "--limit wants at least 1 face"), (["--split", "test"], 65, "has no faces for test")],
)
def test_what_cannot_be_measured_is_said_in_one_line(bundled, data, capsys, arguments, status, message):
    assert main(["stress", str(bundled), str(data[0]), *arguments]) == status
    said = capsys.readouterr().err.strip().splitlines()
    assert message in said[-1]
