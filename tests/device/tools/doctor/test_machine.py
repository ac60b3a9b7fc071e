"""The doctor names what is wrong with the model and the computer, and a command for it."""

import os
from typing import NamedTuple

import pytest

from device.system.user import user_name
from device.tools.doctor import examine
from device.tools.doctor.machine import examine_clock, examine_disk, examine_permissions, examine_temperature
from device.tools.doctor.models import examine_model


class Usage(NamedTuple):
    total: int
    used: int
    free: int


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_a_user_without_an_entry_is_a_number(monkeypatch):
    def missing():
        raise KeyError("getpwuid(): uid not found: 4711")

    monkeypatch.setattr("getpass.getuser", missing)
    assert user_name() == str(os.getuid())


def test_the_model_that_ships_is_well(configure):
    assert examine_model(configure()).grade == "ok"


def test_a_model_that_is_not_there_is_wrong(configure):
    finding = examine_model(configure("classifier: {model: /nowhere/x.tflite}\n"))
    assert finding.grade == "wrong"
    assert finding.command == "ls -l /nowhere/x.tflite"


def test_a_state_folder_that_can_be_made_is_well(configure):
    assert examine_permissions(configure()).grade == "ok"


def test_a_state_folder_that_cannot_be_written_is_wrong(configure, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)
    finding = examine_permissions(configure())
    assert finding.grade == "wrong"
    assert finding.command.startswith("sudo install -d")


def test_a_full_disk_is_wrong(tmp_path, monkeypatch):
    assert examine_disk(tmp_path).grade == "ok"
    monkeypatch.setattr("shutil.disk_usage", lambda _: Usage(10**9, 10**9, 5_000_000))
    finding = examine_disk(tmp_path / "not" / "there")
    assert (finding.grade, finding.message.split(" MB")[0]) == ("wrong", "5")
    assert finding.command


@pytest.mark.parametrize(("state", "grade"), [("synced", "ok"), ("unsynced", "warning")])
def test_a_clock_that_nobody_sets_is_a_warning(monkeypatch, state, grade):
    monkeypatch.setattr("device.system.clock.SystemClock.state", lambda _: state)
    finding = examine_clock()
    assert finding.grade == grade
    assert bool(finding.command) is (grade != "ok")


@pytest.mark.parametrize(("millidegrees", "grade"), [("51000", "ok"), ("72500", "warning"), ("85000", "wrong")])
def test_heat_is_a_warning_and_then_wrong(tmp_path, millidegrees, grade):
    write(tmp_path / "class/thermal/thermal_zone0/temp", millidegrees)
    finding = examine_temperature(tmp_path)
    assert finding.grade == grade
    assert bool(finding.command) is (grade != "ok")


def test_too_weak_a_power_supply_is_wrong(tmp_path):
    write(tmp_path / "devices/platform/soc/soc:firmware/get_throttled", "5")
    finding = examine_temperature(tmp_path)
    assert finding.grade == "wrong"
    assert "under voltage and throttled" in finding.message


def test_a_temperature_that_nobody_measures_is_well(tmp_path):
    assert examine_temperature(tmp_path).grade == "ok"


def test_with_a_broken_configuration_the_machine_is_looked_at_all_the_same(tmp_path):
    path = tmp_path / "c.yaml"
    path.write_text("mqtt: {prot: 1}\n")
    findings = {finding.subject: finding for finding in examine(path)}
    assert findings.keys() == {"config", "clock", "temperature"}
    assert findings["config"].grade == "wrong"
    assert findings["config"].command == f"sudoedit {path}"
