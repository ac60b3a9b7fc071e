"""Topics are those of the description, and names cannot break out of their level."""

import pytest

from device.errors import ConfigError
from device.mqtt.schema import asyncapi
from device.mqtt.topics import Topics


def test_topics_are_those_of_the_description():
    topics = Topics("affectd", "hall")
    described = {
        channel["address"].format(base="affectd", device="hall")
        for channel in asyncapi()["channels"].values()
        if channel["address"].startswith("{base}")
    }
    assert described == {
        topics.availability,
        topics.info,
        topics.state,
        topics.events,
        topics.stats,
        topics.pause,
        topics.pause_set,
        topics.summary,
        topics.tuning,
        topics.tuning_set,
        topics.doctor,
    }
    assert topics.events == "affectd/hall/events"
    assert topics.pause_set == "affectd/hall/pause/set"


@pytest.mark.parametrize("name", ["", "a/b", "+", "#", "a b", "hall\n", "küche", "$SYS"])
def test_a_name_that_is_no_level_of_a_topic_is_refused(name):
    with pytest.raises(ConfigError, match=r"device\.id"):
        Topics("affectd", name)


@pytest.mark.parametrize("base", ["", "/a", "a/", "a//b", "+", "a/#", "a b", "hall\n", "küche", "$SYS"])
def test_a_base_topic_that_is_no_levels_of_a_topic_is_refused(base):
    with pytest.raises(ConfigError, match=r"mqtt\.base_topic"):
        Topics(base, "hall")


def test_a_base_topic_may_have_several_levels():
    assert Topics("museum/affectd", "hall").pause_set == "museum/affectd/hall/pause/set"
