"""``affectd pause``: turns the privacy switch, or says where it stands."""

import argparse
import time
from typing import TYPE_CHECKING, Any

from device.commands.options import add_broker_options, add_device_option, config_of
from device.errors import EXIT_OK, UnavailableError

if TYPE_CHECKING:
    from device.mqtt.topics import Topics
    from device.mqtt.visitor import Visitor

_RETAINED_TIMEOUT_S = 3.0
_TURN_TIMEOUT_S = 20.0


def register(verbs: Any) -> None:
    """Add this verb to the command line."""
    parser = verbs.add_parser("pause", help="close the camera (on), open it again (off), or say which it is")
    parser.add_argument("position", nargs="?", choices=["on", "off"], help="left out: only say how the switch is set")
    add_broker_options(parser)
    add_device_option(parser)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from device.mqtt.topics import Topics
    from device.mqtt.visitor import Visitor

    config = config_of(options)
    topics = Topics(config.mqtt.base_topic, options.device or config.device.resolved_id)
    with Visitor(config.mqtt, "pause") as visitor:
        visitor.subscribe(topics.availability, topics.pause)
        position = _position(visitor, topics)
        wanted = options.position and options.position.upper()
        if wanted and wanted != position:
            visitor.publish(topics.pause_set, wanted.encode())
            position = _await_turn(visitor, topics, wanted)
    print(f"{topics.device} is paused: its camera is closed" if position == "ON" else f"{topics.device} is not paused")
    return EXIT_OK


def _position(visitor: "Visitor", topics: "Topics") -> str:
    """Where the switch stands, by what the broker retains."""
    retained: dict[str, str] = {}
    while len(retained) < 2 and (received := visitor.receive(_RETAINED_TIMEOUT_S)):
        retained[received.topic] = received.payload.decode(errors="replace")
    availability = retained.get(topics.availability)
    if availability != "online":
        what = "is offline" if availability else "is not known to this broker"
        raise UnavailableError(
            f"the device {topics.device} {what}", "start its daemon (systemctl start affectd), or name another --device"
        )
    return retained.get(topics.pause, "OFF")


def _await_turn(visitor: "Visitor", topics: "Topics", wanted: str) -> str:
    deadline_s = time.monotonic() + _TURN_TIMEOUT_S
    while (left_s := deadline_s - time.monotonic()) > 0:
        received = visitor.receive(left_s)
        if received and received.topic == topics.pause and received.payload.decode(errors="replace") == wanted:
            return wanted
    raise UnavailableError(
        f"{topics.device} has not answered for {_TURN_TIMEOUT_S:.0f} s",
        "see what its log says (journalctl -u affectd); to be sure of the camera, stop it: systemctl stop affectd",
    )
