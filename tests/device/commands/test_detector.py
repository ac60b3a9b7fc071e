"""``affectd detector list`` stars what the daemon would use, and nothing else."""

import pytest

from device.commands import main
from device.detect.networkfile import INSTALLED_NAME
from device.errors import EXIT_OK
from tests.device.detect.network import NETWORK, needs_network


def _starred(folder, kind, capsys) -> list[str]:
    config = folder / "config.yaml"
    config.write_text(f"device: {{state_dir: {folder}}}\ndetector: {{kind: {kind}}}\n")
    assert main(["detector", "list", "--config", str(config)]) == EXIT_OK
    return [line[2:] for line in capsys.readouterr().out.splitlines() if line.startswith("*")]


@needs_network
@pytest.mark.parametrize(("kind", "star"), [("auto", "YuNet"), ("yunet", "YuNet"), ("haar", "Haar cascades")])
def test_a_network_that_works_is_starred_where_the_configuration_takes_it(kind, star, tmp_path, capsys):
    (tmp_path / INSTALLED_NAME).write_bytes(NETWORK.read_bytes())
    (starred,) = _starred(tmp_path, kind, capsys)
    assert star in starred


def test_a_network_that_does_not_work_is_not_starred_but_what_goes_on_in_its_place(tmp_path, capsys):
    (tmp_path / INSTALLED_NAME).write_bytes(b"no network")
    (starred,) = _starred(tmp_path, "auto", capsys)
    assert starred.startswith("Haar cascades")


@pytest.mark.parametrize("content", [None, b"no network"])
def test_where_only_a_network_is_wanted_and_none_works_nothing_is_starred_and_a_line_says_so(content, tmp_path, capsys):
    if content is not None:
        (tmp_path / INSTALLED_NAME).write_bytes(content)
    config = tmp_path / "config.yaml"
    config.write_text(f"device: {{state_dir: {tmp_path}}}\ndetector: {{kind: yunet}}\n")
    main(["detector", "list", "--config", str(config)])
    lines = capsys.readouterr().out.splitlines()
    assert not [line for line in lines if line.startswith("*")]
    assert "there is no network that works" in lines[-1]
