"""How one store of events lies on its medium."""

import pytest

from device.spool.store import EventStore


@pytest.mark.parametrize(("medium", "flushed", "told"), [("disk", True, 2), ("disk", False, 1), ("memory", True, 0)])
def test_what_goes_to_the_disk_is_flushed_and_a_deletion_or_memory_is_not(tmp_path, medium, flushed, told):
    store = EventStore(tmp_path / "events.sqlite3", medium)
    level = []
    store._attempt(lambda db: level.append(db.execute("PRAGMA synchronous").fetchone()[0]), flushed=flushed)
    assert level == [told]
    store.close()


def test_inserting_and_noting_are_flushed(tmp_path, monkeypatch):
    store = EventStore(tmp_path / "events.sqlite3", "disk")
    flushes = []
    transact = store._transact

    def spy(db, operation, *, flushed):
        flushes.append(flushed)
        return transact(db, operation, flushed=flushed)

    monkeypatch.setattr(store, "_transact", spy)
    store.insert([(1, None, b"{}")])
    store.note(a="b")
    store.delete([1])
    assert flushes == [True, True, False]
    store.close()


def test_a_store_in_the_process_leaves_no_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    store = EventStore(None, "memory")
    store.insert([(1, None, b"{}")])
    store.close()
    assert list(tmp_path.iterdir()) == []
