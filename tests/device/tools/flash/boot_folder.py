"""The first partition of a card, as an image leaves it, and what is in it."""

from pathlib import Path

import pytest


@pytest.fixture
def boot(tmp_path):
    folder = tmp_path / "bootfs"
    folder.mkdir()
    (folder / "config.txt").touch()
    (folder / "cmdline.txt").write_text("console=tty1 rootwait\n")
    return folder


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
