"""What a user can get wrong: one line, the right exit code, no traceback, nothing half-written."""

from pathlib import Path

import pytest

from tests.integration.processes import ROOT, call_affectd, run_affectd

MODEL = ROOT / "device" / "models" / "emotion.tflite"


def _affectd(*arguments, config=None, command=call_affectd):
    options = ["--config", str(config)] if config else []
    return command(*map(str, arguments), *options)


def _one_line(answer):
    lines = [line for line in answer.stderr.splitlines() if line.startswith("affectd: ")]
    assert len(lines) == 1, answer.stderr
    assert "Traceback" not in answer.stderr
    return lines[0]


@pytest.fixture
def configure(tmp_path):
    def write(text: str) -> Path:
        path = tmp_path / "config.yaml"
        path.write_text(f"device: {{state_dir: {tmp_path / 'state'}}}\n{text}", encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize("verb", ["check", "run"])
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("mqtt: {port: soon}", "config.yaml:2: `mqtt.port`: expected a valid integer, found 'soon'"),
        ("mqtt: {prot: 1883}", "config.yaml:2: unknown key `mqtt.prot`; did you mean `port`?"),
        ("mqtt: [", "config.yaml:2: this is not YAML"),
    ],
)
def test_a_fault_in_the_configuration_ends_with_78(configure, verb, text, told):
    answer = _affectd(verb, config=configure(text))
    assert answer.returncode == 78
    assert told in _one_line(answer)


def test_a_configuration_that_is_missing_ends_with_78(tmp_path):
    answer = _affectd("run", config=tmp_path / "none.yaml", command=run_affectd)
    assert answer.returncode == 78
    assert "none.yaml cannot be read: No such file or directory" in _one_line(answer)


@pytest.mark.parametrize("arguments", [[], ["fly"], ["run", "--nonsense"]])
def test_wrong_usage_ends_with_2_and_says_how(arguments):
    answer = _affectd(*arguments)
    assert answer.returncode == 2
    assert "usage: affectd" in answer.stderr


def _truncated(path):
    path.write_bytes(MODEL.read_bytes()[:-1000])


def _empty(path):
    path.write_bytes(b"")


def _flipped(path):
    data = bytearray(MODEL.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def _foreign(path):
    path.write_bytes(b"MZ" + bytes(5000))


def _missing(path):
    path.unlink(missing_ok=True)


@pytest.mark.parametrize("verb", ["check", "run"])
@pytest.mark.parametrize("spoil", [_truncated, _empty, _flipped, _foreign, _missing])
def test_a_model_that_is_not_whole_ends_with_69(configure, tmp_path, verb, spoil):
    model = tmp_path / "spoilt.tflite"
    spoil(model)
    answer = _affectd(verb, config=configure(f"classifier: {{model: {model}}}\nsource: {{uri: demo}}"))
    assert answer.returncode == 69
    assert "spoilt.tflite" in _one_line(answer)


def test_a_video_that_is_no_video_ends_with_69(configure, tmp_path):
    video = tmp_path / "holiday.mp4"
    video.write_bytes(b"this is not a video" * 1000)
    answer = _affectd("run", "--source", video, config=configure("mqtt: {enabled: false}"))
    assert answer.returncode == 69
    assert "holiday.mp4" in _one_line(answer)


@pytest.mark.parametrize("uri", ["/nowhere/clip.mkv", "/dev/video99"])
def test_a_source_that_is_not_there_ends_with_69(configure, uri):
    answer = _affectd("run", "--source", uri, config=configure("mqtt: {enabled: false}"))
    assert answer.returncode == 69
    assert uri in _one_line(answer)


def test_a_source_on_the_command_line_is_held_to_the_configuration_s_rules(configure):
    answer = _affectd("run", "--source", "ftp://host/x", config=configure("mqtt: {enabled: false}"))
    assert answer.returncode == 2
    assert "rtsp://" in _one_line(answer)


def test_a_sound_configuration_is_told_part_by_part():
    answer = _affectd("check", config=ROOT / "config.yaml")
    assert answer.returncode == 0, answer.stderr
    assert [line.split(":")[0] for line in answer.stdout.splitlines()] == ["ok"] * 4
