"""How many connections one address may hold at a time."""

from device.page import server
from tests.brokers import wait_until
from tests.device.page.served import read_all


def test_who_closes_one_of_its_connections_may_open_one_more_and_no_two(page, monkeypatch):
    monkeypatch.setattr(server, "MOST_OF_ONE_ADDRESS", 3)
    held = [page.raw(b"GET / HTTP/1.1\r\n") for _ in range(3)]
    wait_until(lambda: page.server._open.total() == 3, "the connections to be held")
    assert read_all(page.raw(b"GET / HTTP/1.1\r\n")) == b""
    held.pop().close()
    wait_until(lambda: page.server._open.total() == 2, "the closed one to be let go")
    held.append(page.raw(b"GET / HTTP/1.1\r\n"))
    wait_until(lambda: page.server._open.total() == 3, "one more to be held")
    assert read_all(page.raw(b"GET / HTTP/1.1\r\n")) == b""
    for connection in held:
        connection.close()
    wait_until(lambda: not page.server._open, "nothing to be kept of who has gone")
