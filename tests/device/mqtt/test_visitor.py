"""A short-lived client, with a broker that says what a test wants."""

from collections import deque

import pytest

from device.errors import UnavailableError
from device.mqtt import visitor as module
from device.mqtt.client import Acknowledged, Connected, Disconnected, Received, Subscribed
from device.mqtt.limits import Limits
from device.mqtt.settings import MqttSettings
from device.mqtt.visitor import Visitor


class Broker:
    """Stands in for a connection: each call is answered with what is next in the script."""

    def __init__(self, _settings, _login, address, _will, post, **__) -> None:
        self.address = address
        self.post = post
        self.script = SCRIPT
        self.closed = False

    def answer(self, *_: object, **__: object) -> None:
        for news in self.script.popleft():
            self.post(news(self))

    open = subscribe = publish = answer

    def close(self) -> None:
        self.closed = True


SCRIPT: deque = deque()


@pytest.fixture
def visit(monkeypatch):
    """A visitor whose broker gives these answers to the calls in turn; the first is to the opening."""

    def visit(*answers) -> Visitor:
        monkeypatch.setattr(module, "Connection", Broker)
        SCRIPT.clear()
        SCRIPT.extend([[_let_in], *answers])
        return Visitor(MqttSettings(), "test")

    return visit


def _let_in(connection):
    return Connected(connection, Limits())


def _heard(payload: bytes):
    return lambda connection: Received(connection, "topic", payload, retained=True)


def _acknowledged(refusal: str | None = None):
    return lambda connection: Acknowledged(connection, 1, refusal, final=True)


def test_what_the_broker_takes_is_said(visit):
    with visit([_acknowledged()]) as visitor:
        visitor.publish("topic", b"x")


def test_what_the_broker_does_not_let_us_say_is_an_error_that_names_topic_and_reason(visit):
    with visit([_acknowledged("not authorized")]) as visitor, pytest.raises(UnavailableError, match=r"topic: not auth"):
        visitor.publish("topic", b"x")


def test_a_topic_that_we_may_not_hear_is_named(visit):
    refused = [lambda connection: Subscribed(connection, {"topic": "not authorized"})]
    with visit(refused) as visitor, pytest.raises(UnavailableError, match=r"subscribe to topic: not authorized"):
        visitor.subscribe("topic")


def test_what_was_heard_while_another_answer_was_awaited_comes_in_order_without_a_wait(visit):
    with visit([_heard(b"1"), _heard(b"2"), _acknowledged()]) as visitor:
        visitor.publish("topic", b"x")
        assert [visitor.receive(0.0).payload for _ in range(2)] == [b"1", b"2"]
        assert visitor.receive(0.0) is None


def test_a_broker_that_goes_away_is_an_error_that_says_why(visit):
    gone = [lambda connection: Disconnected(connection, "connection lost", refused=False)]
    with visit(gone) as visitor, pytest.raises(UnavailableError, match="connection lost"):
        visitor.publish("topic", b"x")


def test_the_connection_is_closed_in_the_end(visit):
    visitor = visit()
    with visitor:
        pass
    assert visitor._connection.closed
