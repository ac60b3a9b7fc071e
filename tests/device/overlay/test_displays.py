"""Which displays there are, and why one cannot be had; a folder plays the kernel's."""

import errno

import pytest

from device.overlay.displays import adapter_with_display, connected, drivers_to_try, explain_kmsdrm, may_read_keys


@pytest.fixture
def sys_drm(tmp_path):
    folder = tmp_path / "drm"
    folder.mkdir()
    return folder


@pytest.fixture
def dev_dri(tmp_path):
    folder = tmp_path / "dri"
    folder.mkdir()
    return folder


def plug(sys_drm, connector, status="connected"):
    (sys_drm / connector).mkdir(exist_ok=True)
    (sys_drm / connector / "status").write_text(status + "\n")


@pytest.mark.parametrize(
    ("environment", "drivers"),
    [
        ({"WAYLAND_DISPLAY": "wayland-0", "DISPLAY": ":0"}, ["wayland", "x11", "kmsdrm"]),
        ({"DISPLAY": ":0"}, ["x11", "kmsdrm"]),
        ({}, ["kmsdrm"]),
        ({"DISPLAY": ":0", "SDL_VIDEODRIVER": "dummy"}, ["dummy"]),
    ],
)
def test_a_desktop_comes_before_the_bare_console(sys_drm, environment, drivers):
    plug(sys_drm, "card0-HDMI-A-1", "disconnected")
    assert drivers_to_try("auto", environment, sys_drm) == drivers


def test_the_configuration_is_taken_at_its_word(sys_drm):
    assert drivers_to_try("kmsdrm", {"DISPLAY": ":0", "SDL_VIDEODRIVER": "x11"}, sys_drm) == ["kmsdrm"]


def test_a_machine_without_graphics_has_nothing_to_try(sys_drm):
    assert drivers_to_try("auto", {}, sys_drm) == []


def test_a_card_that_only_computes_is_passed_over(sys_drm):
    (sys_drm / "card0").mkdir()
    plug(sys_drm, "card1-HDMI-A-1", "disconnected")
    plug(sys_drm, "card2-DSI-1")
    assert connected(sys_drm) == ("card2-DSI-1",)
    assert adapter_with_display(sys_drm) == 2


def test_no_display_plugged_in_is_said(sys_drm, dev_dri):
    plug(sys_drm, "card0-HDMI-A-1", "disconnected")
    assert explain_kmsdrm(sys_drm, dev_dri) == "no display is plugged in"


def test_a_machine_without_graphics_is_said(sys_drm, dev_dri):
    assert explain_kmsdrm(sys_drm, dev_dri).startswith("this machine has no display")


def test_a_card_that_may_not_be_opened_names_the_groups(sys_drm, dev_dri, monkeypatch):
    plug(sys_drm, "card0-HDMI-A-1")

    def refuse(path, _):
        raise PermissionError(errno.EACCES, "Permission denied", path)

    monkeypatch.setattr("device.overlay.displays.os.open", refuse)
    assert "groups video, render and input" in str(explain_kmsdrm(sys_drm, dev_dri))


@pytest.mark.parametrize(
    ("fault", "told"), [(errno.EBUSY, "another program holds the display"), (None, None), (errno.ENOTTY, None)]
)
def test_a_display_that_another_program_holds_is_told_from_a_free_one(sys_drm, dev_dri, monkeypatch, fault, told):
    plug(sys_drm, "card0-HDMI-A-1")
    (dev_dri / "card0").touch()

    def ask(*_):
        if fault:
            raise OSError(fault, "no")

    monkeypatch.setattr("device.overlay.displays.fcntl.ioctl", ask)
    answer = explain_kmsdrm(sys_drm, dev_dri)
    assert answer is None if told is None else answer.startswith(told)


def test_a_card_that_is_gone_is_said(sys_drm, dev_dri):
    plug(sys_drm, "card0-HDMI-A-1")
    assert "card0 cannot be opened: No such file" in str(explain_kmsdrm(sys_drm, dev_dri))


def test_keys_may_be_read_where_one_keyboard_may_or_where_there_is_none(tmp_path, monkeypatch):
    assert may_read_keys(tmp_path)
    for number in (0, 1):
        (tmp_path / f"event{number}").touch()
    monkeypatch.setattr("device.overlay.displays.os.access", lambda path, _: path.name == "event1")
    assert may_read_keys(tmp_path)
    monkeypatch.setattr("device.overlay.displays.os.access", lambda *_: False)
    assert not may_read_keys(tmp_path)
