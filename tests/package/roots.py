"""Debian roots to install packages in; what a test writes is its own."""

import os
import shutil
import signal
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
FOLDER = REPOSITORY / "build" / "debian"
PACKAGES = REPOSITORY / "build" / "deb"
RELEASES = {"deb12": "3.11", "deb13": "3.13"}
"""The releases of Debian, and their Python."""

_ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LANG": "C.UTF-8"}
_BOOT_TIMEOUT_S = 600.0
_SCRIPT_TIMEOUT_S = 500.0
# Installing by emulation takes minutes.
_COMMAND_TIMEOUT_S = 3600.0

_UNIT = """
[Unit]
Description=What the test wants to know
After=multi-user.target
[Service]
Type=oneshot
ExecStart=/bin/bash /check
StandardOutput=file:/told
StandardError=inherit
ExecStopPost=/bin/systemctl --no-block poweroff
TimeoutStartSec={most_s}
[Install]
WantedBy=multi-user.target
"""


def processor() -> str:
    """This machine's, as Debian calls it."""
    command = ["dpkg", "--print-architecture"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def require_package(release: str, architecture: str | None = None) -> Path:
    """The package for ``release``, on this processor unless another is named; without it the test is skipped."""
    found = sorted(PACKAGES.glob(f"affectd_*~{release}_{architecture or processor()}.deb"))
    if not found:
        pytest.skip("needs the packages: make deb")
    return found[-1]


class Root:
    """A Debian system over one that stays as it is.

    Args:
        release: ``deb12`` or ``deb13``; with ``-arm64`` one whose programs are emulated.
        base: another root of that release than those that `install.sh` has made.
    """

    def __init__(self, release: str, base: Path | None = None) -> None:
        if base is None and not (FOLDER / f".{release}").exists():
            target = "test-arm64" if release.endswith("arm64") else "test-nspawn"
            pytest.skip(f"needs a Debian system in build/debian/{release}: sudo make {target}")
        if os.geteuid() != 0:
            pytest.skip("needs root")
        self.release = release
        # Not under pytest's own folders, whose names are too long for a mount's options.
        self._folder = Path(tempfile.mkdtemp(prefix="affectd-root-"))
        self.path = self._folder / "root"
        for name in ("upper", "work", "root"):
            (self._folder / name).mkdir()
        options = f"lowerdir={base or FOLDER / release},upperdir={self._folder}/upper,workdir={self._folder}/work"
        _call("mount", "-t", "overlay", "overlay", "-o", options, str(self.path))
        _call("mount", "-t", "proc", "proc", str(self.path / "proc"))
        _call("mount", "--bind", "/dev/null", str(self._device("null")))

    def run(self, *command: str, expected: int | None = 0, **variables: str) -> str:
        """stdout and stderr of a command inside, without a network. Another exit code fails the test."""
        done = subprocess.run(
            ["unshare", "--net", "chroot", str(self.path), *command],
            env=_ENVIRONMENT | {"DEBIAN_FRONTEND": "noninteractive"} | variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=_COMMAND_TIMEOUT_S,
        )
        assert expected in {None, done.returncode}, f"{command} ended with {done.returncode}:\n{done.stdout}"
        return done.stdout

    def install(self, package: Path) -> str:
        """Install ``package`` with apt, as without a network."""
        shutil.copy(package, self.path / "root")
        return self.run("apt-get", "install", "-y", "--reinstall", f"/root/{package.name}")

    def boot(
        self, script: str, *options: str, lasting_s: float = 0.0, network: str = "--private-network"
    ) -> dict[str, str]:
        """Start it with systemd as process 1, run a shell script and end; what the script printed, by `== heading`.

        Args:
            script: for bash, run as root.
            options: of systemd-nspawn, beside those that are always given.
            lasting_s: how long the script takes on purpose.
            network: see `start`.
        """
        told = self._folder / "told"
        told.write_text("")
        (self.path / "told").touch()
        (self.path / "check").write_text(script)
        units = self.path / "etc/systemd/system"
        (units / "check.service").write_text(_UNIT.format(most_s=round(_SCRIPT_TIMEOUT_S + lasting_s)))
        wanted = units / "multi-user.target.wants/check.service"
        wanted.parent.mkdir(exist_ok=True)
        wanted.unlink(missing_ok=True)
        wanted.symlink_to("../check.service")
        process = self.start(f"--bind={told}:/told", *options, network=network)
        try:
            printed, _ = process.communicate(timeout=_BOOT_TIMEOUT_S + lasting_s)
        finally:
            cut_power(process)
        assert told.stat().st_size > 0, printed.decode(errors="replace")[-3000:]
        _, *sections = f"\n{told.read_text(errors='replace')}".split("\n== ")
        return {head.strip(): body for head, _, body in (section.partition("\n") for section in sections)}

    def start(self, *options: str, network: str = "--private-network") -> "subprocess.Popen[bytes]":
        """Start it with systemd as process 1; end it with `cut_power`, if it has not ended by itself.

        Args:
            options: of systemd-nspawn, beside those that are always given.
            network: systemd-nspawn's option for which one it is in; by itself it is in none.
        """
        self._unmount("dev/null", "proc")
        command = ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", network, "--boot"]
        # A name of a machine has no underscore, which a temporary folder's may have.
        command += [f"--machine={self._folder.name.replace('_', 'x')}", f"--directory={self.path}", *options]
        return subprocess.Popen(
            command,
            env=os.environ | {"SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def remove(self) -> None:
        """Forget all that was written."""
        self._unmount("dev/null", "proc", "")
        shutil.rmtree(self._folder)

    def _device(self, name: str) -> Path:
        path = self.path / "dev" / name
        path.touch()
        return path

    def _unmount(self, *names: str) -> None:
        for name in names:
            with suppress(subprocess.CalledProcessError):
                subprocess.run(["umount", str(self.path / name)], check=True, capture_output=True)


def cut_power(machine: "subprocess.Popen[bytes]") -> None:
    """End all processes of a started system, at once and for good."""
    if machine.poll() is not None:
        return
    for pid in Path(f"/proc/{machine.pid}/task/{machine.pid}/children").read_text().split():
        # It is process 1 inside; all others end with it, and systemd-nspawn itself, which alone would leave them be.
        os.kill(int(pid), signal.SIGKILL)
    machine.kill()
    machine.wait()


def _call(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stderr}"
