"""Faults, and the table that the suite ends with."""

import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.brokers import find_mosquitto
from tests.faults.ledger import Account, entering
from tests.faults.site import Site

_SEED_VARIABLE = "AFFECTD_FAULTS_SEED"
_ACCOUNTS: list[Account] = []
_REMARKS: list[str] = []
_SEED = int(os.environ.get(_SEED_VARIABLE) or random.SystemRandom().randrange(10**6))
_HEADINGS = (
    "fault",
    "times",
    "sent",
    "received",
    "kept",
    "lost",
    "missed",
    "resent",
    "repeated",
    "longest recovery (s)",
)


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> random.Random:
    """Chance that the seed decides, for each test its own."""
    return random.Random(f"{_SEED} {request.node.name}")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path, find_mosquitto())
    yield site
    site.close()


@pytest.fixture
def enter() -> Callable[[Account], Account]:
    return entering(_ACCOUNTS)


@pytest.fixture
def remark() -> Callable[[str], None]:
    """Puts a line under the table."""
    return _REMARKS.append


def pytest_terminal_summary(terminalreporter) -> None:
    if not _ACCOUNTS and not _REMARKS:
        return
    rows = [_HEADINGS, *(_cells(account) for account in _ACCOUNTS)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    terminalreporter.section(f"faults ({_SEED_VARIABLE}={_SEED} repeats the random moments)")
    for row in rows:
        first, *rest = (
            cell.ljust(width) if not at else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        terminalreporter.write_line("  ".join([first, *rest]))
    terminalreporter.write_line(
        "kept: in the spool for the next start; lost: neither there nor acknowledged by the broker; "
        "missed: lost by the broker after that"
    )
    for text in _REMARKS:
        terminalreporter.write_line(text)


def _cells(account: Account) -> tuple[str, ...]:
    recovery = "" if account.recovery_s is None else f"{account.recovery_s:.1f}"
    counts = (getattr(account, heading) for heading in _HEADINGS[1:-1])
    return (account.fault, *map(str, counts), recovery)
