"""What the documentation shows is what the device says."""

import json
import re
from pathlib import Path

import pytest

from device.mqtt.schema import asyncapi
from tests.device.mqtt.wire_format import check

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "mqtt.md").read_text(encoding="utf-8")
NAMING_TARGETS = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/*.md"),
        *ROOT.glob(".github/workflows/*.yml"),
        *ROOT.glob(".ci/*"),
    )
    if path.name != "CHANGELOG.md"  # it tells of the past
)


def test_the_event_shown_is_one():
    (example,) = re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)
    check("events", json.loads(example))


def test_the_table_names_every_topic_that_the_device_sends_or_is_turned_by():
    table = TEXT[TEXT.index("## Topics") : TEXT.index("## An event")]
    named = set(re.findall(r"^\| `([^`]+)`", table, re.MULTILINE))
    replacements = {
        "{base}": "<base>",
        "{device}": "<device>",
        "{prefix}": "homeassistant",
        "{id}": "<base>_<device>",
    } | {
        "{platform}": "<platform>",
        "{key}": "<key>",
    }
    described = {channel["address"] for channel in asyncapi()["channels"].values()} - {"{prefix}/status"}
    for found, shown in replacements.items():
        described = {address.replace(found, shown) for address in described}
    assert named == described


@pytest.mark.parametrize("name", NAMING_TARGETS)
def test_every_make_target_that_is_named_is_there(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    quoted = re.findall(r"`(make [^`]*)`|^ {4}(make .*)$|^ *- run: (make .*)$|^(make .*)$", text, re.MULTILINE)
    told = [line.partition("#")[0] for groups in quoted for line in groups]
    targets = {
        word
        for line in told
        for word in re.findall(r"(?<= )[a-z0-9-]+(?= |$|;)", re.sub(r"\S*=(\"[^\"]*\"|\S*)", "", line))
    }
    known = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert targets <= known
