"""The verb ``model``, as somebody types it on a device."""

import pytest

from device.classify.classifier import BUNDLED_MODEL
from tests.integration.processes import call_affectd, run_affectd, write_config

pytestmark = pytest.mark.integration


def test_a_model_is_installed_checked_listed_and_removed(tmp_path):
    config = write_config(tmp_path, 1, mqtt={"enabled": False})
    (tmp_path / "state").mkdir()
    options = ("--config", str(config))

    installed = call_affectd("model", "install", str(BUNDLED_MODEL), *options)
    assert installed.returncode == 0, installed.stderr
    assert "golden answers right" in installed.stdout
    assert "systemctl reload affectd" in installed.stdout

    listed = call_affectd("model", "list", *options).stdout.splitlines()
    assert [line[0] for line in listed] == ["*", *" " * (len(listed) - 1)]
    assert listed[0].startswith(f"* {tmp_path}/state/model.tflite: ")

    (tmp_path / "state" / "model.tflite").write_bytes(b"nonsense")
    damaged = call_affectd("check", *options)
    assert damaged.returncode == 0
    assert "model.tflite is not a TFLite model" in damaged.stderr
    assert "the model that ships is used instead" in damaged.stderr
    assert call_affectd("model", "list", *options).stdout.splitlines()[0].startswith("* ")
    assert call_affectd("model", "remove", *options).returncode == 0
    assert call_affectd("check", *options).returncode == 0


def test_a_file_that_is_no_model_is_refused_in_one_line(tmp_path):
    config = write_config(tmp_path, 1, mqtt={"enabled": False})
    (tmp_path / "state").mkdir()
    answer = run_affectd("model", "install", str(config), "--config", str(config))
    assert answer.returncode == 69
    assert answer.stderr.count("\n") == 1
    assert "is not a TFLite model" in answer.stderr
