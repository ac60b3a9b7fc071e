"""A disk with affectd's package on it, installed inside a machine and set up as somebody would: with a broker."""

import hashlib
import json
import subprocess
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from tests.vm.machine import FOLDER, REPOSITORY, Machine, require_base
from tests.vm.service import CLEAN, Service

_INSTALL_S = 3000.0
_CONFFILE = "etc/affectd/config.yaml"
# There before the daemon is, so that it misses nothing; %U is the machine's time, %p the payload.
_LISTENER = """
[Unit]
Description=Keeps all that the broker is told
After=mosquitto.service
[Service]
ExecStart=/bin/sh -c "until mosquitto_sub -h 127.0.0.1 -c -i listener -q 1 -t 'affectd/hall/#' -F '%%U %%t %%p' >>/run/heard; do sleep 0.2; done"
[Install]
WantedBy=multi-user.target
"""  # noqa: E501 a unit's line


def require_package() -> Path:
    """The package for Debian 13 on x86-64; without it the test is skipped."""
    found = sorted((REPOSITORY / "build" / "deb").glob("affectd_*-1~deb13_amd64.deb"))
    if not found:
        pytest.skip("needs the package: make deb PACKAGES=deb13-amd64")
    return found[-1]


def next_package(package: Path, folder: Path) -> Path:
    """The same one revision later, with another configuration to begin with."""
    tree = folder / "tree"
    subprocess.run(["dpkg-deb", "--raw-extract", str(package), str(tree)], check=True)
    control = tree / "DEBIAN" / "control"
    control.write_text(control.read_text().replace("-1~", "-2~"))
    with (tree / _CONFFILE).open("a") as config:
        config.write("# of the next revision\n")
    later = folder / package.name.replace("-1~", "-2~")
    subprocess.run(["dpkg-deb", "--root-owner-group", "-Znone", "--build", str(tree), str(later)], check=True)
    return later


@dataclass(frozen=True, slots=True)
class Installation:
    """How the package went in.

    Attributes:
        disk: a machine's that has it.
        took_s: apt's time.
        said: what apt and the package's scripts wrote.
        enabled: what ``systemctl is-enabled`` says.
        status: of the service soon after, without a camera.
    """

    disk: str
    took_s: float
    said: str
    enabled: str
    status: dict[str, str]


def installation() -> Installation:
    """The disk with the package that `make deb` has made; kept until there is another package, or another base."""
    package, base = require_package(), require_base()
    parts = (package.read_bytes(), str((base / "base.img").stat().st_mtime_ns).encode(), Path(__file__).read_bytes())
    key = hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()[:12]
    disk, notes = FOLDER / f"installed-{key}.qcow2", FOLDER / f"installed-{key}.json"
    if not notes.exists():
        for path in FOLDER.glob("installed-*"):
            path.unlink()
        with tempfile.TemporaryDirectory(prefix="affectd-install-", dir=FOLDER) as folder:
            made = _install(package, Path(folder), disk)
        notes.write_text(json.dumps(asdict(made)))
    return Installation(**json.loads(notes.read_text()))


def _install(package: Path, folder: Path, disk: Path) -> Installation:
    machine = Machine(folder, carried={"affectd.deb": package}, cores=2)
    try:
        print(f"\na machine to install {package.name} in was there after {machine.boot():.0f} s")
        service = Service(machine)
        begun_s = time.monotonic()
        # With its documentation, which the disk otherwise does without; and as somebody's own shell would have it.
        machine.run("rm /etc/dpkg/dpkg.cfg.d/small")
        said = machine.run(f"{CLEAN} apt-get install -y ./carried/affectd.deb 2>&1", _INSTALL_S)
        took_s = time.monotonic() - begun_s
        print(f"it took {took_s:.0f} s to install")
        service.wait_until_says("no picture from")
        enabled, status = machine.ask("systemctl is-enabled affectd").stdout.strip(), service.show()
        service.configure(source={"uri": "demo", "loop": True})
        machine.run(f"cat >/etc/systemd/system/listener.service <<'END'\n{_LISTENER}\nEND")
        machine.run("systemctl enable mosquitto.service listener.service && sync", _INSTALL_S)
        machine.shut_down()
        machine.keep_disk(disk)
    finally:
        machine.remove()
    return Installation(str(disk), took_s, said, enabled, status)
