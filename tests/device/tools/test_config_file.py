import pytest

from device.config import parse_config, sample_config
from device.errors import ConfigError
from device.tools.config_file import flattened, with_text, with_values

SHIPPED = sample_config().read_text(encoding="utf-8")


def test_a_file_that_is_not_changed_is_the_same_to_the_letter():
    assert with_values(SHIPPED, {}, "config.yaml") == SHIPPED


def test_a_change_touches_its_own_line_alone():
    changed = with_values(SHIPPED, {"mqtt.host": "hub.local"}, "config.yaml")
    differing = [(a, b) for a, b in zip(SHIPPED.splitlines(), changed.splitlines(), strict=True) if a != b]
    assert differing == [("  host: localhost", "  host: hub.local")]


def test_a_key_that_was_left_out_is_added_in_its_section_and_before_the_next_ones_comment():
    text = "mqtt:\n  host: hub\n\n# how warm\nheat:\n  slowest_fps: 3.0\n"
    changed = with_values(text, {"mqtt.port": 1884, "log.level": "debug"}, "config.yaml")
    assert parse_config(changed, "config.yaml").mqtt.port == 1884
    assert parse_config(changed, "config.yaml").log.level == "debug"
    assert changed.index("port: 1884") < changed.index("# how warm") < changed.index("heat:")


@pytest.mark.parametrize(
    ("key", "written", "value"),
    [
        ("source.uri", "0", "0"),
        ("source.fps", "10", 10.0),
        ("source.loop", "true", True),
        ("mqtt.username", "null", None),
    ],
)
def test_what_is_typed_is_read_as_the_key_wants_it(key, written, value):
    changed = with_text(SHIPPED, key, written, "config.yaml")
    assert flattened(parse_config(changed, "x").model_dump())[key] == value


@pytest.mark.parametrize(
    ("key", "written", "told"),
    [
        ("source.fps", "fast", "valid number"),
        ("source.ur", "0", "did you mean `uri`"),
        ("sorce.uri", "0", "unknown key"),
    ],
)
def test_what_the_key_does_not_take_is_refused(key, written, told):
    with pytest.raises(ConfigError, match=told):
        with_text(SHIPPED, key, written, "config.yaml")
