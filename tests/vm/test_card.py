"""A card by `affectd flash` for a USB camera that is plugged in: what Raspberry Pi OS Lite has, with a kernel.

The camera is vivid's, before which a film is held. The driver of USB cameras has no part in it.
"""

import os
import shutil
import subprocess
from pathlib import Path

import cv2
import pytest
import yaml

from device.demo import CLIP_PATH
from tests.brokers import wait_until
from tests.card.card import FIRMWARE, flash
from tests.card.house import HUB, House
from tests.vm.machine import FOLDER, Machine
from tests.vm.service import KERNEL

pytestmark = [pytest.mark.slow, pytest.mark.integration]

DISK = FOLDER / "card.img"
STATUS = "cat /boot/firmware/affectd/status.txt"
READY = "affectd is installed, and said at first: "
FIRST_S = 1800.0
_HERE = Path(__file__).parent
_PICTURES = range(90, 120)
# All is done in software: what a camera gives at most is more than such a machine can look at.
_SIDES = (320, 240)
_CONFIG = {
    "source": {"uri": "0", "width": _SIDES[0], "height": _SIDES[1], "fps": 5},
}
# Software does not do all of AVX2 as a processor does: NumPy ends there with a segmentation fault.
_PROCESSOR = ("-cpu", "max,la57=off,avx2=off")


@pytest.fixture
def house():
    """A router, and a broker that knows the card."""
    if not DISK.exists():
        pytest.skip("needs a machine's disk like Raspberry Pi OS Lite: sudo make test-vm")
    house = House(users=("hall",))
    yield house
    house.remove()


@pytest.fixture
def film(tmp_path) -> Path:
    """Some pictures of the clip, forward and back, as the camera gives them."""
    capture = cv2.VideoCapture(str(CLIP_PATH))
    pictures = [capture.read()[1] for _ in range(_PICTURES.stop)][_PICTURES.start :]
    small = [cv2.resize(picture, _SIDES, interpolation=cv2.INTER_AREA) for picture in pictures]
    raw = [cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_YUYV).tobytes() for picture in small]
    (tmp_path / "film").write_bytes(b"".join(raw + raw[::-1]))
    return tmp_path / "film"


def boot_partition(files: Path, folder: Path) -> Path:
    """FAT, as the card's is, with what the image has there and what was flashed."""
    folder.mkdir()
    for name in FIRMWARE:
        (folder / name).write_text("\n")
    shutil.copytree(files, folder, dirs_exist_ok=True)
    image = folder.with_suffix(".img")
    environment = os.environ | {"PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"}
    for command in (
        ["mkfs.vfat", "-n", "bootfs", "-F", "32", "-C", str(image), str(512 * 1024)],
        ["mcopy", "-s", "-i", str(image), *map(str, folder.iterdir()), "::"],
    ):
        subprocess.run(command, env=environment, capture_output=True, check=True)
    return image


@pytest.fixture
def board(house, film, tmp_path):
    """Makes a machine of what `affectd flash` wrote; it has the camera, and a cable to the house."""
    machines = []

    def make(files: Path) -> Machine:
        firmware = boot_partition(files, tmp_path / "firmware")
        cable = f"tap,id=house,ifname={house.hold_out()},script=no,downscript=no"
        machine = Machine(
            tmp_path,
            base=DISK,
            carried={"film.yuv": film, "camera.sh": _HERE / "camera.sh"},
            devices=(
                *_PROCESSOR,
                *("-drive", f"file={firmware},if=virtio,format=raw"),
                *("-netdev", cable, "-device", "virtio-net-pci,netdev=house"),
            ),
            cores=2,
            within=house.command(),
        )
        machines.append(machine)
        return machine

    yield make
    for machine in machines:
        machine.remove()


def test_a_card_for_a_usb_camera_tells_the_house_of_faces(house, board, tmp_path):
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(_CONFIG))
    arguments = ("--mqtt-host", HUB, "--mqtt-username", "hall", "--no-login")
    flash(tmp_path / "out", "--device-id", "hall", "--config", str(tmp_path / "config.yaml"), *arguments)
    pi = board(tmp_path / "out")
    pi.boot(f"net.ifnames=0 {KERNEL}")
    before = set(pi.run("dpkg-query -W -f '${Package}\\n'").split())
    clue = lambda: pi.run(f"{STATUS}; journalctl -b -n 60 --no-pager")  # noqa: E731
    wait_until(lambda: house.heard("affectd/hall/events"), "an event", FIRST_S, clue)
    first = house.heard("affectd/hall/events")[0]
    print(f"\na USB camera: the first event {first.at_s - pi.switched_on_s:.0f} s after power on")
    assert first.message["type"] == "face_appeared"
    pi.wait_until(f"{STATUS} | grep -qF '{READY}'", "the card to say that it is done", FIRST_S, clue)
    assert "watching /dev/video0" in pi.run(STATUS)
    assert set(pi.run("dpkg-query -W -f '${Package}\\n'").split()) - before <= {"affectd"}
