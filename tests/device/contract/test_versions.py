from importlib.metadata import version

from device.contract.versions import library_versions


def test_a_library_that_is_not_installed_has_no_version():
    assert library_versions(("numpy", "no-such-library")) == {"numpy": version("numpy")}
