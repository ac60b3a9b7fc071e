"""`affectd flash` as a maker types it: what it asks, and what it writes."""

import io
import subprocess
import sys
from pathlib import Path

import pytest

from device import __version__
from device.config import load_config
from device.errors import EXIT_CONFIG, EXIT_OK, EXIT_USAGE
from device.mqtt.settings import read_password
from tests.device.commands.flashing import flash, no_keyboard, package, usual
from tests.device.tools.flash.boot_folder import boot, files
from tests.device.tools.flash.debs import write_deb

__all__ = ["boot", "no_keyboard", "package"]

ROOT = Path(__file__).parents[3]


def test_a_card_has_the_whole_configuration_the_package_and_what_the_camera_needs(boot, package, capsys):
    assert usual(boot, package, "--no-login", "--name", "Küche", "--overlay") == EXIT_OK
    config = load_config(boot / "affectd/config.yaml")
    assert (config.device.id, config.device.name, config.source.uri) == ("hall", "Küche", "picamera")
    assert config.overlay.enabled
    assert (boot / "affectd/needs").read_text() == "python3-picamera2\n"
    assert (boot / "affectd" / package.name).exists()
    assert "the first boot needs the internet" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ([], ""),
        (["--source", "picamera"], "the first boot needs the internet, to install python3-picamera2"),
        (["--mqtt-username", "hall"], "the broker's password goes over the network as it is"),
        (["--mqtt-host", "127.0.0.1"], "--mqtt-host is the sensor itself"),
        (["--config", "MINE"], "the first boot needs the internet, to install python3-picamera2"),
        (["--package", "affectd_0.0.9-1~deb13_arm64.deb"], "the package is 0.0.9, and this command"),
        (["--package", f"affectd_{__version__}-1~deb13_arm64.deb"], ""),
    ],
)
def test_what_will_not_work_as_it_is_meant_is_noted(boot, tmp_path, more, told, monkeypatch, capsys):
    monkeypatch.setenv("AFFECTD_FLASH_MQTT_PASSWORD", "for the broker")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "MINE").write_text("source: {uri: 'picamera:1'}\n")
    for name in ("affectd.deb", *(word for word in more if word.endswith(".deb"))):
        version = name.removesuffix(".deb").split("_")[1] if "_" in name else f"{__version__}-1"
        write_deb(tmp_path / name, Version=version)
    source = [] if "--config" in more else ["--source", "0"]
    arguments = ("--device-id", "hall", "--mqtt-host", "hub.local", "--package", "affectd.deb", "--no-login", *source)
    assert flash(boot, *arguments, *more) == EXIT_OK
    notes = [line for line in capsys.readouterr().err.splitlines() if line.startswith("note: ")]
    assert [told in note for note in notes] == ([True] if told else [])


def test_who_cannot_log_in_is_told_before_anything_is_written(boot, package, capsys):
    before = files(boot)
    assert usual(boot, package) == EXIT_USAGE
    assert "--no-login" in capsys.readouterr().err
    assert files(boot) == before


def test_secrets_come_from_the_environment_where_they_are_set(boot, package, monkeypatch):
    monkeypatch.setenv("AFFECTD_FLASH_WIFI_PASSPHRASE", "correct horse")
    monkeypatch.setenv("AFFECTD_FLASH_MQTT_PASSWORD", "for the broker")
    monkeypatch.setenv("AFFECTD_FLASH_LOGIN_PASSWORD", "let me in")
    more = ("--mqtt-username", "hall", "--wifi", 'A house\'s "net" 🏠', "--wifi-country", "de", "--user", "ada")
    assert usual(boot, package, *more) == EXIT_OK
    assert (boot / "affectd/mqtt-password").read_text() == "for the broker\n"
    assert (boot / "affectd/login").read_text() == "ada:let me in\n"
    assert b"correct horse" not in b"".join(files(boot).values())
    assert "cfg80211.ieee80211_regdom=DE" in (boot / "cmdline.txt").read_text()


PRINTABLE = "".join(map(chr, range(0x20, 0x7F)))


def test_a_password_with_every_printable_character_reaches_the_device_as_it_is(boot, package, monkeypatch):
    monkeypatch.setenv("AFFECTD_FLASH_MQTT_PASSWORD", PRINTABLE)
    monkeypatch.setenv("AFFECTD_FLASH_LOGIN_PASSWORD", PRINTABLE)
    assert usual(boot, package, "--mqtt-username", "hall", "--user", "ada") == EXIT_OK
    credentials = {"CREDENTIALS_DIRECTORY": str(boot / "affectd")}
    assert read_password(environment=credentials) == PRINTABLE
    assert (boot / "affectd/login").read_bytes() == f"ada:{PRINTABLE}\n".encode()


