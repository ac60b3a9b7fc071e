"""A card can name the repository of its later versions, with the key that signs them."""

import os
import subprocess
from pathlib import Path

import pytest

from device.errors import UsageError
from device.tools.flash.boot_files import BootPlan
from device.tools.flash.repository import KEY_NAME, SOURCE_NAME, UPGRADES_NAME, Repository, read_key, upgrades

ROOT = Path(__file__).parents[4]
KEYS = {"of today": b"\xc6\x33\x04", "as gpg writes it": b"\x98\x33\x04"}


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_a_public_key_is_taken(tmp_path, key):
    (tmp_path / "key.gpg").write_bytes(key)
    assert read_key(tmp_path / "key.gpg") == key


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"\xc5\x33\x04", "is a secret key, which no card is to hold"),
        (b"\x94\x33\x04", "is a secret key"),
        (b"-----BEGIN PGP PRIVATE KEY BLOCK-----\n", "is a secret key"),
        (b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n", "is no key as gpg --export gives it"),
        (b"", "is no key"),
        (b"RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3", "is no key"),
        (b"\xc6" * 300_000, "bytes are expected at most"),
    ],
)
def test_what_is_no_public_key_is_refused(tmp_path, data, told):
    (tmp_path / "key.gpg").write_bytes(data)
    with pytest.raises(UsageError, match=told):
        read_key(tmp_path / "key.gpg")


def test_a_key_that_is_missing_or_no_file_is_told(tmp_path):
    for path in (tmp_path / "missing.gpg", tmp_path):
        with pytest.raises(UsageError, match="cannot be read"):
            read_key(path)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://hub/affectd",
        "hub/affectd",
        "https://",
        "https://me:secret@hub/affectd",
        "https://hub/a b",
        "https://hub/a\nTrusted: yes",
        "https://hüb/affectd",
        "[trusted=yes] https://hub",
    ],
)
def test_an_address_that_apt_would_read_as_something_else_is_refused(url):
    with pytest.raises(UsageError, match="is no https:// or http:// address"):
        Repository(url, b"key")


def test_the_device_gets_what_make_repo_puts_beside_the_packages(tmp_path):
    url = "https://packages.example.org/affectd"
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("gpg", "apt-ftparchive", "gzip"):
        (programs / name).write_text("#!/bin/sh\necho\n")
        (programs / name).chmod(0o755)
    (tmp_path / "packages").mkdir()
    (tmp_path / "packages/affectd_1-1~deb13_arm64.deb").write_bytes(b"package")
    script, served = ROOT / "systemd/debian/repo.sh", tmp_path / "served"
    command = ["bash", str(script), str(tmp_path / "packages"), str(served), "a key", f"{url}/"]
    path = f"{programs}:{os.environ['PATH']}"
    subprocess.run(command, check=True, capture_output=True, env=os.environ | {"PATH": path})
    assert (served / SOURCE_NAME).read_text() == Repository(f"{url}/", b"key").source()
    assert f"\nURIs: {url}\n" in Repository(url, b"key").source()
    assert (served / UPGRADES_NAME).read_text() == upgrades()
    assert f"/{KEY_NAME}\n" in Repository(url, b"key").source()


def test_a_card_with_a_repository_needs_what_upgrades_by_night():
    config = {"device": {"id": "hall"}, "source": {"uri": "0"}}
    assert BootPlan(config).needs() == ""
    assert BootPlan(config, repository=Repository("http://hub/affectd", b"key")).needs() == "unattended-upgrades\n"
