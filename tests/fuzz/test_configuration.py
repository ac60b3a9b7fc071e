"""Whatever stands in ``config.yaml`` is a configuration or a fault in it, with exit code 78."""

from pathlib import Path

import pytest
import yaml
from hypothesis import strategies as st
from pydantic import BaseModel

from device.capture.sources import build_source
from device.config import Config, parse_config
from device.mqtt.login import make_login
from device.mqtt.topics import Topics
from device.system.clock import SystemClock
from tests.fuzz.fuzzing import hammer, mutated, outcome_of, seeds

SHIPPED = (Path(__file__).parents[2] / "config.yaml").read_bytes()


def _keys(section: type[BaseModel], prefix: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    for name, field in section.model_fields.items():
        annotation = field.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            found += _keys(annotation, (*prefix, name))
        found.append((*prefix, name))
    return found


ODD_WORDS = r"""
~ null yes 0 -0 0123 0x1F 1e400 -.inf .nan 1_0 12:30 2026-02-30 99999999999999999999 -1
!!binary|x !!set|{a} !!timestamp|2026-02-30 !!python/name:os.system|x &a|[*a] *b {{|x|}} [[[]]] {a:|{b:|{}}}
?|a -|a <<:|*a
'\0' "\0" "\ud800" "\x1b[2J" ' " | > % @ `
~root ~nobody-here/x $HOME /dev/zero rtsp:// rtsp://a:b#c@d rtsp:/a:b@c http://[::1 http://[::1]:99999/x http://a:b@c:d@e
mqtt://a:b@c [::1] "[::1]" "::1" a:1 a|b picamera:999
"""
ODD = st.sampled_from(ODD_WORDS.split()).map(lambda word: word.replace("|", " "))
TEXTS = st.text(max_size=30).map(lambda text: yaml.safe_dump(text, allow_unicode=True).partition("\n")[0])
NUMBERS = st.one_of(st.integers(), st.floats()).map(lambda number: yaml.safe_dump(number).partition("\n")[0])
VALUES = st.one_of(ODD, TEXTS, NUMBERS)


@st.composite
def documents(draw: st.DrawFn) -> bytes:
    """Real keys with odd values, in YAML's flow style."""
    lines = []
    for keys in draw(st.lists(st.sampled_from(_keys(Config)), min_size=1, max_size=4, unique_by=lambda keys: keys[0])):
        value = draw(VALUES)
        for key in reversed(keys[1:]):
            value = f"{{{key}: {value}}}"
        lines.append(f"{keys[0]}: {value}")
    return "\n".join(lines).encode("utf-8", "surrogatepass")


def check(data: bytes) -> str:
    text = data.decode("utf-8", "replace")

    def use() -> None:
        config = parse_config(text, "config.yaml")
        build_source(config.source, SystemClock())
        Topics(config.mqtt.base_topic, config.device.resolved_id)
        make_login(config.mqtt, config.mqtt.client_id_of(config.device.resolved_id))
        _ = config.device.resolved_state_dir, config.device.resolved_runtime_dir, config.mqtt.addresses_text

    return outcome_of(use)


@pytest.mark.parametrize("data", seeds("configuration"))
def test_what_once_failed_is_dealt_with(data):
    check(data)


@pytest.mark.slow
def test_any_configuration_is_taken_or_refused():
    outcomes = hammer("configuration", st.one_of(documents(), mutated(SHIPPED), st.binary(max_size=200)), check)
    assert outcomes["refused with 78"] > outcomes["taken"] > 0
    assert set(outcomes) <= {"taken", "refused with 78"}
