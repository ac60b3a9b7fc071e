"""Home Assistant is given an address at which the page is, or none."""

import pytest

from device.page.address import page_url
from device.page.guard import host_is_ours, known_names
from device.page.settings import PageSettings


@pytest.fixture(autouse=True)
def host(monkeypatch):
    monkeypatch.setattr("socket.gethostname", lambda: "kitchen.lan")


@pytest.mark.parametrize(
    ("section", "url"),
    [
        ({}, "http://kitchen.local:8471"),
        ({"port": 80}, "http://kitchen.local:80"),
        ({"host": "0.0.0.0"}, "http://kitchen.local:8471"),  # noqa: S104
        ({"host": "::"}, "http://kitchen.local:8471"),
        ({"host": "192.0.2.7"}, "http://192.0.2.7:8471"),
        ({"host": "2001:db8::7"}, "http://[2001:db8::7]:8471"),
        ({"names": ["sensor.example.org", "other"]}, "http://sensor.example.org:8471"),
        ({"names": ["sensor.example.org"], "host": "127.0.0.1"}, None),
        ({"cert_file": "/etc/cert.pem", "key_file": "/etc/key.pem"}, "https://kitchen.local:8471"),
        ({"host": "127.0.0.1"}, None),
        ({"enabled": False}, None),
    ],
)
def test_it_is_the_page_s_own(section, url):
    settings = PageSettings.model_validate({"enabled": True} | section)
    assert page_url(settings, has_password=True) == url
    if url:
        names = known_names("hall", settings.names)
        assert host_is_ours(url.rpartition("//")[2], names), "the page would refuse a browser that follows the link"


def test_without_a_password_the_page_is_for_its_device_alone():
    assert page_url(PageSettings(enabled=True), has_password=False) is None
