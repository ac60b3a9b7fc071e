"""Root writes where the service's user may write too: that user gets nothing else written, opened or given away."""

import os
import signal
import stat
import tempfile
import time
from pathlib import Path

import pytest

from device.classify.classifier import BUNDLED_MODEL
from device.classify.modelstore import INSTALLED_NAME, install_model
from device.contract.files import write_atomically

SERVICE = 12345
TRIES = 10

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, whose files are at stake")


@pytest.fixture
def open_folder():
    """One that the service's user can reach; pytest's own are root's alone."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture
def state_dir(open_folder):
    folder = open_folder / "state"
    folder.mkdir()
    os.chown(folder, SERVICE, SERVICE)
    return folder


@pytest.fixture
def victim(open_folder):
    """A file of root's."""
    path = open_folder / "shadow"
    path.write_text("root's own")
    path.chmod(0o600)
    return path


def is_untouched(victim):
    found = victim.stat()
    return (found.st_uid, stat.S_IMODE(found.st_mode), victim.read_text()) == (0, 0o600, "root's own")


def swap_at(monkeypatch, name, state_dir, victim):
    """Let the service's user swap the installed model for a link right after each call of ``os.NAME``."""
    real = getattr(os, name)

    def swapping(*arguments, **options):
        result = real(*arguments, **options)
        target = state_dir / INSTALLED_NAME
        for path in (target, *state_dir.glob(f".{INSTALLED_NAME}.*")):
            path.unlink(missing_ok=True)
            path.symlink_to(victim)
        return result

    monkeypatch.setattr(os, name, swapping)


@pytest.mark.parametrize("moment", ["fsync", "fchown", "fchmod", "fstat"])
def test_a_link_that_is_swapped_in_at_any_moment_is_not_followed(state_dir, victim, monkeypatch, moment):
    swap_at(monkeypatch, moment, state_dir, victim)
    write_atomically(state_dir / INSTALLED_NAME, b"model", as_folder_s_owner=True)
    monkeypatch.undo()
    assert is_untouched(victim)


def test_a_folder_that_is_swapped_meanwhile_is_not_written(state_dir, victim, monkeypatch):
    other = victim.parent / "etc"
    other.mkdir()
    real = os.open

    def swapping(path, *arguments, **options):
        descriptor = real(path, *arguments, **options)
        if path == state_dir and not state_dir.is_symlink():
            state_dir.rename(state_dir.with_name("gone"))
            state_dir.symlink_to(other)
        return descriptor

    monkeypatch.setattr(os, "open", swapping)
    write_atomically(state_dir / INSTALLED_NAME, b"model", as_folder_s_owner=True)
    assert list(other.iterdir()) == []


@pytest.mark.slow
def test_a_race_that_swaps_the_installed_model_for_a_link_is_lost(state_dir, victim):
    lost = 0
    for _ in range(TRIES):
        racer = os.fork()
        if racer == 0:
            _swap_for_a_minute(state_dir, victim)
        install_model(BUNDLED_MODEL, state_dir)
        os.kill(racer, signal.SIGKILL)
        os.waitpid(racer, 0)
        lost += not is_untouched(victim)
        for path in state_dir.iterdir():
            path.unlink()
    assert lost == 0


def _swap_for_a_minute(state_dir, victim):
    os.setgid(SERVICE)
    os.setuid(SERVICE)
    target = state_dir / INSTALLED_NAME
    until_s = time.monotonic() + 60.0
    while time.monotonic() < until_s:
        try:
            target.rename(state_dir / "aside")
            target.symlink_to(victim)
        except OSError:
            continue
        break
    os._exit(0)
