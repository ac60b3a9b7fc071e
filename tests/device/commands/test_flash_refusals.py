"""What `affectd flash` refuses, in one line and with nothing written."""

import os

import pytest

from device.errors import EXIT_CONFIG, EXIT_IO, EXIT_OK, EXIT_UNAVAILABLE, EXIT_USAGE
from tests.device.commands.flashing import flash, no_keyboard, package, usual
from tests.device.tools.flash.boot_folder import boot, files
from tests.device.tools.flash.debs import write_deb

__all__ = ["boot", "no_keyboard", "package"]


@pytest.mark.parametrize("password", ["two\nlines", "a\ttab", "null\0", ""])
@pytest.mark.parametrize("which", ["MQTT_PASSWORD", "LOGIN_PASSWORD", "WIFI_PASSPHRASE"])
def test_a_secret_that_nobody_could_type_is_refused_and_nothing_is_written(
    boot, package, which, password, monkeypatch, capsys
):
    for each in ("MQTT_PASSWORD", "LOGIN_PASSWORD", "WIFI_PASSPHRASE"):
        monkeypatch.setitem(os.environ, f"AFFECTD_FLASH_{each}", "long enough")
    monkeypatch.setattr(os, "environ", os.environ | {f"AFFECTD_FLASH_{which}": password})
    before = files(boot)
    more = ("--mqtt-username", "hall", "--user", "ada", "--wifi", "House", "--wifi-country", "DE")
    assert usual(boot, package, *more) == EXIT_USAGE
    told = capsys.readouterr().err.splitlines()[-1]
    assert "no keyboard types" in told or "was given" in told
    assert not password or password not in told
    assert files(boot) == before


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (["--mqtt-username", "hall", "--package", "missing.deb"], "missing.deb cannot be read"),
        (["--mqtt-username", "hall", "--ssh-key", "missing.pub", "--user", "ada"], "missing.pub cannot be read"),
        (["--mqtt-username", "hall", "--user", "root"], "a user of that name itself"),
        (["--wifi", "House"], "--wifi-country"),
        (["--wifi", "x" * 33, "--wifi-country", "DE"], "1 to 32 bytes"),
        (["--wifi-country", "DE"], "goes with --wifi"),
        (["--no-login", "--user", "ada"], "contradicts"),
        (["--with-packages", "nowhere"], "holds no .deb file"),
        (["--source", "rtsp://"], "source.uri"),
        (["--name", "a\tb"], "device.name"),
        (["--mqtt-port", "70000"], "mqtt.port"),
        (["--mqtt-port", "-1"], "mqtt.port"),
        (["--mqtt-host", "mqtt://hub"], "mqtt.host"),
        (["--source", "picamera:zero"], "source.uri"),
        (["--source", ""], "--source is empty"),
        (["--device-id", "Hall way"], "device.id"),
        (["--device-id", ""], "--device-id is empty"),
        (["--mqtt-host", ""], "--mqtt-host is empty"),
        (["--mqtt-port", "0"], "mqtt.port"),
        (["--config", "missing.yaml"], "missing.yaml"),
        (["--wifi", "", "--wifi-country", "DE"], "1 to 32 bytes"),
        (["--wifi", "House", "--wifi-country", "Germany"], "two capital letters"),
        (["--wifi-open"], "goes with --wifi"),
        (["--detector", "missing.onnx"], "missing.onnx"),
        (["--user", "Ada"], "small letters"),
        (["--package-sha256", "0" * 64], "--package-url"),
        (["--repository", "https://hub/affectd"], "--repository goes with --repository-key"),
        (["--repository-key", "missing.gpg"], "--repository goes with --repository-key"),
        (["--repository", "https://hub/affectd", "--repository-key", "missing.gpg"], "missing.gpg cannot be read"),
    ],
)
def test_what_is_wrong_is_told_before_a_secret_is_asked_for(boot, package, more, told, monkeypatch, capsys):
    monkeypatch.setattr("device.tools.flash.secret_input.ask_secret", lambda *_: pytest.fail("a secret was asked for"))
    before = files(boot)
    assert usual(boot, package, *more) in {EXIT_USAGE, EXIT_CONFIG, EXIT_UNAVAILABLE}
    (line,) = capsys.readouterr().err.splitlines()
    assert told in line
    assert files(boot) == before


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "BOOT or --out FOLDER is expected"),
        (["BOOT", "--out", "OUT"], "BOOT or --out FOLDER is expected"),
        (["BOOT", "--mqtt-host", "hub"], "--device-id is missing"),
        (["BOOT", "--device-id", "hall"], "--mqtt-host is missing"),
        (["OUT", "--device-id", "hall", "--mqtt-host", "hub"], "is no boot partition of a Raspberry Pi"),
        (["BOOT", "--fleet", "TABLE", "--mqtt-host", "hub"], "--fleet goes with --out"),
        (["--out", "OUT", "--fleet", "missing.csv", "--mqtt-host", "hub"], "missing.csv cannot be read"),
        (["--out", "TABLE", "--device-id", "hall", "--mqtt-host", "hub"], "cannot be made"),
    ],
)
def test_what_is_missing_is_told_in_one_line_and_nothing_is_written(boot, package, tmp_path, arguments, told, capsys):
    (tmp_path / "TABLE").write_text("id\nhall\n")
    names = {"BOOT": boot, "OUT": tmp_path / "out", "TABLE": tmp_path / "TABLE"}
    before = files(tmp_path)
    given = [names.get(each, each) for each in arguments]
    assert flash(*given, "--package", package, "--no-login") in {EXIT_USAGE, EXIT_IO}
    (line,) = capsys.readouterr().err.splitlines()
    assert told in line
    assert files(tmp_path) == before
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("package", "told"),
    [
        ([], "--package, --package-url or --repository is expected"),
        (["--package", "a.deb", "--package-url", "https://a/a.deb"], "not allowed with"),
        (["--package-url", "http://a/a.deb", "--package-sha256", "0" * 64], "is no https:// address"),
        (["--package-url", "https://a/a.deb"], "needs --package-sha256"),
        (["--package-url", "https://a/a.deb", "--package-sha256", "12"], "needs --package-sha256"),
    ],
)
def test_a_package_that_cannot_be_had_is_told(boot, package, told, capsys):
    before = files(boot)
    try:
        code = flash(boot, "--device-id", "hall", "--mqtt-host", "hub", "--no-login", *package)
    except SystemExit as ended:  # as argparse does
        code = int(str(ended.code))
    assert code == EXIT_USAGE
    assert told in capsys.readouterr().err
    assert files(boot) == before


