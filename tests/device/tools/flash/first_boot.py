"""A boot partition and a system of the tests' own, in which the scripts of the first boots run."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from device.tools.flash.boot_files import BootPlan, Wifi, scripts
from device.tools.flash.login import Login
from device.tools.flash.packages import Packages
from device.tools.flash.repository import Repository
from device.tools.flash.write import write_boot_files

INSTALL = """
while [ $# -gt 0 ]; do case $1 in -o|-g) shift ;; *) kept="$kept $1" ;; esac; shift; done
exec /usr/bin/install $kept"""
"""There is no user affectd here."""
PROGRAMS = {
    "apt-get": "exit 0",
    "chgrp": "exit 0",
    "chpasswd": "cat",
    "curl": 'while [ "$1" != --output ]; do shift; done; echo package >"$2"',
    "dpkg": 'case "$1" in --print-architecture) echo arm64;; esac',
    "dpkg-query": "exit 1",
    "dpkg-deb": 'case "$1" in --field) echo arm64;; *) grep -q package "$2";; esac',
    "systemctl": 'case "$*" in show*) echo watching demo;; esac',
    "systemd-notify": "exit 0",
    "systemd-sysusers": "exit 0",
    "install": INSTALL,
}
# As apt does without a network: update warns, and install finds nothing.
OFFLINE = """case "$*" in
*update*) echo "W: Failed to fetch http://archive/Release  Temporary failure resolving 'archive'";;
*python3-picamera2*) echo "E: Unable to locate package python3-picamera2"; exit 100;;
esac"""
DIGEST = hashlib.sha256(b"package\n").hexdigest()
URI = "rtsp://me:opensesame@porch/stream"
VERIFIER = "scrypt$14$8$5$c2FsdA==$aGFzaA=="
SECRETS = (VERIFIER, "secret", "opensesame", "password:", "let me in")


class Device:
    """A boot partition as `affectd flash` leaves it, and a system in which nothing is this machine's."""

    def __init__(self, folder: Path) -> None:
        self.root, self.boot = folder, folder / "boot"
        for name in ("boot", "bin", "etc/cloud", "etc/systemd/system", "run", "var/cache"):
            (folder / name).mkdir(parents=True)
        (folder / "etc/os-release").write_text("VERSION_CODENAME=trixie\n")
        (self.boot / "config.txt").touch()
        (self.boot / "cmdline.txt").write_text("console=tty1\n")
        for name, text in PROGRAMS.items():
            self.give(name, text)

    def flash(
        self,
        package: Path | str | None,
        uri: str = URI,
        further: tuple[Path, ...] = (),
        repository: Repository | None = None,
    ) -> None:
        config = {"device": {"id": "hall"}, "source": {"uri": uri}}
        digest = DIGEST if isinstance(package, str) else None
        packages = Packages(package, further, digest=digest)
        login = Login("ada", password="let me in")  # noqa: S106
        wifi = Wifi("House", "DE", "a passphrase")
        plan = BootPlan(config=config, wifi=wifi, login=login, repository=repository)
        write_boot_files(plan, self.boot, packages=packages, mqtt_password="secret", page_verifier=VERIFIER)  # noqa: S106
        for name, text in scripts().items():
            for path in ("/etc/", "/run/", "/var/cache", "/var/lib/"):
                text = text.replace(path, f"{self.root}{path}")  # noqa: PLW2901
            (self.boot / "affectd" / name).write_text(text)

    def give(self, program: str, text: str) -> None:
        path = self.root / "bin" / program
        path.write_text(f'#!/bin/sh\necho "{program} $*" >>{self.root}/asked\n{text}\n')
        path.chmod(0o755)

    def run(self, script: str) -> int:
        bash = shutil.which("bash")
        assert bash
        environment = os.environ | {"PATH": f"{self.root / 'bin'}:{os.environ['PATH']}"}
        command = [bash, str(self.boot / "affectd" / script)]
        return subprocess.run(command, env=environment, check=False, capture_output=True, timeout=60).returncode

    @property
    def asked(self) -> list[str]:
        """What was asked of the system."""
        return (self.root / "asked").read_text().splitlines()

    @property
    def status(self) -> str:
        (line,) = (self.boot / "affectd/status.txt").read_text().splitlines()
        return line

    def on_the_partition(self) -> str:
        files = [path for path in self.boot.rglob("*") if path.is_file() and path.suffix not in {".sh", ".deb", ".gpg"}]
        return "".join(path.read_text() for path in files)
