import stat

from device.commands import main
from device.config import load_config, sample_config
from device.errors import EXIT_CONFIG, EXIT_IO, EXIT_OK, EXIT_USAGE


def _copy(folder):
    path = folder / "config.yaml"
    path.write_bytes(sample_config().read_bytes())
    path.chmod(0o640)
    return path


def test_a_key_is_changed_in_the_file_and_its_mode_and_comments_stay(tmp_path, capsys):
    path = _copy(tmp_path)
    assert main(["config", "set", "source.uri", "0", "--config", str(path)]) == EXIT_OK
    assert main(["config", "set", "heat.slowest_fps", "3", "--config", str(path)]) == EXIT_OK
    assert "systemctl reload affectd" in capsys.readouterr().out
    assert load_config(path).heat.slowest_fps == 3.0
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert path.read_text().count("#") == sample_config().read_text(encoding="utf-8").count("#")


def test_a_wrong_value_changes_nothing(tmp_path, capsys):
    path = _copy(tmp_path)
    before = path.read_bytes()
    assert main(["config", "set", "heat.slowest_fps", "-3", "--config", str(path)]) == EXIT_CONFIG
    assert path.read_bytes() == before
    assert "heat.slowest_fps" in capsys.readouterr().err


def test_a_file_that_is_not_there_is_told(tmp_path, capsys):
    assert main(["config", "set", "log.level", "info", "--config", str(tmp_path / "none.yaml")]) == EXIT_IO
    assert "cannot be read" in capsys.readouterr().err


def test_what_is_in_force_is_shown_by_section_and_by_key(tmp_path, capsys):
    path = _copy(tmp_path)
    assert main(["config", "show", "heat", "--config", str(path)]) == EXIT_OK
    assert capsys.readouterr().out == "heat.slow_above_c: 75.0\nheat.normal_below_c: 68.0\nheat.slowest_fps: 2.0\n"
    assert main(["config", "show", "mqtt.port", "--config", str(path)]) == EXIT_OK
    assert capsys.readouterr().out == "mqtt.port: 1883\n"
    assert main(["config", "show", "nothing", "--config", str(path)]) == EXIT_USAGE