@pytest.mark.parametrize("fields", [{"Version": "1-1~deb12"}, {"Architecture": "amd64"}])
def test_a_package_for_another_debian_or_processor_is_refused(boot, tmp_path, fields, capsys):
    before = files(boot)
    assert usual(boot, write_deb(tmp_path / "affectd.deb", **fields), "--no-login") == EXIT_USAGE
    assert "take the one for" in capsys.readouterr().err
    assert files(boot) == before


def test_an_image_that_is_too_old_to_read_the_files_is_refused(boot, package, capsys):
    (boot / "issue.txt").write_text("Raspberry Pi reference 2024-11-19\nGenerated using pi-gen\n")
    assert usual(boot, package, "--no-login") == EXIT_IO
    assert "2024-11-19" in capsys.readouterr().err
    (boot / "issue.txt").write_text("Raspberry Pi reference 2025-10-01\n")
    assert usual(boot, package, "--no-login") == EXIT_OK


def test_a_card_without_room_stays_as_it_was(boot, package, monkeypatch, capsys):
    monkeypatch.setattr("device.tools.flash.write.shutil.disk_usage", lambda _: _Usage())
    before = files(boot)
    assert usual(boot, package, "--no-login") == EXIT_IO
    assert "has room for 0 MB" in capsys.readouterr().err
    assert files(boot) == before


class _Usage:
    free = 1000


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name\nx\n", "column id is missing"),
        ("id,room\na,b\n", "no column 'room'"),
        ("id\na\na\n", "stands twice"),
        ("id,wifi\na,perhaps\n", "expected yes or no"),
        ("id\n", "0 devices"),
        ("id\n../../etc\n", "device.id"),
    ],
)
def test_a_table_that_is_wrong_is_refused_and_writes_nothing(tmp_path, package, text, told, capsys):
    table, out = tmp_path / "devices.csv", tmp_path / "out"
    table.write_text(text)
    arguments = ("--out", out, "--fleet", table, "--mqtt-host", "hub", "--package", package, "--no-login")
    assert flash(*arguments) in {EXIT_USAGE, EXIT_CONFIG}
    assert told in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize(
    "more",
    [["--user", "root"], ["--wifi", "House"], ["--with-packages", "nowhere"], ["--mqtt-port", "0"], []],
    ids=["user", "Wi-Fi", "packages", "port", "no password is typed"],
)
def test_a_fleet_that_is_refused_leaves_no_folder(tmp_path, package, more):
    table, out = tmp_path / "devices.csv", tmp_path / "cards/out"
    table.write_text("id\nhall\nshop\n")
    arguments = ("--out", out, "--fleet", table, "--mqtt-host", "hub", "--package", package)
    login = () if "--user" in more else ("--no-login", "--mqtt-username", "hall")
    assert flash(*arguments, *login, *more) == (EXIT_CONFIG if "--mqtt-port" in more else EXIT_USAGE)
    assert not (tmp_path / "cards").exists()
