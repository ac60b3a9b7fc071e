#!/usr/bin/env python3
"""Writes a repository for Raspberry Pi Imager, with one entry: an image that can be configured by cloud-init.

    image_manifest.py IMAGE.img.xz URL OUT.json [--name NAME]

The image is read once, and is never whole in memory or on the disk. Start Imager with `rpi-imager --repo OUT.json`.
The format is that of doc/json-schema/os-list-schema.json in Imager's repository.
"""

import argparse
import gzip
import hashlib
import json
import lzma
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, cast

DEVICES = ["pi5-64bit", "pi4-64bit", "pi3-64bit"]
"""As Imager tags the boards that a 64-bit Raspberry Pi OS starts on."""
_CHUNK_BYTES = 1 << 20


def entry(image: Path, url: str, name: str) -> dict[str, Any]:
    """The entry of Imager's list for ``image``, which will be at ``url``. Raises ValueError or OSError."""
    if not url.startswith("https://") or not url.endswith(image.suffix):
        raise ValueError(f"the URL begins with https:// and ends in {image.suffix}, as the image does; got {url!r}")
    written = hashlib.sha256()
    size = 0
    for chunk in _unpacked(image):
        written.update(chunk)
        size += len(chunk)
    if size == 0 or size % 512:
        raise ValueError(f"{image} has {size} bytes unpacked, which is no image of a card")
    with image.open("rb") as file:
        downloaded = hashlib.file_digest(file, "sha256")
    found = image.stat()
    return {
        "name": name,
        "description": "Raspberry Pi OS with an emotion sensor: camera in, MQTT out",
        "icon": "https://downloads.raspberrypi.com/raspios_arm64/Raspberry_Pi_OS_(64-bit).png",
        "url": url,
        "extract_size": size,
        "extract_sha256": written.hexdigest(),
        "image_download_size": found.st_size,
        "image_download_sha256": downloaded.hexdigest(),
        "release_date": datetime.fromtimestamp(found.st_mtime, UTC).strftime("%Y-%m-%d"),
        "init_format": "cloudinit",
        "devices": DEVICES,
    }


def _unpacked(image: Path) -> Iterator[bytes]:
    openers = {".xz": lzma.open, ".gz": gzip.open, ".img": open}
    opener = openers.get(image.suffix)
    if opener is None:
        raise ValueError(f"{image} ends in none of {', '.join(openers)}")
    with cast("BinaryIO", opener(image, "rb")) as file:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk


def main() -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(description="Write a repository for Raspberry Pi Imager, with one entry.")
    parser.add_argument("image", type=Path, help=".img, .img.xz or .img.gz")
    parser.add_argument("url", help="where the image will be, https://…")
    parser.add_argument("out", type=Path, help="the repository's file, .json")
    parser.add_argument("--name", default="affectd", help="what Imager shows (default: %(default)s)")
    options = parser.parse_args()
    try:
        manifest = {"os_list": [entry(options.image, options.url, options.name)]}
        options.out.write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    except (OSError, EOFError, ValueError, lzma.LZMAError) as error:
        print(f"image_manifest: {error}", file=sys.stderr)
        return 2
    print(f"{options.out}: start Imager with `rpi-imager --repo {options.out}`")
    return 0


if __name__ == "__main__":
    sys.exit(main())
