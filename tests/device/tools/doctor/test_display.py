"""What the doctor says of the display."""

import pytest

from device.overlay.settings import OverlaySettings
from device.tools.doctor.display import examine_overlay


@pytest.fixture
def console(monkeypatch):
    """A machine without a desktop, with a display and a keyboard."""
    for name in ("WAYLAND_DISPLAY", "DISPLAY", "SDL_VIDEODRIVER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("device.tools.doctor.display.find_spec", lambda _: object())
    monkeypatch.setattr("device.tools.doctor.display.drivers_to_try", lambda *_: ["kmsdrm"])
    monkeypatch.setattr("device.tools.doctor.display.connected", lambda: ("card1-HDMI-A-1",))
    monkeypatch.setattr("device.tools.doctor.display.explain_kmsdrm", lambda: None)
    monkeypatch.setattr("device.tools.doctor.display.may_read_keys", lambda: True)
    return monkeypatch


@pytest.mark.usefixtures("console")
def test_a_display_that_may_be_had_is_well():
    finding = examine_overlay(OverlaySettings(enabled=True), None)
    assert (finding.grade, finding.message) == ("ok", "the whole of card1-HDMI-A-1, by kmsdrm")


def test_missing_packages_of_the_overlay_are_named_with_what_installs_them(console):
    console.setattr("device.tools.doctor.display.find_spec", lambda module: None if module == "pygame" else object())
    finding = examine_overlay(OverlaySettings(enabled=True), None)
    assert (finding.grade, finding.command) == ("warning", "pip install 'affectd[overlay]'")
    assert "pygame-ce not installed" in finding.message


@pytest.mark.parametrize("fault", ["no display is plugged in", "another program holds the display"])
def test_a_display_that_cannot_be_had_is_a_warning_since_sensing_goes_on(console, fault):
    console.setattr("device.tools.doctor.display.explain_kmsdrm", lambda: fault)
    finding = examine_overlay(OverlaySettings(enabled=True), None)
    assert (finding.grade, finding.message) == ("warning", fault)


def test_a_display_that_the_running_daemon_may_hold_is_not_asked_for(console):
    console.setattr("device.tools.doctor.display.explain_kmsdrm", lambda: pytest.fail("asked for"))
    assert examine_overlay(OverlaySettings(enabled=True), "ok").grade == "ok"


def test_keys_that_will_not_be_heard_are_told_with_the_group(console):
    console.setattr("device.tools.doctor.display.may_read_keys", lambda: False)
    finding = examine_overlay(OverlaySettings(enabled=True), None)
    assert finding.grade == "warning"
    assert "usermod -aG input" in finding.command


def test_a_machine_without_any_display_is_a_warning(console):
    console.setattr("device.tools.doctor.display.drivers_to_try", lambda *_: [])
    assert examine_overlay(OverlaySettings(enabled=True), None).grade == "warning"


def test_on_a_desktop_the_overlay_is_a_window(console):
    console.setattr("device.tools.doctor.display.drivers_to_try", lambda *_: ["x11", "kmsdrm"])
    assert examine_overlay(OverlaySettings(enabled=True), None).message == "a window on the desktop, by x11"
