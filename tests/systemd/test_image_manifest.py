"""The entry for Raspberry Pi Imager says of an image what Imager checks before it writes it."""

import gzip
import hashlib
import json
import lzma
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from jsonschema import Draft7Validator

SCRIPT = Path(__file__).parents[2] / "systemd" / "image_manifest.py"
URL = "https://packages.example.org/hall.img"
IMAGE = bytes(range(256)) * 40
PACKERS: dict[str, Callable[[bytes], bytes]] = {".img": bytes, ".img.xz": lzma.compress, ".img.gz": gzip.compress}

# What doc/json-schema/os-list-schema.json in Imager's repository asks of an entry with an image (November 2025).
TEXT = {"type": "string"}
SCHEMA = {
    "type": "object",
    "required": ["os_list"],
    "additionalProperties": False,
    "properties": {
        "os_list": {
            "type": "array",
            "items": {
                "type": "object",
                "required": [
                    "name",
                    "description",
                    "icon",
                    "url",
                    "extract_size",
                    "extract_sha256",
                    "image_download_size",
                    "release_date",
                ],
                "properties": {
                    "name": TEXT,
                    "description": TEXT,
                    "icon": TEXT,
                    "url": TEXT,
                    "extract_size": {"type": "integer"},
                    "extract_sha256": TEXT,
                    "image_download_size": {"type": "integer"},
                    "release_date": TEXT,
                    "init_format": {"enum": ["systemd", "cloudinit"]},
                    "devices": {"type": "array", "items": TEXT},
                },
            },
        }
    },
}


def run(image: Path, url: str, out: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(SCRIPT), str(image), url, str(out)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("suffix", PACKERS)
def test_sizes_and_digests_are_those_of_the_image_packed_and_unpacked(tmp_path, suffix):
    packed = PACKERS[suffix](IMAGE)
    image, out = tmp_path / f"hall{suffix}", tmp_path / "repo.json"
    image.write_bytes(packed)
    done = run(image, URL.removesuffix(".img") + suffix, out)
    assert done.returncode == 0, done.stderr
    manifest = json.loads(out.read_text())
    Draft7Validator(SCHEMA).validate(manifest)
    (entry,) = manifest["os_list"]
    assert entry["init_format"] == "cloudinit"
    assert (entry["extract_size"], entry["image_download_size"]) == (len(IMAGE), len(packed))
    assert entry["extract_sha256"] == hashlib.sha256(IMAGE).hexdigest()
    assert entry["image_download_sha256"] == hashlib.sha256(packed).hexdigest()


@pytest.mark.parametrize(
    ("name", "content", "url"),
    [
        ("hall.img", IMAGE, "http://packages.example.org/hall.img"),
        ("hall.img", IMAGE, "https://packages.example.org/hall.zip"),
        ("hall.img", b"", URL),
        ("hall.img", b"x" * 1000, URL),
        ("hall.img.xz", b"no xz at all", URL + ".xz"),
        ("hall.img.xz", lzma.compress(IMAGE)[:-20], URL + ".xz"),
        ("hall.img.gz", gzip.compress(IMAGE)[:-20], URL + ".gz"),
        ("hall.zip", IMAGE, "https://packages.example.org/hall.zip"),
    ],
)
def test_what_imager_could_not_write_is_refused_in_one_line_and_nothing_is_written(tmp_path, name, content, url):
    (tmp_path / name).write_bytes(content)
    done = run(tmp_path / name, url, tmp_path / "repo.json")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "repo.json").exists()


def test_an_image_that_is_not_there_is_named(tmp_path):
    done = run(tmp_path / "none.img", URL, tmp_path / "repo.json")
    assert (done.returncode, "none.img" in done.stderr) == (2, True)
