"""Whom a process has called since a moment ago is told from who was meant."""

import socket
from contextlib import ExitStack

import pytest

from device.capture.sources.peers import open_sockets, strangers


@pytest.fixture
def call():
    """Connects to an address of this machine."""
    with ExitStack() as stack:

        def connect(address):
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            server = stack.enter_context(socket.create_server((address, 0), family=family))
            return stack.enter_context(socket.create_connection(server.getsockname()[:2]))

        yield connect


def test_the_host_that_was_meant_is_no_stranger_by_name_or_by_address(call):
    before = open_sockets()
    call("127.0.0.1")
    assert strangers("127.0.0.1", before) == set()
    assert strangers("localhost", before) == set()
    assert strangers("::ffff:127.0.0.1", before) == set()


def test_another_host_is_one(call):
    before = open_sockets()
    call("127.0.0.1")
    call("127.0.0.2")
    assert strangers("127.0.0.1", before) == {"127.0.0.2"}


def test_who_was_called_before_does_not_count(call):
    call("127.0.0.2")
    assert strangers("127.0.0.1", open_sockets()) == set()


def test_where_the_name_cannot_be_looked_up_everybody_is_one(call):
    before = open_sockets()
    call("127.0.0.1")
    assert strangers("no such name", before) == {"127.0.0.1"}
