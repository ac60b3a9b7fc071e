"""``affectd homeassistant``: what concerns Home Assistant and is not the daemon's."""

import argparse
from typing import Any

from device.commands.options import add_broker_options, add_device_option, config_of
from device.errors import EXIT_OK

_RETAINED_WITHIN_S = 1.0
"""What the broker retains comes at once after the subscription; this is for a slow network."""


def register(verbs: Any) -> None:
    """Add this verb to the command line."""
    parser = verbs.add_parser("homeassistant", help="take a device out of Home Assistant")
    parser.add_argument("action", choices=["remove"], help="make Home Assistant forget the device and its entities")
    add_broker_options(parser)
    add_device_option(parser)
    parser.add_argument(
        "--base-topic", metavar="NAME", help="the first level of its topics, if not the configuration's"
    )
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from device.mqtt.homeassistant import discovery_topics, parts_pattern
    from device.mqtt.topics import Topics
    from device.mqtt.visitor import Visitor

    config = config_of(options)
    base = config.mqtt.base_topic if options.base_topic is None else options.base_topic
    topics = Topics(base, options.device or config.device.resolved_id)
    with Visitor(config.mqtt, "homeassistant") as visitor:
        described = discovery_topics(config.mqtt.homeassistant, topics)
        visitor.subscribe(*described, parts_pattern(config.mqtt.homeassistant, topics), may_be_refused=True)
        kept = []
        while received := visitor.receive(_RETAINED_WITHIN_S):
            kept.append(received.topic)
        for topic in dict.fromkeys([*described, *kept]):
            visitor.publish(topic, b"", retain=True)
    if not kept:
        print(f"nothing of {topics.device} under {topics.base} was found; had it another --base-topic?")
        return EXIT_OK
    print(f"{topics.device} is taken out of Home Assistant")
    print("its daemon puts it in again at its next connection, unless mqtt.homeassistant.enabled is false")
    return EXIT_OK
