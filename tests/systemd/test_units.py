"""The units are ones that systemd understands without a complaint, and leave little open."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from device.system.lock import SERVICE_STATE_DIR
from device.tools.page.change import WANTED_NAME

UNITS = Path(__file__).parents[2] / "systemd"
MOST_EXPOSED = 2.0
BOTH = ("affectd.service", "affectd@.service")
CHANGES = ("affectd-page-change.service", "affectd-page-change@.service")
MODULES = {"video4linux": "videodev", "media": "mc", "usb_device": "usbcore", "apex": "apex", "drm": "drm"}
"""What makes a kind of devices known to the kernel; it is born with the others."""
BORN_WITH = {"dma_heap", "input"}


def analyze(*arguments: str) -> "subprocess.CompletedProcess[str]":
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("needs systemd-analyze: sudo apt-get install systemd")
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=False, timeout=60)


def value_of(unit: str, key: str) -> str:
    """The last value that a unit gives a key."""
    return re.findall(rf"^{key}=(.*)$", (UNITS / unit).read_text(), re.MULTILINE)[-1]


@pytest.mark.parametrize("unit", BOTH)
def test_systemd_understands_every_line(unit, tmp_path):
    # Nothing is installed here: every program is one that is there.
    text = re.sub(r"^(Exec\w+=)/\S+", rf"\1{shutil.which('true')}", (UNITS / unit).read_text(), flags=re.MULTILINE)
    (tmp_path / unit).write_text(text)
    if unit == "affectd.service":
        (tmp_path / f"{unit}.d").mkdir()
        shutil.copy(UNITS / "overlay.conf", tmp_path / f"{unit}.d")
    instance = unit.replace("@", "@porch")
    (tmp_path / unit).rename(tmp_path / instance)
    answer = analyze("verify", str(tmp_path / instance))
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")


@pytest.mark.parametrize("unit", [*CHANGES, *(unit.replace(".service", ".path") for unit in CHANGES)])
def test_systemd_understands_what_changes_the_configuration_for_the_page(unit, tmp_path):
    for name in (unit, unit.replace(".path", ".service")):
        text = re.sub(r"^(Exec\w+=)/\S+", rf"\1{shutil.which('true')}", (UNITS / name).read_text(), flags=re.MULTILINE)
        (tmp_path / name.replace("@", "@porch")).write_text(text)
    answer = analyze("verify", str(tmp_path / unit.replace("@", "@porch")))
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")


def test_what_changes_the_configuration_reaches_no_network_and_two_folders():
    assert value_of("affectd-page-change.service", "PrivateNetwork") == "yes"
    assert value_of("affectd-page-change.service", "ReadWritePaths") == "/etc/affectd /var/lib/affectd"
    command = value_of("affectd-page-change.service", "ExecStart")
    watched = value_of("affectd-page-change.path", "PathExists")
    assert f"--from {watched} " in command
    assert Path(watched).name == WANTED_NAME
    assert Path(watched).parent == SERVICE_STATE_DIR


@pytest.mark.parametrize("unit", [*BOTH, *CHANGES])
def test_the_sandbox_leaves_little_open(unit):
    # systemd-analyze takes no template without an instance.
    answer = analyze("security", "--offline=yes", f"--threshold={MOST_EXPOSED * 10:.0f}", str(UNITS / unit))
    assert answer.returncode == 0, answer.stdout + answer.stderr
    exposure = float(re.search(r"exposure level for \S+ ([\d.]+)", answer.stdout.replace(":", "")).group(1))
    assert exposure <= MOST_EXPOSED


def test_a_second_camera_s_unit_differs_in_its_names_alone():
    first, second = ((UNITS / unit).read_text().splitlines() for unit in BOTH)
    differing = {
        line.partition("=")[0] for one, other in zip(first, second, strict=True) if one != other for line in (one,)
    }
    assert differing == {"Description", "ExecStart", "ExecReload", "StateDirectory", "RuntimeDirectory"}


@pytest.mark.parametrize("unit", BOTH)
def test_a_fault_in_the_configuration_is_not_tried_again_and_a_hanging_camera_is(unit):
    assert value_of(unit, "Restart") == "on-failure"
    not_tried = value_of(unit, "RestartPreventExitStatus").split()
    assert "78" in not_tried
    assert "75" not in not_tried


@pytest.mark.parametrize("unit", BOTH)
def test_a_child_that_the_kernel_ends_for_want_of_memory_does_not_take_the_daemon_along(unit):
    assert value_of(unit, "OOMPolicy") == "continue"


@pytest.mark.parametrize("unit", BOTH)
def test_what_was_in_memory_outlives_a_killed_daemon(unit):
    assert value_of(unit, "RuntimeDirectoryPreserve") == "yes"


@pytest.mark.parametrize("unit", [*BOTH, "overlay.conf"])
def test_a_kind_of_devices_is_known_by_the_time_it_is_allowed(unit):
    text = (UNITS / unit).read_text()
    kinds = set(re.findall(r"^DeviceAllow=char-(\w+)", text, re.MULTILINE))
    wanted = {f"modprobe@{MODULES[kind]}.service" for kind in kinds - BORN_WITH}
    for key in ("Wants", "After"):
        given = " ".join(re.findall(rf"^{key}=(.*)$", text, re.MULTILINE)).split()
        assert wanted <= set(given)
