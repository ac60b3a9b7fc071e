"""A cluster for each kind of broker, and the tables that the suite ends with."""

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cluster.nodes import Cluster, Nats, RabbitMq, running
from tests.cluster.site import Account, Site
from tests.faults.ledger import entering

_ACCOUNTS: list[Account] = []
_KEPT: dict[str, dict[str, str]] = {}


@pytest.fixture(scope="module", params=[Nats, RabbitMq], ids=lambda kind: kind.kind)
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """Three nodes that run."""
    with running(request.param) as nodes:
        yield nodes


@pytest.fixture
def site(cluster: Cluster, tmp_path: Path) -> Iterator[Site]:
    cluster.heal()
    site = Site(cluster, tmp_path, f"t{uuid.uuid4().hex[:6]}")
    yield site
    site.close()


@pytest.fixture
def enter() -> Callable[[Account], Account]:
    return entering(_ACCOUNTS)


@pytest.fixture
def note(cluster: Cluster) -> Callable[[str, str], None]:
    """Puts what a broker does into the table of promises."""

    def note(promise: str, kept: str) -> None:
        _KEPT.setdefault(promise, {})[cluster.kind] = kept

    return note


def pytest_terminal_summary(terminalreporter) -> None:
    kinds = (Nats.kind, RabbitMq.kind)
    rows = [(promise, *(kept.get(kind, "not tried") for kind in kinds)) for promise, kept in _KEPT.items()]
    _write(terminalreporter, "what each keeps", [("", *kinds), *rows])
    faults = [
        (
            row.broker,
            row.fault,
            str(row.sent),
            str(row.received),
            str(row.lost),
            str(row.repeated),
            f"{row.silence_s:.1f}",
        )
        for row in _ACCOUNTS
    ]
    heading = ("broker", "fault", "sent", "received", "lost", "repeated", "longest silence (s)")
    _write(terminalreporter, "faults of a cluster", [heading, *faults])


def _write(terminalreporter, title: str, rows: list[tuple[str, ...]]) -> None:
    if len(rows) < 2:
        return
    terminalreporter.section(title)
    for row in (rows[0], tuple("---" for _ in rows[0]), *rows[1:]):
        terminalreporter.write_line(f"| {' | '.join(row)} |")
