import pytest

from device.config import parse_config


@pytest.fixture
def configure(tmp_path):
    def make(text=""):
        folders = f"state_dir: {tmp_path / 'state'}, runtime_dir: {tmp_path / 'run'}"
        return parse_config(f"device: {{id: hall, {folders}}}\n{text}", "config.yaml")

    return make
