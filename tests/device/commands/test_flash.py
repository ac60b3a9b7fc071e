"""`affectd flash` as a maker types it: what it asks, what it refuses before it asks, and what it writes."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from device import __version__
from device.commands import main
from device.config import load_config
from device.errors import EXIT_CONFIG, EXIT_IO, EXIT_OK, EXIT_UNAVAILABLE, EXIT_USAGE
from device.mqtt.settings import read_password
from tests.device.tools.flash.debs import write_deb

ROOT = Path(__file__).parents[3]


@pytest.fixture
def boot(tmp_path):
    folder = tmp_path / "bootfs"
    folder.mkdir()
    (folder / "config.txt").touch()
    (folder / "cmdline.txt").write_text("console=tty1 rootwait\n")
    return folder


@pytest.fixture
def package(tmp_path):
    return write_deb(tmp_path / "affectd_1-1~deb13_arm64.deb")


@pytest.fixture(autouse=True)
def no_keyboard(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))


def flash(*arguments) -> int:
    return main(["flash", *map(str, arguments)])


def usual(boot, package, *more):
    return flash(boot, "--device-id", "hall", "--mqtt-host", "hub.local", "--package", package, *more)


def files(folder) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


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
