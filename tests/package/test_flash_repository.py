"""A card with a repository: affectd and its later versions come from there, by unattended-upgrades."""

import shutil

import pytest

from device.tools.flash.repository import Repository, read_key
from tests.package.roots import FOLDER, require_package
from tests.package.test_flash import Card, require_sensor
from tests.package.test_repository import PORT, RELEASE, keys, repository

__all__ = ["keys", "repository"]

pytestmark = pytest.mark.slow

SERVER = f"""
[Unit]
Before=affectd-install.service
[Service]
ExecStart=/usr/bin/python3 -m http.server --bind 127.0.0.1 --directory /srv/repository {PORT}
[Install]
WantedBy=multi-user.target
"""
MORE = """
exec 2>&1
before=$(systemctl show affectd -p MainPID --value)
echo "== version"; dpkg-query -W -f '${Version}\\n' affectd
echo "== dry run"; apt-get -qq update; unattended-upgrade --dry-run -v
echo "== run"; unattended-upgrade -v
echo "== after"
dpkg-query -W -f '${Version}\\n' affectd
systemctl is-active affectd apt-daily-upgrade.timer
[ "$(systemctl show affectd -p MainPID --value)" != "$before" ] && echo another process
apt-config dump APT::Periodic
echo "== end"
"""


@pytest.fixture
def card(tmp_path, repository, request):
    """A card beside a web server; the parameter says whether it brings the package of an older version along."""
    source = Repository(f"http://127.0.0.1:{PORT}", read_key(repository / "affectd-archive-keyring.gpg"))
    further = tuple(sorted((FOLDER / "upgrades").glob("*.deb")))
    if not further:
        pytest.skip("needs Debian's unattended-upgrades in build/debian/upgrades: sudo make test-nspawn")
    new = Card(tmp_path, require_package(RELEASE) if request.param else None, source, further)
    root = new.root
    shutil.copytree(repository, root.path / "srv/repository")
    (root.path / "etc/systemd/system/repository.service").write_text(SERVER)
    root.run("systemctl", "enable", "--quiet", "repository")
    yield new
    root.remove()


@pytest.mark.parametrize("card", [True], indirect=True)
def test_a_card_s_sensor_upgrades_itself_by_night(card):
    told = card.boot(MORE)
    require_sensor(card, told)
    assert told["version"].strip().endswith("-1~deb13")
    assert "Packages that will be upgraded: affectd" in told["dry run"]
    assert "Packages that will be upgraded: affectd" in told["run"]
    assert "All upgrades installed" in told["run"]
    assert told["after"].split()[:5] == [
        told["version"].strip().replace("-1~", "-2~"),
        *("active", "active", "another", "process"),
    ]
    assert 'APT::Periodic::Unattended-Upgrade "1"' in told["after"]


@pytest.mark.parametrize("card", [False], indirect=True)
def test_without_a_package_the_newest_of_the_repository_is_installed(card):
    told = card.boot(MORE)
    require_sensor(card, told)
    assert told["version"].strip().endswith("-2~deb13")
    assert "No packages found that can be upgraded unattended" in told["run"]
