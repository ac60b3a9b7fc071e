import pytest

pytest.importorskip("microdot", reason="needs microdot: pip install 'affectd[page]'")

from tests.device.page.served import Served, cheap_verifier


@pytest.fixture
def serve(request):
    """Starts pages; keywords as `Served` takes them."""

    def start(**options):
        served = Served(**options)
        request.addfinalizer(served.close)
        return served

    return start


@pytest.fixture
def page(serve):
    """One that asks for a password."""
    return serve(verifier=cheap_verifier())


@pytest.fixture
def open_page(serve):
    """One that asks for none."""
    return serve()
