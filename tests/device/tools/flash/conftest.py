"""A card that was flashed, before its first boot."""

import pytest

from tests.device.tools.flash.debs import write_deb
from tests.device.tools.flash.first_boot import Device


@pytest.fixture
def package(tmp_path):
    return write_deb(tmp_path / "affectd_1_arm64.deb")


@pytest.fixture
def device(tmp_path, package):
    device = Device(tmp_path / "device")
    device.flash(package)
    return device
