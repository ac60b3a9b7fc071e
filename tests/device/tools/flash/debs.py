"""Small Debian packages, made by Python alone."""

import gzip
import io
import lzma
import tarfile
from collections.abc import Callable
from pathlib import Path

PACK: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.compress,
    ".xz": lzma.compress,
    ".zst": lambda data: b"(\xb5/\xfd" + data,
}


def write_deb(path: Path, content: bytes = b"package", kind: str = ".gz", **fields: str) -> Path:
    """A package at ``path`` with these fields beside the usual ones, whose files' archive is ``content``."""
    told = {"Package": "affectd", "Version": "1-1~deb13", "Architecture": "arm64"} | fields
    control = "".join(f"{name}: {value}\n" for name, value in told.items()) + "Description: none\n of: them\n"
    path.write_bytes(archive({f"control.tar{kind}": PACK[kind](tar(control.encode())), "data.tar.zst": content}))
    return path


def tar(control: bytes, name: str = "./control") -> bytes:
    """An archive with that file."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        member = tarfile.TarInfo(name)
        member.size = len(control)
        archive.addfile(member, io.BytesIO(control))
    return packed.getvalue()


def archive(members: dict[str, bytes]) -> bytes:
    """A package's outer form: ar(5) with deb(5)'s version first."""
    parts = {"debian-binary": b"2.0\n"} | members
    return b"!<arch>\n" + b"".join(
        f"{name:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(data):<10}`\n".encode() + data + b"\n" * (len(data) % 2)
        for name, data in parts.items()
    )
