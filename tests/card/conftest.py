"""Houses with a broker, and boards in them, each with a card of its own."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.card.card import Board, require_card
from tests.card.house import House
from tests.picamera2.conftest import clip

__all__ = ["clip"]


@pytest.fixture
def house() -> Iterator[House]:
    """One without a way to the internet, until its mirror is opened."""
    require_card()
    house = House(users=("hall", "shop", "tower"))
    yield house
    house.remove()


@pytest.fixture
def board(house, tmp_path) -> Iterator[Callable[..., Board]]:
    """Makes boards of what `affectd flash` wrote, with or without a camera at the connector."""
    boards: list[Board] = []

    def make(files: Path, camera=None) -> Board:
        boards.append(Board(house, files, tmp_path / f"firmware-{len(boards)}", camera))
        return boards[-1]

    yield make
    for each in boards:
        each.remove()


@pytest.fixture
def key(tmp_path) -> Path:
    """Somebody's key for SSH; the public half is beside it."""
    path = tmp_path / "id_ed25519"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
    return path
