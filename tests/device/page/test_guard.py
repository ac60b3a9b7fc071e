"""Whose requests are answered."""

import pytest

from device.page.guard import host_is_ours, known_names, origin_is_ours

NAMES = known_names("front_door", ["sensor.example.org"])


@pytest.mark.parametrize(
    "host",
    [
        "192.168.1.20",
        "192.168.1.20:8471",
        "[fe80::1]:8471",
        "localhost:8471",
        "front-door.local:8471",
        "FRONT-DOOR.LOCAL",
        "front-door",
        "front-door.local.:8471",
        "sensor.example.org",
    ],
)
def test_a_host_that_is_this_device_is_answered(host):
    assert host_is_ours(host, NAMES)


@pytest.mark.parametrize(
    "host",
    [
        None,
        "",
        "evil.example",
        "front-door.local.evil.example",
        "evil.example:8471",
        "192.168.1.20.evil.example",
        "localhost@evil.example",
        "localhost:8471:1",
        "local host",
        "localhost/",
        "[evil]",
        "[::1",
        "0x7f.1.evil",
        "front-door.local\r\nX: y",
        "x" * 5000,
    ],
)
def test_any_other_is_not(host):
    assert not host_is_ours(host, NAMES)


def test_an_origin_is_ours_by_its_name_and_port():
    assert origin_is_ours("http://hall.local:8471", "hall.local:8471")
    assert origin_is_ours("https://HALL.local:8471", "hall.local:8471")


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "",
        "null",
        "http://evil.example",
        "http://hall.local",
        "http://hall.local:8472",
        "http://hall.local:8471.evil.example",
        "http://hall.local:8471@evil.example",
        "file://hall.local:8471",
        "http://[",
    ],
)
def test_a_form_of_another_page_s_is_not(origin):
    assert not origin_is_ours(origin, "hall.local:8471")
