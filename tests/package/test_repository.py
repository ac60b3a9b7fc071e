"""The apt repository: an upgrade comes by it, over the network and signed, and a forged one does not."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from device.system.apt import newest_version
from tests.package.roots import REPOSITORY, Root, require_package
from tests.package.test_lifecycle import upgraded

pytestmark = pytest.mark.slow

RELEASE, SUITE = "deb13", "trixie"
PORT = 8080
SCRIPT = f"""
/opt/affectd/bin/python -m http.server --bind 127.0.0.1 --directory /srv/repository {PORT} >/dev/null 2>&1 &
server=$!
printf 'source: {{uri: demo, loop: true}}\\nmqtt: {{enabled: false}}\\n' >/etc/affectd/config.yaml
systemctl restart affectd
before=$(systemctl show affectd -p MainPID --value)
echo == before
dpkg-query -W -f '${{Version}}\\n' affectd
for _ in $(seq 60); do
  /opt/affectd/bin/python -c 'import socket; socket.create_connection(("127.0.0.1", {PORT}), 1)' 2>/dev/null && break
  sleep 1
done
echo == update
apt-get update 2>&1
echo == known
setpriv --reuid affectd --clear-groups /opt/affectd/bin/python -c \\
  'from device.system.apt import newest_version; print(newest_version())'
echo == policy
apt-cache policy affectd
echo == upgrade
apt-get upgrade -y 2>&1
echo == after
dpkg-query -W -f '${{Version}}\\n' affectd
systemctl is-active affectd
[ "$(systemctl show affectd -p MainPID --value)" != "$before" ] && echo "another process"
kill $server
"""


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    """gpg's folder with a key of ours and one of somebody else's."""
    if not shutil.which("gpg") or not shutil.which("apt-ftparchive"):
        pytest.skip("needs gpg and apt-ftparchive: apt-get install gpg apt-utils")
    folder = tmp_path_factory.mktemp("keys")
    folder.chmod(0o700)
    for name in ("ours", "theirs"):
        gpg = ["gpg", "--homedir", str(folder), "--batch", "--passphrase", "", "--quick-generate-key", name, "ed25519"]
        subprocess.run([*gpg, "sign", "1y"], check=True, capture_output=True)
    yield folder
    subprocess.run(["gpgconf", "--homedir", str(folder), "--kill", "gpg-agent"], check=False)


def make(
    packages: Path, folder: Path, keys: Path, key: str = "ours", url: str = ""
) -> "subprocess.CompletedProcess[str]":
    script = REPOSITORY / "systemd/debian/repo.sh"
    command = [str(script), str(packages), str(folder), key, *([url] if url else [])]
    return subprocess.run(
        command, env=os.environ | {"GNUPGHOME": str(keys)}, capture_output=True, text=True, check=False, timeout=300
    )


def add(root: Root, repository: Path) -> None:
    """As the documentation says."""
    shutil.copytree(repository, root.path / "srv/repository", dirs_exist_ok=True)
    keyrings = root.path / "etc/apt/keyrings"
    keyrings.mkdir(exist_ok=True)
    shutil.copy(repository / "affectd-archive-keyring.gpg", keyrings)
    source = (repository / "affectd.sources").read_text().replace("CODENAME", SUITE)
    (root.path / "etc/apt/sources.list").unlink(missing_ok=True)
    (root.path / "etc/apt/sources.list.d/affectd.sources").write_text(source)


@pytest.fixture(scope="module")
def repository(keys, tmp_path_factory):
    """Two revisions of the package, in a repository signed by us."""
    folder = tmp_path_factory.mktemp("repository")
    packages = folder / "packages"
    packages.mkdir()
    package = require_package(RELEASE)
    shutil.copy(package, packages)
    shutil.copy(upgraded(package, folder), packages)
    made = make(packages, folder / "served", keys, url=f"http://127.0.0.1:{PORT}")
    assert made.returncode == 0, made.stderr
    print(made.stdout)
    return folder / "served"


@pytest.fixture
def root():
    system = Root(RELEASE)
    try:
        system.install(require_package(RELEASE))
        yield system
    finally:
        system.remove()


def test_an_upgrade_comes_by_it_and_the_daemon_runs_on(root, repository):
    add(root, repository)
    told = root.boot(SCRIPT)
    assert told["before"].strip().endswith("-1~deb13")
    assert "E:" not in told["update"]
    assert "W:" not in told["update"]
    assert told["known"].strip() == told["before"].partition("-")[0].strip()
    assert f"release o=affectd,n={SUITE}" in told["policy"] or f"http://127.0.0.1:{PORT} {SUITE}/main" in told["policy"]
    assert told["after"].split() == [told["before"].strip().replace("-1~", "-2~"), "active", "another", "process"]


def test_what_somebody_else_has_signed_or_changed_is_not_taken(root, repository, keys, tmp_path):
    add(root, repository)
    source = root.path / "etc/apt/sources.list.d/affectd.sources"
    source.write_text(source.read_text().replace(f"http://127.0.0.1:{PORT}", "file:/srv/repository"))
    assert "E:" not in root.run("apt-get", "update")
    index = root.path / f"srv/repository/dists/{SUITE}/main/binary-amd64"
    served = (index / "Packages").read_text()
    (index / "Packages.gz").unlink()
    (index / "Packages").write_text(served.replace("emotion sensor", "emotion censor"))
    shutil.rmtree(root.path / "var/lib/apt/lists")
    assert "E:" in root.run("apt-get", "update", expected=None)
    forged = tmp_path / "forged"
    packages = tmp_path / "packages"
    packages.mkdir()
    shutil.copy(require_package(RELEASE), packages)
    assert make(packages, forged, keys, "theirs").returncode == 0
    shutil.rmtree(root.path / "srv/repository/dists")
    shutil.copytree(forged / "dists", root.path / "srv/repository/dists")
    shutil.rmtree(root.path / "var/lib/apt/lists")
    assert "is not signed" in root.run("apt-get", "update", expected=None)


def test_the_repository_has_what_apt_and_unattended_upgrades_ask_for(repository):
    release = (repository / f"dists/{SUITE}/Release").read_text()
    assert "Origin: affectd" in release
    assert f"Codename: {SUITE}" in release
    assert "origin=affectd" in (repository / "52affectd").read_text()
    lists = repository / f"dists/{SUITE}/main/binary-amd64"
    shutil.copy(lists / "Packages", lists / "example_Packages")
    assert newest_version(lists=lists) is not None
    (lists / "example_Packages").unlink()


def test_a_package_of_the_same_name_and_another_content_is_refused(repository, keys, tmp_path):
    package = next((repository / "pool" / SUITE).glob("*.deb"))
    (tmp_path / package.name).write_bytes(b"another")
    made = make(tmp_path, repository, keys)
    assert made.returncode == 2
    assert "another content" in made.stderr


def test_without_a_key_or_packages_it_says_what_to_do(keys, tmp_path):
    assert "name the key" in make(tmp_path, tmp_path / "out", keys, "").stderr
    assert "no secret key" in make(tmp_path, tmp_path / "out", keys, "nobody").stderr
    assert "no packages in" in make(tmp_path, tmp_path / "out", keys).stderr
    assert not (tmp_path / "out").exists()
