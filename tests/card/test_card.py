"""From a box of parts to a face in the house: cards by `affectd flash`, in boards with what Raspberry Pi OS Lite has.

libcamera's virtual camera under the real Picamera2 stands in for the one at the connector, an apt repository of the
test's own for Raspberry Pi's, and a network namespace for the house.
"""

import shutil
import subprocess
import time

import pytest

from device.errors import EXIT_OK
from tests.brokers import wait_until
from tests.card.card import REPOSITORY, flash
from tests.card.house import HUB, SECRET

pytestmark = [pytest.mark.slow, pytest.mark.integration]

BROKER = ("--mqtt-host", HUB, "--mqtt-username", "hall")
PRINTABLE = "".join(map(chr, range(0x20, 0x7F)))
ODD_NAME = 'A \\ "house"\'s; 🏠=#1'
FETCH = "sudo apt-get update && sudo apt-get install --yes --download-only --no-install-recommends python3-picamera2"
"""As docs/start-pi.md has it."""
KNOWN_NETWORK = (
    "sudo nmcli --escape no -g 802-11-wireless.ssid connection show "
    "$(nmcli -t -f UUID,TYPE connection show | grep wireless | cut -d: -f1)"
)
READY = "affectd is installed, and said at first: "


def require_faces(house, device: str) -> None:
    """The event is about a face, from the camera."""
    first = house.heard(f"affectd/{device}/events")[0].message
    assert first["type"] == "face_appeared"
    assert first["device"] == device


def require_no_secret_left(board) -> None:
    files = [path for path in board.firmware.rglob("*") if path.is_file() and path.suffix not in {".deb", ".sh"}]
    left = "".join(path.read_text(errors="replace") for path in files)
    assert SECRET not in left
    assert not {"login", "mqtt-password", "config.yaml"} & {path.name for path in files}


def test_a_card_with_a_pi_camera_tells_the_house_of_faces_and_lets_its_owner_in(house, board, tmp_path, key, clip):
    house.open_mirror(REPOSITORY)
    network = ("--wifi", ODD_NAME, "--wifi-country", "DE")
    flash(tmp_path / "out", "--device-id", "hall", *BROKER, *network, "--user", "ada", "--ssh-key", f"{key}.pub")
    pi = board(tmp_path / "out", clip)
    assert "python3-picamera2" not in pi.packages()
    pi.power_on()
    first_s = pi.wait_for_event("hall")
    print(f"a Pi camera, its package from the network: the first event {first_s:.1f} s after power on")
    require_faces(house, "hall")
    assert "watching picamera" in pi.wait_for_status(READY)
    assert {"affectd", "python3-picamera2", "python3-libcamera"} <= pi.packages()
    assert "python3-opencv" not in pi.packages()
    require_no_secret_left(pi)
    who = pi.ssh("ada", "id -un; sudo -n id -un; sudo affectd doctor; affectd config show | head -30", key=key)
    assert who.stdout.startswith("ada\nroot\n"), who.stdout + who.stderr
    assert "frames of 640 x 480 pixels" in who.stdout
    # NetworkManager knows the network by the very name.
    assert pi.ssh("ada", KNOWN_NETWORK, key=key).stdout == f"{ODD_NAME}\n"
    assert pi.ssh("ada", "true", password=SECRET).returncode != EXIT_OK


def test_a_card_that_brings_the_camera_s_packages_needs_no_internet(house, board, tmp_path, key, clip):
    # Fetched as docs/start-pi.md says, on another board with the same system.
    house.open_mirror(REPOSITORY)
    flash(
        tmp_path / "other", "--device-id", "shop", *BROKER, "--source", "0", "--user", "ada", "--ssh-key", f"{key}.pub"
    )
    other = board(tmp_path / "other")
    other.power_on()
    other.wait_for_status(READY)
    fetched = other.ssh("ada", FETCH, key=key)
    assert fetched.returncode == EXIT_OK, fetched.stdout + fetched.stderr
    packages = shutil.copytree(other.file("/var/cache/apt/archives"), tmp_path / "packages")
    house.close_mirror()
    flash(tmp_path / "out", "--device-id", "hall", *BROKER, "--no-login", "--with-packages", str(packages))
    pi = board(tmp_path / "out", clip)
    pi.power_on()
    first_s = pi.wait_for_event("hall")
    print(f"a Pi camera, its packages from the card: the first event {first_s:.1f} s after power on")
    require_faces(house, "hall")
    assert "watching picamera" in pi.wait_for_status(READY)


