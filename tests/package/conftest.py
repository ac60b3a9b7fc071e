import pytest

from tests.package.roots import RELEASES, Root, require_package


@pytest.fixture(scope="module", params=RELEASES)
def release(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def package(release):
    return require_package(release)


@pytest.fixture(scope="module")
def root(release, package):
    """A Debian system of that release with the package installed."""
    system = Root(release)
    try:
        system.install(package)
        yield system
    finally:
        system.remove()