def test_a_card_takes_affectd_and_its_later_versions_from_a_repository(boot, tmp_path, capsys):
    key = tmp_path / "key.gpg"
    key.write_bytes(b"\xc6 a key")
    repository = ("--repository", "https://hub/affectd", "--repository-key", key)
    assert flash(boot, "--device-id", "hall", "--mqtt-host", "hub.local", "--no-login", *repository) == EXIT_OK
    assert "URIs: https://hub/affectd\n" in (boot / "affectd/affectd.sources").read_text()
    assert (boot / "affectd/affectd-archive-keyring.gpg").read_bytes() == key.read_bytes()
    assert (boot / "affectd/needs").read_text() == "python3-picamera2\nunattended-upgrades\n"
    told = capsys.readouterr().err
    assert "to install python3-picamera2 and unattended-upgrades" in told
    assert "the package is fetched over a cable" in told


def test_into_any_folder_the_same_files_are_written(tmp_path, package, capsys):
    out = tmp_path / "out"
    arguments = ("--out", out, "--device-id", "hall", "--mqtt-host", "hub", "--package", package, "--no-login")
    assert flash(*arguments) == EXIT_OK
    assert {"user-data", "meta-data", "network-config", "affectd/config.yaml"} <= set(files(out))
    assert "onto the card's boot partition" in capsys.readouterr().out


def test_a_whole_configuration_goes_along_with_its_comments(tmp_path, package):
    mine, out = tmp_path / "mine.yaml", tmp_path / "out"
    mine.write_text("# for the museum\nsource:\n  uri: '0'\nmqtt:\n  host: hub\n")
    arguments = ("--out", out, "--device-id", "hall", "--config", mine, "--package", package, "--no-login")
    assert flash(*arguments) == EXIT_OK
    assert "# for the museum" in (out / "affectd/config.yaml").read_text()
    assert load_config(out / "affectd/config.yaml").source.uri == "0"
    mine.write_text("sorce: {}\n")
    assert (
        flash("--out", out, "--device-id", "hall", "--config", mine, "--package", package, "--no-login") == EXIT_CONFIG
    )


def test_a_user_that_a_whole_configuration_names_is_asked_for_a_password_and_one_with_a_file_is_not(
    tmp_path, package, monkeypatch
):
    mine = tmp_path / "mine.yaml"
    mine.write_text("source:\n  uri: '0'\nmqtt:\n  host: hub\n  username: hall\n")
    arguments = ("--device-id", "hall", "--config", mine, "--package", package, "--no-login")
    assert flash("--out", tmp_path / "asked", *arguments) == EXIT_USAGE
    monkeypatch.setenv("AFFECTD_FLASH_MQTT_PASSWORD", "for the broker")
    assert flash("--out", tmp_path / "told", *arguments) == EXIT_OK
    assert (tmp_path / "told/affectd/mqtt-password").read_text() == "for the broker\n"
    mine.write_text(mine.read_text() + "  password_file: /etc/affectd/broker\n")
    assert flash("--out", tmp_path / "file", *arguments) == EXIT_OK
    assert not (tmp_path / "file/affectd/mqtt-password").exists()


def test_a_fleet_is_one_table_and_the_secrets_are_asked_once(tmp_path, package, monkeypatch):
    table, out = tmp_path / "devices.csv", tmp_path / "out"
    table.write_text("id,name,wifi,source\nhall,Halle,yes,\nshop,Laden,no,0\nroof,,yes,picamera:1\n", encoding="utf-8")
    monkeypatch.setattr(sys, "stdin", io.StringIO("correct horse\n"))
    network = ("--wifi", "House", "--wifi-country", "DE")
    arguments = ("--out", out, "--fleet", table, "--mqtt-host", "hub", "--package", package, "--no-login", *network)
    assert flash(*arguments) == EXIT_OK
    configs = {folder.name: load_config(folder / "affectd/config.yaml") for folder in out.iterdir()}
    assert {name: config.device.name for name, config in configs.items()} == {
        "hall": "Halle",
        "shop": "Laden",
        "roof": None,
    }
    assert configs["shop"].source.uri == "0"
    assert "House" in (out / "hall/network-config").read_text()
    assert "House" not in (out / "shop/network-config").read_text()


def test_it_runs_where_there_is_no_posix(tmp_path, package):
    """As on Windows: the modules that it lacks cannot be imported, nor the calls be made."""
    code = """
import os, sys
for name in ("fcntl", "grp", "pwd", "resource", "termios", "tty", "pty", "syslog"):
    sys.modules[name] = None
for name in ("fchmod", "fchown", "chown", "geteuid", "getuid", "getgid", "O_DIRECTORY", "O_NOFOLLOW", "O_CLOEXEC"):
    if hasattr(os, name):
        delattr(os, name)
from device import __version__
from device.commands import main
sys.exit(main(sys.argv[1:]))
"""
    arguments = ["flash", "--out", str(tmp_path / "out"), "--device-id", "hall", "--mqtt-host", "hub", "--no-login"]
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments, "--package", str(package)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == EXIT_OK, done.stderr
    assert (tmp_path / "out/user-data").exists()
