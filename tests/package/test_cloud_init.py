"""What `affectd flash` writes is what cloud-init takes."""

import pytest

from device.tools.flash.boot_files import BootPlan, Wifi
from device.tools.flash.login import Login
from tests.package.roots import Root

pytestmark = pytest.mark.slow

CONFIG = {"device": {"id": "hall"}, "source": {"uri": "picamera"}, "mqtt": {"host": "hub", "username": "hall"}}
PLANS = {
    "cable": BootPlan(config=CONFIG),
    "wifi": BootPlan(config=CONFIG, wifi=Wifi("A house's: net", "DE", "a passphrase")),
    "odd": BootPlan(config=CONFIG, wifi=Wifi('A \\ "house"\'s; 🏠=#1', "DE", "a passphrase")),
    "long": BootPlan(config=CONFIG, wifi=Wifi("🏠" * 8, "DE", "a passphrase")),
    "open": BootPlan(config=CONFIG, wifi=Wifi("Cafe", "FR", None)),
    "user": BootPlan(config=CONFIG, login=Login("ada", ssh_key="ssh-ed25519 AAAA ada")),
    "password": BootPlan(config=CONFIG, login=Login("ada", password="a password")),  # noqa: S106
}


@pytest.fixture(scope="module")
def debian():
    root = Root("deb13")
    yield root
    root.remove()


@pytest.mark.parametrize("name", PLANS)
@pytest.mark.parametrize("kind", ["cloud-config", "network-config"])
def test_cloud_init_s_own_schema_finds_nothing_wrong(debian, name, kind):
    plan = PLANS[name]
    text = plan.user_data() if kind == "cloud-config" else plan.network_config()
    (debian.path / "root/file.yaml").write_text(text)
    told = debian.run("cloud-init", "schema", "--schema-type", kind, "--config-file", "/root/file.yaml")
    assert "Valid schema" in told
    assert "deprecat" not in told.lower()
