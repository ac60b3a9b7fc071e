"""`affectd flash` as a maker types it."""

import io
import sys

import pytest

from device.commands import main
from tests.device.tools.flash.debs import write_deb


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
