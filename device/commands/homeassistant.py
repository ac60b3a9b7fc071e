"""``affectd homeassistant``: what concerns Home Assistant and is not the daemon's."""

import argparse
from typing import Any

from device.commands.options import add_broker_options, add_device_option, config_of
from device.errors import EXIT_OK


def register(verbs: Any) -> None:
    """Add this verb to the command line."""
    parser = verbs.add_parser("homeassistant", help="take a device out of Home Assistant")
    parser.add_argument("action", choices=["remove"], help="make Home Assistant forget the device and its entities")
    add_broker_options(parser)
    add_device_option(parser)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from device.mqtt.homeassistant import discovery_topics
    from device.mqtt.topics import Topics
    from device.mqtt.visitor import Visitor

    config = config_of(options)
    topics = Topics(config.mqtt.base_topic, options.device or config.device.resolved_id)
    with Visitor(config.mqtt, "homeassistant") as visitor:
        for topic in discovery_topics(config.mqtt.homeassistant, topics):
            visitor.publish(topic, b"", retain=True)
    print(f"{topics.device} is taken out of Home Assistant")
    print("its daemon puts it in again at its next connection, unless mqtt.homeassistant.enabled is false")
    return EXIT_OK
