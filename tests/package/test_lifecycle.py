"""The package is installed, upgraded, removed and purged, and leaves what it should."""

import subprocess

import pytest

from tests.package.roots import RELEASES

pytestmark = pytest.mark.slow

CLIP = """
device: {id: hall}
source: {uri: demo, pace: as-fast-as-possible}
mqtt: {enabled: false}
"""


def upgraded(package, folder):
    """The same package, one revision later."""
    tree = folder / "tree"
    subprocess.run(["dpkg-deb", "--raw-extract", str(package), str(tree)], check=True)
    control = tree / "DEBIAN" / "control"
    control.write_text(control.read_text().replace("-1~", "-2~"))
    later = folder / package.name.replace("-1~", "-2~")
    subprocess.run(["dpkg-deb", "--root-owner-group", "-Znone", "--build", str(tree), str(later)], check=True)
    return later


def test_it_brings_its_own_environment_on_the_release_s_python(root, release):
    told = root.run(
        "/opt/affectd/bin/python", "-c", "import sys, numpy, cv2; print(sys.version_info[:2], numpy.__file__)"
    )
    major, _, minor = RELEASES[release].partition(".")
    assert told.startswith(f"({major}, {minor}) /opt/affectd/")
    assert "affectd 0." in root.run("affectd", "--version")


def test_the_model_s_golden_answers_are_right_there(root):
    told = root.run("affectd", "check")
    assert "golden answers" in told
    assert "ok: faces are found by Haar cascades" in told


def test_it_runs_the_clip(root):
    (root.path / "root/clip.yaml").write_text(CLIP)
    assert "watching" in root.run("affectd", "run", "--config", "/root/clip.yaml")


def test_the_overlay_s_packages_are_there(root):
    root.run("/opt/affectd/bin/python", "-c", "import pygame, PIL.Image")


def test_the_user_and_the_groups_are_made(root):
    groups = root.run("id", "-nG", "affectd").split()
    assert groups == ["affectd"]
    for group in ("video", "render", "plugdev"):
        assert root.run("getent", "group", group)


def test_an_upgrade_keeps_what_somebody_configured_and_what_waits_for_the_broker(root, package, tmp_path):
    config = root.path / "etc/affectd/config.yaml"
    changed = config.read_text() + "# mine\n"
    config.write_text(changed)
    spool = root.path / "var/lib/affectd/spool.sqlite"
    spool.parent.mkdir(exist_ok=True)
    spool.write_bytes(b"events")
    root.install(upgraded(package, tmp_path))
    assert "-2~" in root.run("dpkg-query", "-W", "affectd")
    assert config.read_text() == changed
    assert spool.read_bytes() == b"events"
    root.run("affectd", "check")


def test_removed_it_leaves_the_configuration_and_purged_nothing(root):
    (root.path / "etc/credstore/mqtt-password").write_text("secret\n")
    root.run("systemctl", "enable", "affectd@porch")
    root.run("apt-get", "remove", "-y", "affectd")
    assert not (root.path / "opt/affectd").exists()
    assert not (root.path / "usr/bin/affectd").is_symlink()
    assert (root.path / "etc/affectd/config.yaml").exists()
    root.run("apt-get", "purge", "-y", "affectd")
    left = root.run("find", "/", "-xdev", "-path", "/root", "-prune", "-o", "-name", "*affectd*", "-print")
    assert [line for line in left.splitlines() if "/deb-systemd-helper" not in line] == []
    assert not (root.path / "etc/credstore/mqtt-password").exists()
    root.run("getent", "passwd", "affectd", expected=2)
