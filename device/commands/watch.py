"""``affectd watch``: all devices on a broker, live."""

import argparse
import json
import select
import sys
import time
from typing import TYPE_CHECKING, Any, NoReturn

from device.commands.options import add_broker_options, config_of
from device.errors import EXIT_OK, DataError, UnavailableError
from device.redact import redact

if TYPE_CHECKING:
    from device.mqtt.client import Received
    from device.mqtt.fleet import Fleet
    from device.mqtt.settings import MqttSettings

_REDRAW_S = 0.5
_RECONNECT_FIRST_S, _RECONNECT_MAX_S = 1.0, 10.0


def register(verbs: Any) -> None:
    """Add this verb to the command line."""
    parser = verbs.add_parser("watch", help="show all devices on a broker, their faces and emotions, live")
    add_broker_options(parser)
    parser.add_argument(
        "--base-topic", metavar="NAME", help="the first level of the topics, if not the configuration's"
    )
    parser.add_argument("--only", metavar="PATTERN", default="*", help="only devices whose id fits, as in 'hall-*'")
    parser.add_argument(
        "--wrong", action="store_true", help="only devices that are offline, have no camera, are hot, or lag behind"
    )
    parser.add_argument("--json", action="store_true", help="every message as a line of JSON, for a pipe")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from device.mqtt.fleet import Fleet
    from device.mqtt.topics import Topics

    settings = config_of(options).mqtt
    base = Topics(options.base_topic or settings.base_topic, "any").base
    fleet = Fleet(base, only=options.only)
    view: _View
    if options.json:
        view = _JsonLines(fleet)
    elif sys.stdout.isatty():
        view = _LiveTable(fleet, settings.addresses_text, only_wrong=options.wrong)
    else:
        view = _EventLines(fleet)
    try:
        _watch(settings, fleet, view)
    except KeyboardInterrupt:
        return EXIT_OK
    finally:
        view.leave()


def _watch(settings: "MqttSettings", fleet: "Fleet", view: "_View") -> NoReturn:
    """Feed ``view`` until Ctrl-C. Raises UnavailableError when the broker is not there at the start."""
    from device.mqtt.visitor import Visitor
    from device.system.backoff import Backoff

    backoff = Backoff(_RECONNECT_FIRST_S, _RECONNECT_MAX_S)
    been_there = False
    while True:
        try:
            with Visitor(settings, "watch") as visitor:
                visitor.subscribe(*fleet.topics)
                been_there = True
                backoff.reset()
                while True:
                    received = visitor.receive(_REDRAW_S)
                    if received and fleet.counts(received.topic):
                        view.show(received)
                    view.refresh()
                    _require_reader()
        except UnavailableError as error:
            if not been_there:
                raise
            view.tell_away(error)
            time.sleep(backoff.next_s())


def _require_reader() -> None:
    """Raises BrokenPipeError when nobody reads the output any more, which the next write may notice much later."""
    try:
        output = sys.stdout.fileno()
    except OSError:  # no file at all
        return
    poll = select.poll()
    poll.register(output, 0)
    if any(state & (select.POLLERR | select.POLLHUP) for _, state in poll.poll(0)):
        raise BrokenPipeError


class _View:
    """What all ways to show messages have in common."""

    def __init__(self, fleet: "Fleet") -> None:
        self._fleet = fleet

    def show(self, received: "Received") -> None:
        """Show one message."""

    def refresh(self) -> None:
        """Called at least every half second."""

    def tell_away(self, error: UnavailableError) -> None:
        print(f"affectd: {error}; trying again", file=sys.stderr)

    def leave(self) -> None:
        """Called at the end."""


class _JsonLines(_View):
    def show(self, received: "Received") -> None:
        message = self._fleet.read(received.topic, received.payload)
        line = {
            "topic": received.topic,
            "device": message.device,
            "channel": message.channel,
            "retained": received.retained,
            "message": message.content,
        }
        print(json.dumps(line, ensure_ascii=False), flush=True)


class _EventLines(_View):
    def show(self, received: "Received") -> None:
        for line in _lines(self._fleet, received):
            print(line, flush=True)


class _LiveTable(_View):
    def __init__(self, fleet: "Fleet", where: str, *, only_wrong: bool) -> None:
        from device.commands.table import Table

        super().__init__(fleet)
        self._table = Table(fleet, where, only_wrong=only_wrong)
        self._drawn_s = 0.0

    def show(self, received: "Received") -> None:
        for line in _lines(self._fleet, received):
            self._table.add_event(line)

    def refresh(self) -> None:
        if time.monotonic() - self._drawn_s >= _REDRAW_S:
            self._drawn_s = time.monotonic()
            self._table.draw()

    def tell_away(self, error: UnavailableError) -> None:
        self._table.draw(f" ({error.reason})")

    def leave(self) -> None:
        self._table.leave()


def _lines(fleet: "Fleet", received: "Received") -> list[str]:
    """Note a message; the line it is worth, if any."""
    from device.mqtt.words import describe

    message = fleet.read(received.topic, received.payload)
    clock = time.strftime("%H:%M:%S")
    try:
        event = fleet.note(message)
        if event:
            late = "  (late)" if event.replayed else ""
            return [redact(f"{clock} {message.device}  face {event.track}  {describe(event.model_dump())}{late}")]
    except (DataError, TypeError) as error:
        return [redact(f"{clock} {error}")]
    if message.channel == "availability":
        return [redact(f"{clock} {message.device} is {message.content}")]
    if message.channel == "pause" and not received.retained:
        return [redact(f"{clock} {message.device} is {'paused' if message.content == 'ON' else 'not paused'}")]
    return []