def test_without_internet_and_packages_the_card_names_what_is_missing_and_gets_it_later(house, board, tmp_path, clip):
    flash(tmp_path / "out", "--device-id", "hall", *BROKER, "--no-login")
    pi = board(tmp_path / "out", clip)
    pi.power_on()
    told = pi.wait_for_status("python3-picamera2, which the card asks for, is not: ")
    assert "Failed to fetch" in told or "Could not resolve" in told, told
    # The house knows of it, too.
    lost_s = pi.wait_for(lambda: [each for each in house.heard("/state") if each.message["source"] == "lost"], "lost")
    print(f"a Pi camera, no internet: told {lost_s:.1f} s after power on")
    house.open_mirror(REPOSITORY)
    opened_s = time.time() - pi.on_at_s
    print(f"the internet is there: the first event {pi.wait_for_event('hall') - opened_s:.1f} s later")
    assert "watching picamera" in pi.wait_for_status(READY)


def test_a_card_for_a_usb_camera_installs_nothing_else_and_takes_a_typed_password(house, board, tmp_path):
    arguments = ("--device-id", "hall", *BROKER, "--source", "0", "--user", "ada")
    flash(tmp_path / "out", *arguments, LOGIN_PASSWORD=PRINTABLE)
    pi = board(tmp_path / "out")
    before = pi.packages()
    pi.power_on()
    states = lambda: [each for each in house.heard("/state") if each.message["source"] == "lost"]  # noqa: E731
    lost_s = pi.wait_for(states, "the camera to be missed", lambda: pi.status)
    print(f"a USB camera that is not plugged in: missed at the broker {lost_s:.1f} s after power on")
    assert "no picture from /dev/video0: no camera at /dev/video0" in pi.wait_for_status(READY)
    assert pi.packages() - before == {"affectd"}
    wait_until(lambda: pi.ssh("ada", "true", password=PRINTABLE).returncode == EXIT_OK, "the login")
    assert pi.ssh("ada", "id -un", password=PRINTABLE).stdout == "ada\n"
    assert pi.ssh("ada", "true", password=PRINTABLE[:-1]).returncode != EXIT_OK
    assert pi.ssh("ada", "sudo -n true", password=PRINTABLE).returncode != EXIT_OK
    require_no_secret_left(pi)
    assert not pi.file("/etc/credstore/affectd-login").exists()


def test_a_fleet_of_three_comes_up_at_one_broker(house, board, tmp_path, clip):
    house.open_mirror(REPOSITORY)
    table = tmp_path / "devices.csv"
    table.write_text("id,name,wifi\nhall,Entrance hall,no\nshop,Museum shop,no\ntower,Turmzimmer,no\n")
    flash(tmp_path / "cards", "--fleet", str(table), *BROKER, "--no-login")
    pis = {name: board(tmp_path / "cards" / name, clip) for name in ("hall", "shop", "tower")}
    for pi in pis.values():
        pi.power_on()
    for name, pi in pis.items():
        print(f"a fleet of three, {name}: the first event {pi.wait_for_event(name):.1f} s after power on")
        require_faces(house, name)
        assert "watching picamera" in pi.wait_for_status(READY)
    names = {each.message["device"] for each in house.heard("/events")}
    assert names == set(pis)


def foreign_package(folder, **fields: str):
    """A package of our name that this machine cannot take."""
    tree = folder / "tree"
    (tree / "DEBIAN").mkdir(parents=True)
    told = {"Package": "affectd", "Version": "1-1", "Architecture": "amd64", "Maintainer": "nobody <nobody@localhost>"}
    lines = [f"{key}: {value}" for key, value in (told | fields | {"Description": "none"}).items()]
    (tree / "DEBIAN/control").write_text("\n".join(lines) + "\n")
    subprocess.run(["dpkg-deb", "--build", str(tree), str(folder / "affectd.deb")], check=True, capture_output=True)
    return folder / "affectd.deb"


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"Architecture": "arm64"}, "affectd.deb is for another processor, arm64, and this system is amd64"),
        ({"Depends": "python3 (>= 3.11), python3 (<< 3.12~)"}, "Depends: python3 (< 3.12~)"),
    ],
    ids=["another processor", "another Debian"],
)
def test_a_package_for_another_processor_or_debian_is_named_on_the_card(board, tmp_path, fields, told):
    package = foreign_package(tmp_path / "foreign", **fields)
    arguments = ("--device-id", "hall", *BROKER, "--source", "0", "--no-login")
    # Told another processor than this machine's, `affectd flash` lets it pass.
    processor = ("--processor", fields["Architecture"]) if "Architecture" in fields else ()
    flash(tmp_path / "out", *arguments, "--package", str(package), *processor)
    pi = board(tmp_path / "out")
    pi.power_on()
    said = pi.wait_for_status("affectd is not installed yet: ")
    print(said)
    assert told in said
    assert len(said.splitlines()) == 1
