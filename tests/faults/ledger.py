"""What was emitted, acknowledged, kept and received; and what of it is missing."""

import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from tests.faults.proxy import Published


@dataclass
class Account:
    """One row of the table.

    Attributes:
        fault: what was done.
        times: how often.
        sent: events whose emitting was confirmed.
        received: different events that the subscriber got.
        kept: not acknowledged at the end, and in the spool for the next start.
        lost: neither acknowledged by the broker nor in the spool. Must be none.
        missed: acknowledged by the broker, and never given to the subscriber: the broker's loss.
        resent: events that the device sent again.
        repeated: events that the subscriber got again, be it from the device or out of the broker's memory.
        recovery_s: longest time from the fault's end to the next acknowledgement; None where that says nothing.
    """

    fault: str
    times: int
    sent: int
    received: int
    kept: int
    lost: int
    missed: int
    resent: int
    repeated: int
    recovery_s: float | None = None


AnyAccount = TypeVar("AnyAccount", bound="HasLoss")


class HasLoss(Protocol):
    """A row of a table of faults."""

    lost: int


def entering(accounts: list[AnyAccount]) -> Callable[[AnyAccount], AnyAccount]:
    """What puts an account into the table of ``accounts``, and fails when something is lost."""

    def enter(account: AnyAccount) -> AnyAccount:
        accounts.append(account)
        assert account.lost == 0, account
        return account

    return enter


def read_log(path: Path) -> list[str]:
    """Ids of the events that a generator emitted, in order."""
    return path.read_text().split() if path.exists() else []


def kept_ids(*folders: Path) -> set[str]:
    """Ids of the events in every spool under ``folders``, on the card and in memory."""
    return {
        event
        for folder in folders
        for path in folder.glob("*.sqlite3")
        for (event,) in _query(path, "SELECT json_extract(description, '$.id') FROM events")
    }


def kept_numbers(*folders: Path) -> set[int]:
    """Numbers of the events in every spool under ``folders``."""
    return {
        seq
        for folder in folders
        for path in folder.glob("*.sqlite3")
        for (seq,) in _query(path, "SELECT seq FROM events")
    }


def first_of_each(events: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Event id to number, in the order of their first appearance; fails when one id has two numbers."""
    numbers: dict[str, int] = {}
    for event, seq in events:
        assert numbers.setdefault(event, seq) == seq, f"event {event} is numbered {numbers[event]} and {seq}"
    return numbers


def check_order(numbers: dict[str, int]) -> None:
    """Fail unless numbers rise in the order of first appearance, and none stands for two events."""
    ordered = list(numbers.values())
    assert ordered == sorted(set(ordered))


def account(
    fault: str,
    times: int,
    *,
    sent: Iterable[str],
    acknowledged: set[str],
    published: list[Published],
    kept: set[str],
    received: list[dict[str, Any]],
    recovery_s: float | None = None,
    heard_in_order: bool = True,
) -> Account:
    """The books of one device; fails when the order is broken or a repeat differs from the first.

    Where a broker forgets whom to tell, the subscriber may get a later event first and an earlier one only as a repeat:
    then the order on the wire is all that ``heard_in_order=False`` asks for.
    """
    emitted = list(sent)
    on_wire = first_of_each((event.id, event.seq) for event in published)
    check_order(on_wire)
    assert [event for event in on_wire if event in set(emitted)] == [event for event in emitted if event in on_wire]
    heard = first_of_each((event["id"], event["seq"]) for event in received)
    if heard_in_order:
        check_order(heard)
    return Account(
        fault,
        times,
        sent=len(emitted),
        received=len(heard),
        kept=len((set(emitted) & kept) - acknowledged),
        lost=len(set(emitted) - acknowledged - kept),
        missed=len((set(emitted) & acknowledged) - heard.keys()),
        resent=len(published) - len(on_wire),
        repeated=len(received) - len(heard),
        recovery_s=recovery_s,
    )


def _query(path: Path, statement: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as db:
        return db.execute(statement).fetchall()
