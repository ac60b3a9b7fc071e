import importlib

import pytest

from converters import framework
from device.errors import UnavailableError


@pytest.mark.parametrize("load", [framework.load_tensorflow, framework.load_keras])
def test_without_the_framework_the_extra_is_named(load, monkeypatch):
    def refuse(name):
        raise ImportError(f"No module named {name!r}")

    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    monkeypatch.setattr(importlib, "import_module", refuse)
    with pytest.raises(UnavailableError, match=r"needs TensorFlow .*'affectd\[convert\]'"):
        load()
