import pytest

from tests.brokers import broker, listen, silent_broker
from tests.integration.film import visit_film
from tests.integration.processes import Daemon, write_config

__all__ = ["broker", "listen", "silent_broker"]


@pytest.fixture
def configure(tmp_path):
    """Writes a configuration for a broker's port; keywords are sections with what differs from the defaults.

    What is watched is a film of one visit, where nothing else is named.
    """

    def write(port, **sections):
        source = {"uri": str(visit_film())} | sections.pop("source", {})
        return write_config(tmp_path, port, source=source, **sections)

    return write


@pytest.fixture
def daemon(tmp_path, request):
    """Starts daemons; what still runs at the test's end is ended, and what they told is shown with a failure."""
    stderr = tmp_path / "stderr"

    def start(config):
        started = Daemon(config, stderr)
        request.addfinalizer(started.end)
        return started

    yield start
    if stderr.exists():
        print(stderr.read_text(encoding="utf-8")[-4000:])
