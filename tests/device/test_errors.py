import pytest

from device.errors import ConfigError


@pytest.mark.parametrize("remedy", ["", "do this"])
def test_an_error_reads_as_a_sentence(remedy):
    assert str(ConfigError("it broke", remedy)) == ("it broke; do this" if remedy else "it broke")
